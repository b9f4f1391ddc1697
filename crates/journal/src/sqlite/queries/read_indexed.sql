SELECT records.position, NULL, records.version, records.record_id, records.event, records.format, records.data,
       records.effective_at, records.recorded_at, records.actor, records.receipt_id
FROM stream_records CROSS JOIN records ON records.position = stream_records.position
WHERE stream_records.stream = ?1
ORDER BY stream_records.version
