INSERT OR IGNORE INTO license_orders (order_id, merchant, license_id) VALUES (?1, ?2, ?3)
