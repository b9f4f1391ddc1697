INSERT INTO main.stream_records (stream, version, position)
SELECT stream, version, position FROM main.records
WHERE position > (SELECT position FROM main.indexed WHERE id = 1) ORDER BY stream, version
