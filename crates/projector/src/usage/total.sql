SELECT ten_thousandths, ended_at FROM usage_totals
WHERE merchant = ?1 AND license_id = ?2 AND package_id = ?3
