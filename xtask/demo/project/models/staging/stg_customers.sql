MODEL (
  name staging.stg_customers,
  kind VIEW,
  grain customer_id,
  audits (not_null(columns := (customer_id, country))),
  description 'Customers as the shop knows them'
);

SELECT
  customer_id::BIGINT AS customer_id,
  UPPER(country)::TEXT AS country,
  signed_up_on::DATE AS signed_up_on
FROM raw.customers
