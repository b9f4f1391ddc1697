INSERT INTO records (position, stream, version, record_id, event, format, data, effective_at, recorded_at, actor, receipt_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
