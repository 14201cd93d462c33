MODEL (
  name staging.stg_orders,
  kind INCREMENTAL_BY_TIME_RANGE (time_column ordered_on),
  grain order_id,
  audits (
    not_null(columns := (order_id, customer_id)),
    unique_values(columns := (order_id))
  ),
  description 'Orders by the day they were placed; cancelled ones left out'
);

SELECT
  order_id::BIGINT AS order_id,
  customer_id::BIGINT AS customer_id,
  ordered_on::DATE AS ordered_on,
  status::TEXT AS status
FROM raw.orders
WHERE
  status <> 'cancelled' AND ordered_on BETWEEN @start_date AND @end_date
