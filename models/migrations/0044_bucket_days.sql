-- What each bucket held by day, where that was not what it had held before.
CREATE TABLE bucket_days (
  bucket_id {key} NOT NULL REFERENCES buckets (id) ON DELETE CASCADE,
  day bigint NOT NULL,
  used_bytes bigint NOT NULL,
  object_count bigint NOT NULL,
  PRIMARY KEY (bucket_id, day)
);
