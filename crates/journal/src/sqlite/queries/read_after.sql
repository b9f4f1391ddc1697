SELECT records.position, records.stream, records.version, records.record_id, records.event, records.format, records.data,
       records.effective_at, records.recorded_at, records.actor, records.receipt_id
FROM records
WHERE records.position > ?1
ORDER BY records.position
LIMIT ?2
