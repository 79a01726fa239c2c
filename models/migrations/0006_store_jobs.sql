-- Stores that change their size, and the jobs of stores as a list.

ALTER TABLE stores ADD COLUMN target bigint NOT NULL DEFAULT 0 CHECK (target >= 0);

CREATE INDEX jobs_store ON jobs (team_id, created_at DESC, id DESC)
  WHERE kind IN ('CreateStore', 'DeleteStore', 'ScaleStore');
CREATE INDEX jobs_store_state ON jobs (team_id, (CASE WHEN state IN ('held', 'queued') THEN 'running' ELSE state END), created_at DESC, id DESC)
  WHERE kind IN ('CreateStore', 'DeleteStore', 'ScaleStore');
CREATE INDEX stores_team_name ON stores (team_id, name);
