-- The order that a store has its size from, which says what it costs an hour.
ALTER TABLE stores ADD COLUMN sized_by bigint NOT NULL DEFAULT 0;
UPDATE stores SET sized_by = COALESCE((SELECT MAX(order_number) FROM order_lines
  WHERE order_lines.team_id = stores.team_id AND order_lines.resource_id = stores.id AND order_lines.state = 'completed'), order_number);

-- Who let an order over a budget.
ALTER TABLE budget_entries ADD COLUMN over_by text NOT NULL DEFAULT '';
UPDATE budget_entries SET over_by = (SELECT decider_name FROM orders WHERE number = order_number) WHERE over AND state <> 'released';
