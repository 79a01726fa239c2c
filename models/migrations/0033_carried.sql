-- The number of the purchase that an order belongs to, as the requester's own books
-- have it.
ALTER TABLE orders ADD COLUMN po_number text NOT NULL DEFAULT '';
