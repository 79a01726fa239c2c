-- What an order comes to: the tax, and the total in the currency of its team, at a rate
-- that was fixed when it was placed.
ALTER TABLE orders ADD COLUMN tax_rate bigint NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN tax_name text NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN pay_currency text NOT NULL DEFAULT 'CNY';
ALTER TABLE orders ADD COLUMN pay_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN rate_micro bigint NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN rate_source text NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN rate_from {time};
UPDATE orders SET pay_minor = total_minor, pay_currency = currency;

-- What a currency is worth in another, from a day on, in millionths.
CREATE TABLE exchange_rates (
  id {key} PRIMARY KEY,
  base {key} NOT NULL,
  quote {key} NOT NULL,
  rate_micro bigint NOT NULL,
  valid_from {time} NOT NULL,
  source text NOT NULL,
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL
);
CREATE UNIQUE INDEX exchange_rates_pair ON exchange_rates (base, quote, valid_from);
