SELECT id, merchant, state
FROM licenses
WHERE listing = :listing AND provisioning_position > 0
ORDER BY provisioning_position
LIMIT :limit
