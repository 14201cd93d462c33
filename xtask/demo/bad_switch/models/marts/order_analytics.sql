MODEL (
  name marts.order_analytics,
  kind INCREMENTAL_BY_TIME_RANGE (time_column ordered_on),
  grain order_id,
  audits (
    not_null(columns := (order_id, customer_id, revenue_cents)),
    amounts_positive(column := revenue_cents)
  ),
  description 'One row per order with its revenue and the way it was paid'
);

SELECT
  o.order_id::BIGINT AS order_id,
  o.customer_id::BIGINT AS customer_id,
  o.ordered_on::DATE AS ordered_on,
  p.paid_cents::BIGINT AS revenue_cents,
  p.payment_count::BIGINT AS payment_count,
  s.method::TEXT AS payment_method
FROM staging.stg_orders AS o
JOIN intermediate.int_order_payments AS p
  ON p.order_id = o.order_id
JOIN staging.stg_payments AS s
  ON s.order_id = o.order_id
WHERE
  o.ordered_on BETWEEN @start_date AND @end_date
