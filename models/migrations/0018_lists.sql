-- What lists are walked by. A plan is settled in a state until its next change;
-- what nobody settled yet is read by its dates.
ALTER TABLE plans ADD COLUMN settled text NOT NULL DEFAULT '';
{sqlite} ALTER TABLE plans ADD COLUMN settled_until datetime NOT NULL DEFAULT '0001-01-01 00:00:00+00:00';
{postgres} ALTER TABLE plans ADD COLUMN settled_until timestamptz NOT NULL DEFAULT '0001-01-01 00:00:00+00';
CREATE INDEX plans_state ON plans (team_id, settled, created_at DESC, id DESC);
CREATE INDEX plans_settled ON plans (team_id, settled_until);

DROP INDEX orders_state;
CREATE INDEX orders_states ON orders (team_id, state, free, number DESC);
CREATE INDEX orders_amount ON orders (team_id, free, total_minor DESC, number DESC);
