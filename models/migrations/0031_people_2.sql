-- What a member may order and nothing else, as JSON; {} is everything.
ALTER TABLE memberships ADD COLUMN may_order text NOT NULL DEFAULT '{}';
