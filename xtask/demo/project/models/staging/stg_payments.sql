MODEL (
  name staging.stg_payments,
  kind FULL,
  grain payment_id,
  audits (
    not_null(columns := (payment_id, order_id)),
    amounts_positive(column := amount_cents)
  ),
  description 'Payments; an order may be paid in several parts'
);

SELECT
  payment_id::BIGINT AS payment_id,
  order_id::BIGINT AS order_id,
  amount_cents::BIGINT AS amount_cents,
  method::TEXT AS method
FROM raw.payments
