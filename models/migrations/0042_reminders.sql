-- On which days before it ends a person is reminded of a thing, where they chose it
-- for this one, and of what they ordered; up to which day each team was reminded.
CREATE TABLE reminders (
  team_id {key} NOT NULL REFERENCES teams (id),
  kind {key} NOT NULL,
  subject_id {key} NOT NULL,
  user_id {key} NOT NULL,
  days {key} NOT NULL,
  PRIMARY KEY (team_id, kind, subject_id, user_id)
);
CREATE INDEX reminders_of ON reminders (team_id, user_id);
CREATE INDEX reminders_days ON reminders (team_id, days);
ALTER TABLE memberships ADD COLUMN remind {key} NOT NULL DEFAULT '';
ALTER TABLE teams ADD COLUMN reminded_day bigint NOT NULL DEFAULT 0;

-- A notice may be about a thing, and one that is not to be written twice has a key.
ALTER TABLE notices ADD COLUMN kind {key} NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN subject_id {key} NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN unique_key {key};
CREATE UNIQUE INDEX notices_key ON notices (unique_key);
CREATE INDEX notices_subject ON notices (subject_id, unread) WHERE subject_id <> '';
