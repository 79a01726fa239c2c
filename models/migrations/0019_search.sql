-- What a text is searched by. Triggers, which the program makes for each kind at
-- its start, note in search_queue what was written and is not in a segment yet. A
-- segment indexes some things of one kind and team, and never changes.

CREATE TABLE search_segments (
  id bigint PRIMARY KEY,
  team_id {key} NOT NULL,
  kind {key} NOT NULL,
  docs bigint NOT NULL,
  oldest bigint NOT NULL,
  oldest_id {key} NOT NULL,
  newest bigint NOT NULL,
  newest_id {key} NOT NULL
);
CREATE INDEX search_segments_kind ON search_segments (team_id, kind, newest);

CREATE TABLE search_terms (
  segment bigint NOT NULL,
  first bigint NOT NULL,
  data {bytes} NOT NULL,
  PRIMARY KEY (segment, first)
);

CREATE TABLE search_docs (
  segment bigint NOT NULL,
  part bigint NOT NULL,
  at bigint NOT NULL,
  id {key} NOT NULL,
  data {bytes} NOT NULL,
  PRIMARY KEY (segment, part)
);
{sqlite} CREATE TABLE search_queue (
  team_id {key} NOT NULL,
  kind {key} NOT NULL,
  n bigint NOT NULL,
  id {key} NOT NULL,
  PRIMARY KEY (team_id, kind, n, id)
) WITHOUT ROWID;
{postgres} CREATE TABLE search_queue (
  team_id {key} NOT NULL,
  kind {key} NOT NULL,
  n bigint NOT NULL,
  id {key} NOT NULL,
  PRIMARY KEY (team_id, kind, n, id)
);

{postgres} ALTER TABLE search_terms ALTER COLUMN data SET STORAGE PLAIN;
{postgres} ALTER TABLE search_docs ALTER COLUMN data SET STORAGE EXTERNAL;
