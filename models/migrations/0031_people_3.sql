-- Who stands in for a member who is away, from one day until another.
ALTER TABLE memberships ADD COLUMN deputy_id {key} NOT NULL DEFAULT '';
ALTER TABLE memberships ADD COLUMN away_from {key} NOT NULL DEFAULT '';
ALTER TABLE memberships ADD COLUMN away_until {key} NOT NULL DEFAULT '';
