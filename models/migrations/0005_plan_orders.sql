-- What bills of plans ask for: which order a renewal belongs to, and lists by
-- product and by time.

ALTER TABLE orders ADD COLUMN related_number bigint NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN product_code text NOT NULL DEFAULT '';
UPDATE orders SET product_code = COALESCE((SELECT package_types.product_code FROM order_lines
  JOIN package_types ON package_types.code = order_lines.name
  WHERE order_lines.order_number = orders.number AND order_lines.kind = 'plan' LIMIT 1), '') WHERE kinds = 'plan';
CREATE INDEX orders_plans ON orders (team_id, created_at DESC, number DESC) WHERE product_code <> '';

CREATE INDEX plans_product ON plans (team_id, product_code, created_at DESC, id DESC);

INSERT INTO counters (team_id, name, value)
  SELECT team_id, 'plan.' || product_code, COUNT(*) FROM plans GROUP BY team_id, product_code;

DROP INDEX plan_deductions_day;
CREATE INDEX plan_deductions_day ON plan_deductions (team_id, day DESC, plan_id DESC, bucket_id DESC);
