SELECT license_id, ten_thousandths, ended_at
FROM usage_totals INDEXED BY usage_totals_by_package
WHERE merchant = :merchant AND package_id = :instance AND package_id <> ''
ORDER BY license_id
LIMIT :limit
