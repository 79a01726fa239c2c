-- What people file things under: words, which the row of a thing has as a list in
-- JSON. Each is here again as lists are narrowed by it: folded, with the time that
-- the lists of its kind are sorted by. It goes with the thing.
ALTER TABLE apps ADD COLUMN tags text NOT NULL DEFAULT '[]';
ALTER TABLE pkg_versions ADD COLUMN tags text NOT NULL DEFAULT '[]';
ALTER TABLE plans ADD COLUMN tags text NOT NULL DEFAULT '[]';
ALTER TABLE stores ADD COLUMN tags text NOT NULL DEFAULT '[]';
{sqlite} CREATE TABLE tags (
  kind {key} NOT NULL,
  id {key} NOT NULL,
  key {key} NOT NULL,
  team_id {key} NOT NULL,
  tag text NOT NULL,
  created_at {time} NOT NULL,
  PRIMARY KEY (kind, id, key)
) WITHOUT ROWID;
{postgres} CREATE TABLE tags (
  kind {key} NOT NULL,
  id {key} NOT NULL,
  key {key} NOT NULL,
  team_id {key} NOT NULL,
  tag text NOT NULL,
  created_at {time} NOT NULL,
  PRIMARY KEY (kind, id, key)
);
CREATE INDEX tags_list ON tags (team_id, kind, key, created_at DESC, id DESC);

{sqlite} INSERT INTO tags (kind, id, key, team_id, tag, created_at) SELECT 'bucket', b.id, fold(t.value), b.team_id, MIN(t.value), b.created_at
  FROM buckets b, json_each(b.tags) AS t WHERE fold(t.value) <> '' GROUP BY b.id, fold(t.value);
{postgres} INSERT INTO tags (kind, id, key, team_id, tag, created_at) SELECT 'bucket', b.id, fold(t.value), b.team_id, MIN(t.value), b.created_at
  FROM buckets b, jsonb_array_elements_text(CAST(b.tags AS jsonb)) AS t(value) WHERE fold(t.value) <> '' GROUP BY b.id, fold(t.value);

{sqlite} CREATE TRIGGER tags_bucket_deleted AFTER DELETE ON buckets WHEN old.tags <> '[]' BEGIN DELETE FROM tags WHERE kind = 'bucket' AND id = old.id; END;
{sqlite} CREATE TRIGGER tags_app_deleted AFTER DELETE ON apps WHEN old.tags <> '[]' BEGIN DELETE FROM tags WHERE kind = 'app' AND id = old.id; END;
{sqlite} CREATE TRIGGER tags_version_deleted AFTER DELETE ON pkg_versions WHEN old.tags <> '[]' BEGIN DELETE FROM tags WHERE kind = 'version' AND id = old.id; END;
{sqlite} CREATE TRIGGER tags_plan_deleted AFTER DELETE ON plans WHEN old.tags <> '[]' BEGIN DELETE FROM tags WHERE kind = 'plan' AND id = old.id; END;
{sqlite} CREATE TRIGGER tags_store_deleted AFTER DELETE ON stores WHEN old.tags <> '[]' BEGIN DELETE FROM tags WHERE kind = 'store' AND id = old.id; END;

{postgres} CREATE FUNCTION drop_tags() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM tags WHERE kind = TG_ARGV[0] AND id = old.id; RETURN NULL; END $$;
{postgres} CREATE TRIGGER tags_bucket_deleted AFTER DELETE ON buckets FOR EACH ROW WHEN (old.tags <> '[]') EXECUTE FUNCTION drop_tags('bucket');
{postgres} CREATE TRIGGER tags_app_deleted AFTER DELETE ON apps FOR EACH ROW WHEN (old.tags <> '[]') EXECUTE FUNCTION drop_tags('app');
{postgres} CREATE TRIGGER tags_version_deleted AFTER DELETE ON pkg_versions FOR EACH ROW WHEN (old.tags <> '[]') EXECUTE FUNCTION drop_tags('version');
{postgres} CREATE TRIGGER tags_plan_deleted AFTER DELETE ON plans FOR EACH ROW WHEN (old.tags <> '[]') EXECUTE FUNCTION drop_tags('plan');
{postgres} CREATE TRIGGER tags_store_deleted AFTER DELETE ON stores FOR EACH ROW WHEN (old.tags <> '[]') EXECUTE FUNCTION drop_tags('store');
