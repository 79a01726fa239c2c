-- How many orders of each product a team has, for lists that tell it.

INSERT INTO counters (team_id, name, value)
  SELECT team_id, 'order.of.' || product_code, COUNT(*) FROM orders WHERE product_code <> '' GROUP BY team_id, product_code;
