DELETE FROM main.receipts
WHERE authentic = 0 AND id NOT IN (SELECT id FROM source.receipts WHERE authentic = 0)
