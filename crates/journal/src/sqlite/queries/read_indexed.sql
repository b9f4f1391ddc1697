SELECT records.position, records.version, records.event, records.format, records.data
FROM stream_records CROSS JOIN records ON records.position = stream_records.position
WHERE stream_records.stream = ?1
ORDER BY stream_records.version
