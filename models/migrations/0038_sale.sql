-- What is known and cannot be ordered now. Package types have on_sale, and zones are
-- kept with their region.
ALTER TABLE regions ADD COLUMN off boolean NOT NULL DEFAULT false;
ALTER TABLE products ADD COLUMN off boolean NOT NULL DEFAULT false;
ALTER TABLE specifications ADD COLUMN off boolean NOT NULL DEFAULT false;
ALTER TABLE flavors ADD COLUMN off boolean NOT NULL DEFAULT false;
