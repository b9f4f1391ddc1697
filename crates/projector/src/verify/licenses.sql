SELECT id, merchant, listing, standing, expires_at, over_at, customer_id, product_id, pending_position,
       provisioning_position, file_position, version, position, effective_at, recorded_at, state
FROM licenses
ORDER BY id, merchant
