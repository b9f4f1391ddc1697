SELECT license_id
FROM usage_totals
WHERE merchant = :merchant AND package_id = :package AND package_id <> ''
ORDER BY license_id
LIMIT :limit
