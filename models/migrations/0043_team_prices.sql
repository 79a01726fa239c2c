-- A price may be of one team alone; it holds for that team in the place of everybody's.
ALTER TABLE prices ADD COLUMN team_id {key} NOT NULL DEFAULT '';
DROP INDEX prices_day;
CREATE UNIQUE INDEX prices_day ON prices (sku, region, unit, term_months, valid_from, team_id);

-- The few accounts and teams that are otherwise than most.
CREATE INDEX users_disabled ON users (name, id) WHERE disabled;
CREATE INDEX users_site_admin ON users (name, id) WHERE site_admin;
CREATE INDEX teams_storage ON teams (name, id) WHERE NOT object_storage;
