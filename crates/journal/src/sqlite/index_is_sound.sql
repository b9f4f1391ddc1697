SELECT (SELECT count(*) FROM stream_records) = (SELECT position FROM indexed WHERE id = 1)
   AND NOT EXISTS (
       SELECT 1
       FROM stream_records LEFT JOIN records ON records.position = stream_records.position
       WHERE records.stream IS NOT stream_records.stream
          OR records.version IS NOT stream_records.version
          OR stream_records.position > (SELECT position FROM indexed WHERE id = 1)
   )
