-- What a team reckons in, the tax on it, and its cost centres, as JSON.
ALTER TABLE teams ADD COLUMN currency text NOT NULL DEFAULT 'CNY';
ALTER TABLE teams ADD COLUMN tax_rate bigint NOT NULL DEFAULT 0;
ALTER TABLE teams ADD COLUMN tax_name text NOT NULL DEFAULT '';
ALTER TABLE teams ADD COLUMN cost_centres text NOT NULL DEFAULT '[]';
ALTER TABLE teams ADD COLUMN only_cost_centres boolean NOT NULL DEFAULT false;

-- The most that a team may make its quota.
ALTER TABLE teams ADD COLUMN cu_limit bigint NOT NULL DEFAULT 100;
UPDATE teams SET cu_limit = cu_quota;
