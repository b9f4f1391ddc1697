SELECT records.position, NULL, records.version, records.record_id, records.event, records.format, records.data,
       records.effective_at, records.recorded_at, records.actor, records.receipt_id
FROM streams
CROSS JOIN stream_records ON stream_records.stream = streams.number
CROSS JOIN records ON records.position = stream_records.position
WHERE streams.id = ?1 AND stream_records.position <= ?2
UNION ALL
SELECT records.position, NULL, records.version, records.record_id, records.event, records.format, records.data,
       records.effective_at, records.recorded_at, records.actor, records.receipt_id
FROM streams
CROSS JOIN records ON records.stream = streams.number
WHERE streams.id = ?1
  AND records.position > (SELECT indexed.position FROM indexed WHERE indexed.id = 1)
  AND records.position <= ?2
