-- What the list of orders shows and sorts by: what each comes to for its team.
DROP INDEX orders_amount;
CREATE INDEX orders_amount ON orders (team_id, free, pay_minor DESC, number DESC);

-- A filter that has another name by now.
UPDATE saved_views SET state = replace(state, 'view=', 'whose=') WHERE list = 'approval-list';
