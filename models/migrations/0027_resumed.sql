-- The file that an upload in parts is of, so that whoever chooses it again goes on:
-- its bytes and when it was changed, in Unix milliseconds; 0 is unknown.
ALTER TABLE multiparts ADD COLUMN length bigint NOT NULL DEFAULT 0;
ALTER TABLE multiparts ADD COLUMN modified bigint NOT NULL DEFAULT 0;
