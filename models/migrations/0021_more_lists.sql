-- What more lists are sorted by and narrowed to. The bucket that has a version's
-- file is kept with the version.

CREATE INDEX buckets_used ON buckets (team_id, used_bytes DESC, id DESC);

DROP INDEX stores_team_name;
CREATE INDEX stores_team_name ON stores (team_id, name, id);

CREATE INDEX apps_team_name ON apps (team_id, name, id);

ALTER TABLE pkg_versions ADD COLUMN bucket_id {key} NOT NULL DEFAULT '';
UPDATE pkg_versions SET bucket_id = (SELECT bucket_id FROM objects WHERE objects.id = object_id) WHERE object_id IS NOT NULL;
CREATE INDEX pkg_versions_bucket ON pkg_versions (team_id, bucket_id, created_at DESC, id DESC);
CREATE INDEX pkg_versions_size ON pkg_versions (team_id, size DESC, id DESC);
