-- A team's rules for orders, as JSON, and how long an order waits for a decision.
ALTER TABLE teams ADD COLUMN rules text NOT NULL DEFAULT '{}';
ALTER TABLE teams ADD COLUMN lapse_days bigint NOT NULL DEFAULT 14;

-- The rule that decided about an order, as it was then.
ALTER TABLE orders ADD COLUMN sentence text NOT NULL DEFAULT 'null';

-- What an order waits for, one step after the other, and who said what.
CREATE TABLE approvals (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL REFERENCES teams (id),
  order_number bigint NOT NULL,
  place bigint NOT NULL,
  role {key} NOT NULL,
  person_id {key} NOT NULL,
  person_name text NOT NULL,
  instead boolean NOT NULL,
  requested_by {key} NOT NULL,
  key_maker {key} NOT NULL,
  state {key} NOT NULL,
  decided_by {key} NOT NULL,
  decider_name text NOT NULL,
  reason text NOT NULL,
  at {time} NOT NULL
);
CREATE INDEX approvals_order ON approvals (order_number, place);
CREATE INDEX approvals_open ON approvals (team_id, at, id) WHERE state = 'open';
CREATE INDEX approvals_decided ON approvals (team_id, decided_by, at, id) WHERE decided_by <> '';

INSERT INTO approvals (id, team_id, order_number, place, role, person_id, person_name, instead, requested_by, key_maker, state, decided_by, decider_name, reason, at)
  SELECT CAST(number AS text), team_id, number, 1, 'approver', '', '', false, requested_by, '', 'open', '', '', '', created_at FROM orders WHERE state = 'pending';

-- What a team may spend, as JSON, and what of it is taken in each period: reserved
-- by orders that are not completed, and spent. Each order behind it is an entry.
ALTER TABLE teams ADD COLUMN budgets text NOT NULL DEFAULT '{}';
CREATE TABLE budget_periods (
  budget_id {key} NOT NULL,
  period {key} NOT NULL,
  team_id {key} NOT NULL REFERENCES teams (id),
  reserved_minor bigint NOT NULL,
  spent_minor bigint NOT NULL,
  PRIMARY KEY (budget_id, period)
);
CREATE TABLE budget_entries (
  order_number bigint NOT NULL,
  budget_id {key} NOT NULL,
  period {key} NOT NULL,
  team_id {key} NOT NULL REFERENCES teams (id),
  amount_minor bigint NOT NULL,
  over boolean NOT NULL,
  state {key} NOT NULL,
  at {time} NOT NULL,
  PRIMARY KEY (order_number, budget_id, period)
);
CREATE INDEX budget_entries_of ON budget_entries (budget_id, order_number, period);
