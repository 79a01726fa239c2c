-- What is done to several things at once may be asked for by the thousand: its things
-- have a row each, and a job goes on with it. What its action asks for besides is JSON.
CREATE TABLE bulk_items (
  bulk_id {key} NOT NULL REFERENCES bulks (id) ON DELETE CASCADE,
  place bigint NOT NULL,
  team_id {key} NOT NULL,
  thing_id {key} NOT NULL,
  name text NOT NULL,
  seen text NOT NULL,
  state {key} NOT NULL,
  why text NOT NULL,
  was text NOT NULL,
  will text NOT NULL,
  PRIMARY KEY (bulk_id, place)
);
CREATE INDEX bulk_items_state ON bulk_items (bulk_id, state, place);
{sqlite} INSERT INTO bulk_items (bulk_id, place, team_id, thing_id, name, seen, state, why, was, will)
  SELECT b.id, i.key + 1, b.team_id, json_extract(i.value, '$.ID'), json_extract(i.value, '$.Name'), '', json_extract(i.value, '$.State'), COALESCE(json_extract(i.value, '$.Why'), 'null'), '', ''
  FROM bulks b, json_each(b.items) i;
{postgres} INSERT INTO bulk_items (bulk_id, place, team_id, thing_id, name, seen, state, why, was, will)
  SELECT b.id, i.n, b.team_id, i.value ->> 'ID', i.value ->> 'Name', '', i.value ->> 'State', COALESCE((i.value -> 'Why') #>> '{}', 'null'), '', ''
  FROM bulks b, jsonb_array_elements(b.items::jsonb) WITH ORDINALITY AS i (value, n);
ALTER TABLE bulks DROP COLUMN items;
ALTER TABLE bulks ADD COLUMN input text NOT NULL DEFAULT '';
ALTER TABLE bulks ADD COLUMN state {key} NOT NULL DEFAULT 'ended';
ALTER TABLE bulks ADD COLUMN total bigint NOT NULL DEFAULT 0;
ALTER TABLE bulks ADD COLUMN done bigint NOT NULL DEFAULT 0;
ALTER TABLE bulks ADD COLUMN refused bigint NOT NULL DEFAULT 0;
ALTER TABLE bulks ADD COLUMN address text NOT NULL DEFAULT '';
ALTER TABLE bulks ADD COLUMN agent text NOT NULL DEFAULT '';
ALTER TABLE bulks ADD COLUMN request_id text NOT NULL DEFAULT '';
UPDATE bulks SET total = (SELECT COUNT(*) FROM bulk_items i WHERE i.bulk_id = bulks.id),
  done = (SELECT COUNT(*) FROM bulk_items i WHERE i.bulk_id = bulks.id AND i.state = 'done'),
  refused = (SELECT COUNT(*) FROM bulk_items i WHERE i.bulk_id = bulks.id AND i.state = 'refused');
