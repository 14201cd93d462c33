MODEL (
  name ref.segment_rules,
  kind SEED (path '../../seeds/segment_rules.csv'),
  columns (segment TEXT, min_revenue_cents BIGINT, max_revenue_cents BIGINT),
  grain segment,
  description 'Revenue bounds of each customer segment, both inclusive'
);
