SELECT id, listing, arrived_at, method, activity, authentic, verdict, reason, merchant, license_id
FROM receipts
WHERE TRUE
