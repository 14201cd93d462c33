MODEL (
  name intermediate.int_order_payments,
  kind FULL,
  grain order_id,
  audits (unique_values(columns := (order_id))),
  description 'What was paid for each order, its parts summed up'
);

SELECT
  order_id::BIGINT AS order_id,
  SUM(amount_cents)::BIGINT AS paid_cents,
  COUNT(*)::BIGINT AS payment_count
FROM staging.stg_payments
GROUP BY
  order_id
