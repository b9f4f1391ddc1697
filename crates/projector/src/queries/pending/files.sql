SELECT id, merchant, state
FROM licenses
WHERE listing = :listing AND file_position > 0
ORDER BY file_position
LIMIT :limit
