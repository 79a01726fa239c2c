-- What the OSS object API keeps of an object beside its bytes, and uploads in
-- parts. An object's bytes are one blob, or, where blob is empty, the parts of its
-- own id, in the order of their numbers. A blob may belong to several objects.

ALTER TABLE objects ADD COLUMN headers {bytes};
ALTER TABLE objects ADD COLUMN crc64 text NOT NULL DEFAULT '';
ALTER TABLE objects ADD COLUMN joined text NOT NULL DEFAULT '';
ALTER TABLE objects ADD COLUMN multipart boolean NOT NULL DEFAULT false;
DROP INDEX objects_blob;
CREATE INDEX objects_blob ON objects (blob);

ALTER TABLE buckets ADD COLUMN reserved_bytes bigint NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0);

CREATE TABLE multiparts (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL REFERENCES teams (id),
  bucket_id {key} NOT NULL REFERENCES buckets (id),
  key {key} NOT NULL,
  content_type text NOT NULL,
  headers {bytes},
  forbid_overwrite boolean NOT NULL,
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL
);
CREATE INDEX multiparts_key ON multiparts (bucket_id, key, id);
CREATE INDEX multiparts_age ON multiparts (team_id, created_at);

CREATE TABLE parts (
  owner {key} NOT NULL,
  number bigint NOT NULL,
  blob {key} NOT NULL,
  size bigint NOT NULL,
  md5 {key} NOT NULL,
  sha256 {key} NOT NULL,
  crc64 text NOT NULL,
  created_at {time} NOT NULL,
  PRIMARY KEY (owner, number)
);
CREATE INDEX parts_blob ON parts (blob);
