SELECT merchant, line_id, listing, notified_at, position
FROM orders
WHERE order_id = :order
