-- What somebody said lately, on whatever orders.
CREATE INDEX comments_of ON comments (user_id, at);
