INSERT OR REPLACE INTO licenses (id, merchant, listing, standing, expires_at, over_at, customer_id, product_id,
    pending_position, provisioning_position, file_position, version, position, effective_at, recorded_at, state)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
