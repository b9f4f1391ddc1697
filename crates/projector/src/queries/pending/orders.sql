SELECT id, merchant, state
FROM licenses
WHERE listing = :listing AND pending_position > 0
ORDER BY pending_position
LIMIT :limit
