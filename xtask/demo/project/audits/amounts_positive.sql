AUDIT (name amounts_positive);

SELECT
  *
FROM @this_model
WHERE
  @column <= 0
