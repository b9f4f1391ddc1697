SELECT id, listing, arrived_at, method, parameters, body, activity, authentic, verdict, reason, answer, sealed_with
FROM receipts
WHERE id > ?1
ORDER BY id ASC
LIMIT ?2
