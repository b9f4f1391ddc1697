SELECT records.position, records.version, records.event, records.format, records.data
FROM records
WHERE records.position = ?1
