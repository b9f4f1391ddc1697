SELECT merchant, license_id, count(*), min(position) AS oldest
FROM usage_pending
WHERE listing = :listing
GROUP BY merchant, license_id
ORDER BY oldest
LIMIT :limit
