MODEL (
  name marts.revenue_by_method,
  kind FULL,
  grain payment_method,
  audits (not_null(columns := (payment_method, revenue_cents))),
  description 'Revenue by the way it was paid; new in this release'
);

SELECT
  payment_method::TEXT AS payment_method,
  COUNT(*)::BIGINT AS orders,
  SUM(revenue_cents)::BIGINT AS revenue_cents
FROM marts.order_analytics
GROUP BY
  payment_method
