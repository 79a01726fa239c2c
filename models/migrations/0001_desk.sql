-- What the desk is made of. Ids are text; times are UTC; money is minor units.

CREATE TABLE settings (
  name {key} PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE users (
  id {key} PRIMARY KEY,
  email {key} NOT NULL,
  name text NOT NULL,
  password_hash text NOT NULL,
  site_admin boolean NOT NULL DEFAULT false,
  disabled boolean NOT NULL DEFAULT false,
  language text NOT NULL DEFAULT '',
  theme text NOT NULL DEFAULT '',
  zone text NOT NULL DEFAULT '',
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (email);

CREATE TABLE teams (
  id {key} PRIMARY KEY,
  name text NOT NULL,
  clock_offset_ms bigint NOT NULL DEFAULT 0,
  cu_quota bigint NOT NULL DEFAULT 100,
  cu_used bigint NOT NULL DEFAULT 0 CHECK (cu_used >= 0),
  object_storage boolean NOT NULL DEFAULT true,
  verified_only boolean NOT NULL DEFAULT false,
  legal_name text NOT NULL DEFAULT '',
  address text NOT NULL DEFAULT '',
  tax_number text NOT NULL DEFAULT '',
  contact text NOT NULL DEFAULT '',
  cost_centre text NOT NULL DEFAULT '',
  logo {bytes},
  logo_type text NOT NULL DEFAULT '',
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL
);

CREATE TABLE memberships (
  team_id {key} NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id {key} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('viewer', 'requester', 'approver', 'admin')),
  created_at {time} NOT NULL,
  PRIMARY KEY (team_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE invitations (
  token_hash {key} PRIMARY KEY,
  user_id {key} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  team_id {key} NOT NULL,
  created_by {key} NOT NULL,
  created_at {time} NOT NULL,
  expires_at {time} NOT NULL
);

CREATE TABLE sessions (
  token_hash {key} PRIMARY KEY,
  id {key} NOT NULL,
  user_id {key} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  team_id {key} NOT NULL,
  address text NOT NULL,
  agent text NOT NULL,
  created_at {time} NOT NULL,
  seen_at {time} NOT NULL,
  expires_at {time} NOT NULL
);
CREATE UNIQUE INDEX sessions_id ON sessions (id);
CREATE INDEX sessions_user ON sessions (user_id, created_at);

CREATE TABLE throttles (
  name {key} PRIMARY KEY,
  failures bigint NOT NULL,
  since {time} NOT NULL
);

CREATE TABLE known_browsers (
  token_hash {key} PRIMARY KEY,
  user_id {key} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at {time} NOT NULL
);

-- The record of who did what, which is only ever added to.
CREATE TABLE events (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL,
  at {time} NOT NULL,
  user_id {key} NOT NULL,
  user_name text NOT NULL,
  action text NOT NULL,
  result text NOT NULL,
  kind text NOT NULL,
  subject_id {key} NOT NULL,
  subject_name text NOT NULL,
  region text NOT NULL,
  order_number bigint NOT NULL DEFAULT 0,
  detail text NOT NULL,
  face text NOT NULL,
  address text NOT NULL,
  request_id text NOT NULL
);
CREATE INDEX events_team ON events (team_id, at DESC, id DESC);
CREATE INDEX events_kind ON events (team_id, kind, at DESC, id DESC);
CREATE INDEX events_order ON events (team_id, order_number, at DESC, id DESC) WHERE order_number <> 0;
CREATE INDEX events_subject ON events (team_id, subject_id, at DESC, id DESC);
CREATE INDEX events_user ON events (team_id, user_id, at DESC, id DESC);
CREATE INDEX events_face ON events (team_id, face, at DESC, id DESC);

{sqlite} CREATE TRIGGER events_keep BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are kept as they are'); END;
{sqlite} CREATE TRIGGER events_stay BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are kept as they are'); END;
{postgres} CREATE FUNCTION events_keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''events are kept as they are''; END';
{postgres} CREATE TRIGGER events_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION events_keep();

CREATE TABLE jobs (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL,
  kind text NOT NULL,
  subject_id {key} NOT NULL,
  subject_name text NOT NULL,
  payload text NOT NULL,
  state text NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed')),
  unique_key {key},
  step bigint NOT NULL DEFAULT 0,
  steps text NOT NULL,
  attempt bigint NOT NULL DEFAULT 0,
  tries bigint NOT NULL DEFAULT 0,
  run_at {time} NOT NULL,
  lease_until {time},
  fail_code text NOT NULL DEFAULT '',
  fail_detail text NOT NULL DEFAULT '',
  created_by {key} NOT NULL,
  created_at {time} NOT NULL,
  ended_at {time}
);
CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key);
CREATE INDEX jobs_due ON jobs (state, run_at, id);
CREATE INDEX jobs_team ON jobs (team_id, state, created_at DESC, id DESC);
CREATE INDEX jobs_subject ON jobs (team_id, subject_id, created_at DESC, id DESC);

CREATE TABLE counters (
  team_id {key} NOT NULL,
  name text NOT NULL,
  value bigint NOT NULL,
  PRIMARY KEY (team_id, name)
);

CREATE TABLE months (
  team_id {key} NOT NULL,
  month bigint NOT NULL,
  kind text NOT NULL,
  created bigint NOT NULL DEFAULT 0,
  deleted bigint NOT NULL DEFAULT 0,
  spend_minor bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (team_id, month, kind)
);

CREATE TABLE order_days (
  day bigint PRIMARY KEY,
  last bigint NOT NULL
);

CREATE TABLE orders (
  number bigint PRIMARY KEY,
  team_id {key} NOT NULL,
  type text NOT NULL CHECK (type IN ('New', 'Renew', 'Upgrade', 'Refund')),
  state text NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'cancelled', 'lapsed', 'fulfilling', 'completed', 'failed')),
  token {key},
  title text NOT NULL,
  kinds text NOT NULL,
  line_count bigint NOT NULL,
  free boolean NOT NULL,
  currency text NOT NULL,
  list_minor bigint NOT NULL,
  discount_minor bigint NOT NULL,
  tax_minor bigint NOT NULL,
  total_minor bigint NOT NULL,
  cost_centre text NOT NULL,
  note text NOT NULL,
  rule text NOT NULL,
  requested_by {key} NOT NULL,
  requester_name text NOT NULL,
  decided_by {key} NOT NULL DEFAULT '',
  decider_name text NOT NULL DEFAULT '',
  decided_at {time},
  decision_reason text NOT NULL DEFAULT '',
  face text NOT NULL,
  address text NOT NULL,
  agent text NOT NULL,
  request_id text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  completed_at {time}
);
CREATE UNIQUE INDEX orders_token ON orders (team_id, token);
CREATE INDEX orders_team ON orders (team_id, number DESC);
CREATE INDEX orders_free ON orders (team_id, free, number DESC);
CREATE INDEX orders_state ON orders (team_id, state, number DESC);

CREATE TABLE order_lines (
  order_number bigint NOT NULL REFERENCES orders (number) ON DELETE CASCADE,
  position bigint NOT NULL,
  team_id {key} NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  detail text NOT NULL,
  region text NOT NULL,
  input text NOT NULL,
  sku text NOT NULL,
  currency text NOT NULL,
  unit text NOT NULL,
  unit_micro bigint NOT NULL,
  quantity bigint NOT NULL,
  units bigint NOT NULL,
  term_n bigint NOT NULL,
  term_unit text NOT NULL,
  hourly_micro bigint NOT NULL,
  monthly_estimate_minor bigint NOT NULL,
  list_minor bigint NOT NULL,
  discount_minor bigint NOT NULL,
  amount_minor bigint NOT NULL,
  price_source text NOT NULL,
  price_valid_from {time},
  price_ours boolean NOT NULL,
  starts_at {time},
  ends_at {time},
  state text NOT NULL,
  resource_id {key} NOT NULL,
  resource_name text NOT NULL,
  PRIMARY KEY (order_number, position)
);
CREATE INDEX order_lines_resource ON order_lines (team_id, resource_id);

CREATE TABLE buckets (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL REFERENCES teams (id),
  name {key} NOT NULL,
  region text NOT NULL,
  description text NOT NULL,
  tags text NOT NULL,
  storage boolean NOT NULL,
  size_limit bigint NOT NULL,
  used_bytes bigint NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
  object_count bigint NOT NULL DEFAULT 0 CHECK (object_count >= 0),
  order_number bigint NOT NULL,
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX buckets_name ON buckets (name);
CREATE UNIQUE INDEX buckets_storage ON buckets (team_id, region) WHERE storage;
CREATE INDEX buckets_team ON buckets (team_id, created_at DESC, id DESC);
CREATE INDEX buckets_region ON buckets (team_id, region, created_at DESC, id DESC);
CREATE INDEX buckets_team_name ON buckets (team_id, name);

CREATE TABLE objects (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL,
  bucket_id {key} NOT NULL REFERENCES buckets (id),
  key {key} NOT NULL,
  size bigint NOT NULL,
  content_type text NOT NULL,
  sha256 {key} NOT NULL,
  md5 {key} NOT NULL,
  blob {key} NOT NULL,
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL
);
CREATE UNIQUE INDEX objects_key ON objects (bucket_id, key);
CREATE UNIQUE INDEX objects_blob ON objects (blob);
CREATE INDEX objects_newest ON objects (bucket_id, created_at DESC, id DESC);

CREATE TABLE apps (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL REFERENCES teams (id),
  region text NOT NULL,
  name {key} NOT NULL,
  description text NOT NULL,
  category text NOT NULL,
  version_count bigint NOT NULL DEFAULT 0,
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX apps_name ON apps (team_id, region, name);
CREATE INDEX apps_team ON apps (team_id, created_at DESC, id DESC);
CREATE INDEX apps_region ON apps (team_id, region, created_at DESC, id DESC);
CREATE INDEX apps_category ON apps (team_id, category, created_at DESC, id DESC);

CREATE TABLE pkg_versions (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL,
  app_id {key} NOT NULL REFERENCES apps (id),
  app_name text NOT NULL DEFAULT '',
  region text NOT NULL DEFAULT '',
  label {key} NOT NULL,
  description text NOT NULL,
  source text NOT NULL,
  object_id {key} REFERENCES objects (id),
  state text NOT NULL CHECK (state IN ('CHECKING', 'READY', 'FAILED', 'UNVERIFIED')),
  size bigint NOT NULL DEFAULT 0,
  sha256 {key} NOT NULL DEFAULT '',
  listing text NOT NULL DEFAULT '',
  fail_code text NOT NULL DEFAULT '',
  job_id {key} NOT NULL DEFAULT '',
  order_number bigint NOT NULL,
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX pkg_versions_label ON pkg_versions (app_id, label);
CREATE INDEX pkg_versions_team ON pkg_versions (team_id, created_at DESC, id DESC);
CREATE INDEX pkg_versions_app ON pkg_versions (team_id, app_id, created_at DESC, id DESC);
CREATE INDEX pkg_versions_state ON pkg_versions (team_id, state, created_at DESC, id DESC);
CREATE INDEX pkg_versions_object ON pkg_versions (object_id);

CREATE TABLE plans (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL REFERENCES teams (id),
  product_code text NOT NULL,
  package_type text NOT NULL,
  specification bigint NOT NULL,
  unit text NOT NULL,
  region text NOT NULL,
  duration bigint NOT NULL,
  pricing_cycle text NOT NULL,
  effective_at {time} NOT NULL,
  ends_at {time} NOT NULL,
  used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
  measured_at {time},
  exhausted_at {time},
  currency text NOT NULL,
  paid_minor bigint NOT NULL,
  note text NOT NULL DEFAULT '',
  order_number bigint NOT NULL,
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL
);
CREATE INDEX plans_team ON plans (team_id, created_at DESC, id DESC);
CREATE INDEX plans_type ON plans (team_id, package_type, created_at DESC, id DESC);
CREATE INDEX plans_ends ON plans (team_id, ends_at, id);

CREATE TABLE plan_deductions (
  plan_id {key} NOT NULL REFERENCES plans (id) ON DELETE CASCADE,
  day bigint NOT NULL,
  bucket_id {key} NOT NULL,
  team_id {key} NOT NULL,
  bucket_name text NOT NULL,
  region text NOT NULL,
  quantity bigint NOT NULL CHECK (quantity > 0),
  measured_at {time} NOT NULL,
  PRIMARY KEY (plan_id, day, bucket_id)
);
CREATE INDEX plan_deductions_day ON plan_deductions (team_id, day);

CREATE TABLE stores (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL REFERENCES teams (id),
  region text NOT NULL,
  name {key} NOT NULL,
  zones text NOT NULL,
  cu text NOT NULL,
  num bigint NOT NULL CHECK (num >= 1),
  reserved boolean NOT NULL DEFAULT false,
  charge_mode text NOT NULL,
  period_type text NOT NULL,
  period_num bigint NOT NULL,
  auto_renew boolean NOT NULL,
  auto_pay boolean NOT NULL,
  description text,
  state text NOT NULL,
  fail_code text NOT NULL DEFAULT '',
  fail_detail text NOT NULL DEFAULT '',
  job_id {key} NOT NULL,
  ends_at {time},
  order_number bigint NOT NULL,
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX stores_name ON stores (team_id, region, name);
CREATE INDEX stores_team ON stores (team_id, created_at DESC, id DESC);
CREATE INDEX stores_region ON stores (team_id, region, created_at DESC, id DESC);
CREATE INDEX stores_state ON stores (team_id, state, created_at DESC, id DESC);
CREATE INDEX stores_ends ON stores (team_id, ends_at, id);

CREATE TABLE regions (
  id {key} PRIMARY KEY,
  zh text NOT NULL,
  en text NOT NULL,
  serves text NOT NULL,
  zones text NOT NULL,
  covers text NOT NULL,
  ours boolean NOT NULL,
  position bigint NOT NULL
);

CREATE TABLE categories (
  name {key} PRIMARY KEY,
  zh text NOT NULL,
  en text NOT NULL,
  position bigint NOT NULL
);

CREATE TABLE products (
  code {key} PRIMARY KEY,
  type text NOT NULL,
  subscription text NOT NULL,
  zh text NOT NULL,
  en text NOT NULL,
  ours boolean NOT NULL,
  position bigint NOT NULL
);

CREATE TABLE package_types (
  code {key} PRIMARY KEY,
  product_code {key} NOT NULL REFERENCES products (code),
  zh text NOT NULL,
  en text NOT NULL,
  region text NOT NULL,
  item text NOT NULL,
  unit text NOT NULL,
  deduct_type text NOT NULL,
  applies_to text NOT NULL,
  renewable boolean NOT NULL,
  upgradable boolean NOT NULL,
  stackable boolean NOT NULL,
  on_sale boolean NOT NULL,
  ours boolean NOT NULL,
  position bigint NOT NULL
);
CREATE INDEX package_types_product ON package_types (product_code, position);

CREATE TABLE specifications (
  package_type {key} NOT NULL REFERENCES package_types (code),
  value {key} NOT NULL,
  name text NOT NULL,
  months text NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (package_type, value)
);

CREATE TABLE flavors (
  cu {key} PRIMARY KEY,
  zh text NOT NULL,
  en text NOT NULL,
  vcpu bigint NOT NULL,
  memory_gb bigint NOT NULL,
  ours boolean NOT NULL,
  position bigint NOT NULL
);

CREATE TABLE prices (
  id {key} PRIMARY KEY,
  sku {key} NOT NULL,
  region text NOT NULL,
  unit text NOT NULL,
  term_months bigint NOT NULL,
  currency text NOT NULL,
  micro bigint NOT NULL,
  valid_from {time} NOT NULL,
  source text NOT NULL,
  ours boolean NOT NULL
);
CREATE INDEX prices_sku ON prices (sku, region, valid_from);
