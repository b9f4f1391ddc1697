SELECT order_id, merchant, line_id, listing, notified_at, position
FROM orders
ORDER BY order_id, merchant, line_id
