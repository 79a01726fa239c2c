-- What an order by the hour is expected to cost a month, as its lines have it.
ALTER TABLE orders ADD COLUMN month_minor bigint NOT NULL DEFAULT 0;
UPDATE orders SET month_minor = (SELECT CAST(SUM(monthly_estimate_minor) AS bigint) FROM order_lines WHERE order_number = number)
  WHERE number IN (SELECT order_number FROM order_lines WHERE hourly_micro > 0);
