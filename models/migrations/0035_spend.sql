-- What orders commit to in the currency of their team, by what was ordered too.
DROP TABLE spends;
CREATE TABLE spends (
  team_id {key} NOT NULL REFERENCES teams (id),
  month bigint NOT NULL,
  cost_centre {key} NOT NULL,
  region {key} NOT NULL,
  kinds {key} NOT NULL,
  currency {key} NOT NULL,
  orders bigint NOT NULL,
  spend_minor bigint NOT NULL,
  PRIMARY KEY (team_id, month, cost_centre, region, kinds, currency)
);
INSERT INTO spends (team_id, month, cost_centre, region, kinds, currency, orders, spend_minor)
  SELECT team_id, number / 1000000000, cost_centre, region, kinds, pay_currency, COUNT(*), CAST(SUM(pay_minor) AS bigint) FROM orders WHERE counted
  GROUP BY team_id, number / 1000000000, cost_centre, region, kinds, pay_currency;
