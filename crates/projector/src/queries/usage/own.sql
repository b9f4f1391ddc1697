SELECT ten_thousandths, ended_at
FROM usage_totals
WHERE merchant = :merchant AND license_id = :instance
