SELECT position, recorded_at, record_id FROM records ORDER BY position DESC LIMIT 1
