-- Files attached to orders. One of order 0 came with a form whose order has not been
-- placed.
CREATE TABLE attachments (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL REFERENCES teams (id),
  order_number bigint NOT NULL,
  name text NOT NULL,
  content_type text NOT NULL,
  size bigint NOT NULL,
  sha256 {key} NOT NULL,
  blob {key} NOT NULL,
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL
);
CREATE INDEX attachments_order ON attachments (order_number, created_at, id);
CREATE INDEX attachments_blob ON attachments (blob);
