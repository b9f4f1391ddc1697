INSERT OR IGNORE INTO orders (order_id, merchant, line_id, listing, notified_at, position)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
