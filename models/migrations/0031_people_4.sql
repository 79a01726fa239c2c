-- Whom a team has invited: an address, with what the person will be there. Whoever
-- was invited before is a member already, without a password.
ALTER TABLE invitations RENAME TO former_invitations;
CREATE TABLE invitations (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  email text NOT NULL,
  role text NOT NULL,
  may_order text NOT NULL,
  token_hash {key} NOT NULL,
  state {key} NOT NULL,
  user_id {key} NOT NULL,
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL,
  expires_at {time} NOT NULL
);
INSERT INTO invitations (id, team_id, email, role, may_order, token_hash, state, user_id, created_by, creator_name, created_at, expires_at)
  SELECT i.token_hash, i.team_id, u.email, m.role, '{}', i.token_hash, 'open', '', i.created_by, COALESCE(c.name, ''), i.created_at, i.expires_at
  FROM former_invitations i JOIN users u ON u.id = i.user_id JOIN memberships m ON m.user_id = i.user_id AND m.team_id = i.team_id LEFT JOIN users c ON c.id = i.created_by;
DROP TABLE former_invitations;
CREATE UNIQUE INDEX invitations_token ON invitations (token_hash);
CREATE INDEX invitations_team ON invitations (team_id, created_at, id);
