SELECT records.position, streams.id, records.version, records.record_id, records.event, records.format, records.data,
       records.effective_at, records.recorded_at, records.actor, records.receipt_id
FROM records CROSS JOIN streams ON streams.number = records.stream
WHERE records.position > ?1
ORDER BY records.position
LIMIT ?2
