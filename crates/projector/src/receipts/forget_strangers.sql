DELETE FROM receipts WHERE id IN (SELECT id FROM receipts WHERE authentic = 0 ORDER BY id LIMIT ?1)
