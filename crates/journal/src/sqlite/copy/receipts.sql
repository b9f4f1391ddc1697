INSERT INTO main.receipts (id, listing, arrived_at, method, parameters, body, activity, authentic, verdict, reason, answer,
                           sealed_with)
SELECT id, listing, arrived_at, method, parameters, body, activity, authentic, verdict, reason, answer, sealed_with
FROM source.receipts
WHERE id > (SELECT ifnull(max(id), x'') FROM main.receipts) AND id <= ?1 ORDER BY id LIMIT ?2
