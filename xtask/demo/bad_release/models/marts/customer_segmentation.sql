MODEL (
  name marts.customer_segmentation,
  kind FULL,
  grain customer_id,
  audits (
    not_null(columns := (customer_id, segment)),
    accepted_values(column := segment, is_in := ('bronze', 'silver', 'gold'))
  ),
  description 'One row per customer with lifetime revenue, segment and last status'
);

WITH revenue AS (
  SELECT
    c.customer_id,
    c.country,
    o.status AS last_status,
    COALESCE(SUM(a.revenue_cents), 0) AS revenue_cents
  FROM staging.stg_customers AS c
  LEFT JOIN marts.order_analytics AS a
    ON a.customer_id = c.customer_id
  LEFT JOIN staging.stg_orders AS o
    ON o.order_id = a.order_id
  GROUP BY
    c.customer_id,
    c.country,
    o.status
)
SELECT
  r.customer_id::BIGINT AS customer_id,
  r.country::TEXT AS country,
  r.revenue_cents::BIGINT AS revenue_cents,
  s.segment::TEXT AS segment
FROM revenue AS r
JOIN ref.segment_rules AS s
  ON r.revenue_cents BETWEEN s.min_revenue_cents AND s.max_revenue_cents
