MODEL (
  name marts.daily_revenue,
  kind VIEW,
  grain ordered_on,
  description 'Revenue by day'
);

SELECT
  ordered_on::DATE AS ordered_on,
  COUNT(*)::BIGINT AS orders,
  SUM(revenue_cents)::BIGINT AS revenue_cents
FROM marts.order_analytics
GROUP BY
  ordered_on
