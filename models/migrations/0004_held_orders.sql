-- Orders that wait for approval, and what exists while they do. Jobs get the
-- state 'held', for which SQLite has to make their table anew.

ALTER TABLE teams ADD COLUMN api_orders text NOT NULL DEFAULT 'refuse' CHECK (api_orders IN ('refuse', 'hold'));
ALTER TABLE plans ADD COLUMN held boolean NOT NULL DEFAULT false;
ALTER TABLE orders ADD COLUMN refused text NOT NULL DEFAULT '';
ALTER TABLE order_lines ADD COLUMN blob {key} NOT NULL DEFAULT '';
CREATE INDEX order_lines_blob ON order_lines (blob) WHERE blob <> '';

{postgres} ALTER TABLE jobs DROP CONSTRAINT jobs_state_check;
{postgres} ALTER TABLE jobs ADD CONSTRAINT jobs_state_check CHECK (state IN ('held', 'queued', 'running', 'completed', 'failed'));
{sqlite} ALTER TABLE jobs RENAME TO jobs_before;
{sqlite} CREATE TABLE jobs (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL,
  kind text NOT NULL,
  subject_id {key} NOT NULL,
  subject_name text NOT NULL,
  payload text NOT NULL,
  state text NOT NULL CHECK (state IN ('held', 'queued', 'running', 'completed', 'failed')),
  unique_key {key},
  step bigint NOT NULL DEFAULT 0,
  steps text NOT NULL,
  attempt bigint NOT NULL DEFAULT 0,
  tries bigint NOT NULL DEFAULT 0,
  run_at {time} NOT NULL,
  lease_until {time},
  fail_code text NOT NULL DEFAULT '',
  fail_detail text NOT NULL DEFAULT '',
  created_by {key} NOT NULL,
  created_at {time} NOT NULL,
  ended_at {time}
);
{sqlite} INSERT INTO jobs (id, team_id, kind, subject_id, subject_name, payload, state, unique_key, step, steps, attempt, tries,
  run_at, lease_until, fail_code, fail_detail, created_by, created_at, ended_at)
  SELECT id, team_id, kind, subject_id, subject_name, payload, state, unique_key, step, steps, attempt, tries,
  run_at, lease_until, fail_code, fail_detail, created_by, created_at, ended_at FROM jobs_before;
{sqlite} DROP TABLE jobs_before;
{sqlite} CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key);
{sqlite} CREATE INDEX jobs_due ON jobs (state, run_at, id);
{sqlite} CREATE INDEX jobs_team ON jobs (team_id, state, created_at DESC, id DESC);
{sqlite} CREATE INDEX jobs_subject ON jobs (team_id, subject_id, created_at DESC, id DESC);
