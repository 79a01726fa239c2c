-- What people have typed into forms that they have not sent yet: whose it is, the
-- token of the form, which form and what it is about, its fields as JSON, and which
-- page of it wrote last, at which of its steps.
CREATE TABLE drafts (
  owner {key} NOT NULL,
  token {key} NOT NULL,
  team_id {key} NOT NULL REFERENCES teams (id),
  user_id {key} NOT NULL,
  kind {key} NOT NULL,
  form {key} NOT NULL,
  subject {key} NOT NULL,
  path text NOT NULL,
  fields text NOT NULL,
  words text NOT NULL,
  revision bigint NOT NULL,
  writer {key} NOT NULL,
  step bigint NOT NULL,
  touched_at {time} NOT NULL,
  PRIMARY KEY (owner, token)
);
CREATE INDEX drafts_of ON drafts (owner, touched_at, token);
CREATE INDEX drafts_old ON drafts (team_id, touched_at);
