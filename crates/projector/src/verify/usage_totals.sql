SELECT merchant, license_id, package_id, ten_thousandths, ended_at
FROM usage_totals
ORDER BY merchant, license_id, package_id
