SELECT id, merchant, listing, family, standing, starts_at, expires_at, over_at, customer_id, product_id, quantity,
       version, position, effective_at, recorded_at, state
FROM licenses
ORDER BY id, merchant
