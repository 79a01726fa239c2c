-- What names that must be unique have in common with those that look the same.
-- The next step fills it for names that are not plain ASCII.

ALTER TABLE users ADD COLUMN email_key {key} NOT NULL DEFAULT '';
UPDATE users SET email_key = email;
CREATE UNIQUE INDEX users_email_key ON users (email_key) WHERE email_key <> '';

ALTER TABLE apps ADD COLUMN name_key {key} NOT NULL DEFAULT '';
UPDATE apps SET name_key = name;
CREATE UNIQUE INDEX apps_name_key ON apps (team_id, region, name_key) WHERE name_key <> '';

ALTER TABLE pkg_versions ADD COLUMN label_key {key} NOT NULL DEFAULT '';
UPDATE pkg_versions SET label_key = label;
CREATE UNIQUE INDEX pkg_versions_label_key ON pkg_versions (app_id, label_key) WHERE label_key <> '';
