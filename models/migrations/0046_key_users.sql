-- Whose the keys are that work, which the list of people counts and sorts by.
CREATE INDEX access_keys_user ON access_keys (user_id) WHERE NOT disabled;
