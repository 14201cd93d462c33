MODEL (
  name marts.segment_summary,
  kind FULL,
  grain (country, segment),
  audits (not_null(columns := (country, segment))),
  description 'Customers, revenue and average revenue by country and segment, read by the dashboard'
);

SELECT
  country::TEXT AS country,
  segment::TEXT AS segment,
  COUNT(*)::BIGINT AS customers,
  SUM(revenue_cents)::BIGINT AS revenue_cents,
  ROUND(AVG(revenue_cents))::BIGINT AS average_revenue_cents
FROM marts.customer_segmentation
GROUP BY
  country,
  segment
