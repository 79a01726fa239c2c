-- What a list is asked for under a name, as an address has it, by one person of a
-- team or, with no person, by the whole team. Without a name it is what the person
-- keeps of the list: the columns, the rows on a page, and the view that it opens with.
CREATE TABLE saved_views (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL,
  user_id {key} NOT NULL,
  list {key} NOT NULL,
  name {key} NOT NULL,
  state text NOT NULL,
  version bigint NOT NULL,
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL
);
CREATE UNIQUE INDEX saved_views_name ON saved_views (user_id, team_id, list, name);
