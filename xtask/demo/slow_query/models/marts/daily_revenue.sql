MODEL (
  name marts.daily_revenue,
  kind VIEW,
  grain ordered_on,
  description 'Revenue by day, only of days that are not before the first order'
);

WITH days AS (
  SELECT
    later.ordered_on,
    COUNT(*) AS orders_before
  FROM marts.order_analytics AS later
  JOIN marts.order_analytics AS earlier
    ON earlier.ordered_on <= later.ordered_on AND earlier.order_id <> -later.order_id
  GROUP BY
    later.ordered_on
)
SELECT
  o.ordered_on::DATE AS ordered_on,
  COUNT(*)::BIGINT AS orders,
  SUM(o.revenue_cents)::BIGINT AS revenue_cents
FROM marts.order_analytics AS o
JOIN days AS d
  ON d.ordered_on = o.ordered_on
WHERE
  d.orders_before > 0
GROUP BY
  o.ordered_on
