-- Whose turn it is to have a job done, work that takes long enough to be kept
-- apart from the rest, and what has been found out about a content before.

ALTER TABLE jobs ADD COLUMN long boolean NOT NULL DEFAULT false;

CREATE TABLE job_turns (
  team_id {key} PRIMARY KEY,
  turn bigint NOT NULL
);

CREATE INDEX pkg_versions_sha256 ON pkg_versions (team_id, sha256);
