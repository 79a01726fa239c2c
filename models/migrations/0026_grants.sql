-- What a key may do with objects, and nothing else; an empty list is no limit.
ALTER TABLE access_keys ADD COLUMN grants text NOT NULL DEFAULT '[]';
