MODEL (
  name marts.customer_profile,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key customer_id,
    forward_only TRUE,
    on_destructive_change allow
  ),
  grain customer_id,
  audits (not_null(columns := (customer_id, country))),
  description 'One row per customer, changed in place: what was learned of them is kept'
);

SELECT
  customer_id::BIGINT AS customer_id,
  country::TEXT AS country,
  (customer_id % 100)::BIGINT AS loyalty_points,
  signed_up_on::DATE AS signed_up_on
FROM staging.stg_customers
