-- What orders commit to, by the month in which they were placed, their cost centre
-- and their region; which orders are counted there; and what finds them.
ALTER TABLE orders ADD COLUMN region {key} NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN counted boolean NOT NULL DEFAULT false;
UPDATE orders SET counted = true WHERE total_minor <> 0 AND state IN ('approved', 'fulfilling', 'completed');
UPDATE orders SET region = COALESCE((SELECT MIN(l.region) FROM order_lines l WHERE l.order_number = orders.number HAVING MIN(l.region) = MAX(l.region)), '');
DROP INDEX orders_free;
CREATE INDEX orders_free ON orders (team_id, free, number DESC, counted);
CREATE INDEX orders_centre ON orders (team_id, cost_centre, free, number DESC, counted);
CREATE INDEX orders_region ON orders (team_id, region, free, number DESC, counted);

CREATE TABLE spends (
  team_id {key} NOT NULL REFERENCES teams (id),
  month bigint NOT NULL,
  cost_centre {key} NOT NULL,
  region {key} NOT NULL,
  orders bigint NOT NULL,
  spend_minor bigint NOT NULL,
  PRIMARY KEY (team_id, month, cost_centre, region)
);
INSERT INTO spends (team_id, month, cost_centre, region, orders, spend_minor)
  SELECT team_id, number / 1000000000, cost_centre, region, COUNT(*), CAST(SUM(total_minor) AS bigint) FROM orders WHERE counted
  GROUP BY team_id, number / 1000000000, cost_centre, region;
