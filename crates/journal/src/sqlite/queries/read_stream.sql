SELECT records.position, streams.id, records.version, records.record_id, records.event, records.format, records.data,
       records.effective_at, records.recorded_at, records.actor, records.receipt_id
FROM streams JOIN records ON records.stream = streams.number
WHERE streams.id = ?1 AND records.position <= ?2
ORDER BY records.version
