SELECT licenses.position, licenses.recorded_at, licenses.last_id, receipts.last_id
FROM projections AS licenses CROSS JOIN projections AS receipts
WHERE licenses.name = 'licenses' AND receipts.name = 'receipts'
