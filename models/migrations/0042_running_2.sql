{sqlite}
-- What the stores that there are cost since they came.
INSERT INTO run_months (team_id, month, currency, stores, hourly_micro, late)
  SELECT team_id, CAST(strftime('%Y%m', at, '+8 hours') AS integer), currency, COUNT(*), SUM(micro),
    SUM(micro * ((CAST(strftime('%s', at) AS integer) + 28800 - CAST(strftime('%s', strftime('%Y-%m-01 00:00:00', at, '+8 hours')) AS integer)) / 60))
  FROM (SELECT team_id, at, currency, CASE WHEN rate_micro > 0 THEN (taxed * rate_micro + 500000) / 1000000 ELSE taxed END AS micro
    FROM (SELECT s.team_id, COALESCE(o.completed_at, o.updated_at) AS at, o.pay_currency AS currency, o.rate_micro,
        l.hourly_micro + (l.hourly_micro * o.tax_rate + 5000) / 10000 AS taxed
      FROM stores s JOIN order_lines l ON l.order_number = s.sized_by AND l.resource_id = s.id JOIN orders o ON o.number = s.sized_by
      WHERE l.hourly_micro > 0 AND l.state = 'completed') AS each_store) AS each_run
  GROUP BY team_id, CAST(strftime('%Y%m', at, '+8 hours') AS integer), currency;
{postgres}INSERT INTO run_months (team_id, month, currency, stores, hourly_micro, late)
  SELECT team_id, CAST(to_char(at, 'YYYYMM') AS bigint), currency, COUNT(*), CAST(SUM(micro) AS bigint),
    CAST(SUM(micro * CAST(floor(EXTRACT(EPOCH FROM at - date_trunc('month', at)) / 60) AS bigint)) AS bigint)
  FROM (SELECT team_id, at, currency, CASE WHEN rate_micro > 0 THEN (taxed * rate_micro + 500000) / 1000000 ELSE taxed END AS micro
    FROM (SELECT s.team_id, COALESCE(o.completed_at, o.updated_at) AT TIME ZONE 'UTC' + interval '8 hours' AS at, o.pay_currency AS currency, o.rate_micro,
        l.hourly_micro + (l.hourly_micro * o.tax_rate + 5000) / 10000 AS taxed
      FROM stores s JOIN order_lines l ON l.order_number = s.sized_by AND l.resource_id = s.id JOIN orders o ON o.number = s.sized_by
      WHERE l.hourly_micro > 0 AND l.state = 'completed') AS each_store) AS each_run
  GROUP BY team_id, CAST(to_char(at, 'YYYYMM') AS bigint), currency;
