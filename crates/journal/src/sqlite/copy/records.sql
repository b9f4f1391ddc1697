INSERT INTO main.records (position, stream, version, record_id, event, format, data, effective_at, recorded_at, actor,
                          receipt_id)
SELECT position, stream, version, record_id, event, format, data, effective_at, recorded_at, actor, receipt_id
FROM source.records WHERE position > ?1 AND position <= ?2 ORDER BY position
