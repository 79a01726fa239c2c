-- What a line of an order changes, as it was when it was ordered, as JSON.
ALTER TABLE order_lines ADD COLUMN changes text NOT NULL DEFAULT 'null';
CREATE INDEX orders_related ON orders (team_id, related_number) WHERE related_number <> 0;

-- An order that was edited while it waited, as it was before, as JSON. The steps
-- that it had taken stay, with the number of that version.
CREATE TABLE order_versions (
  order_number bigint NOT NULL,
  n bigint NOT NULL,
  team_id {key} NOT NULL REFERENCES teams (id),
  was text NOT NULL,
  at {time} NOT NULL,
  PRIMARY KEY (order_number, n)
);
ALTER TABLE approvals ADD COLUMN past bigint NOT NULL DEFAULT 0;

-- What people say about an order. Nothing is changed afterwards.
CREATE TABLE comments (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL REFERENCES teams (id),
  order_number bigint NOT NULL,
  user_id {key} NOT NULL,
  user_name text NOT NULL,
  body text NOT NULL,
  mentions text NOT NULL,
  at {time} NOT NULL
);
CREATE INDEX comments_order ON comments (order_number, at, id);

-- What a person is told, one row a person: what happened, its arguments as JSON,
-- and what became of it on each other way of telling, as JSON.
CREATE TABLE notices (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL REFERENCES teams (id),
  user_id {key} NOT NULL,
  reader {key} NOT NULL,
  action {key} NOT NULL,
  order_number bigint NOT NULL,
  args text NOT NULL,
  unread boolean NOT NULL,
  sent text NOT NULL,
  at {time} NOT NULL
);
CREATE INDEX notices_of ON notices (reader, at, id);
CREATE INDEX notices_unread ON notices (reader, unread, at, id);
CREATE INDEX notices_order ON notices (order_number, user_id);
CREATE INDEX notices_old ON notices (at);

-- Who wants to be told of what happens to an order.
CREATE TABLE watches (
  order_number bigint NOT NULL,
  user_id {key} NOT NULL,
  team_id {key} NOT NULL REFERENCES teams (id),
  PRIMARY KEY (order_number, user_id)
);
