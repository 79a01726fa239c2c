-- Who entered a price of the price book, and when; nobody did for those that the
-- program came with. Of a day there is one.
ALTER TABLE prices ADD COLUMN created_by {key} NOT NULL DEFAULT '';
ALTER TABLE prices ADD COLUMN creator_name text NOT NULL DEFAULT '';
ALTER TABLE prices ADD COLUMN created_at {time};
CREATE UNIQUE INDEX prices_day ON prices (sku, region, unit, term_months, valid_from);
DROP INDEX prices_sku;
