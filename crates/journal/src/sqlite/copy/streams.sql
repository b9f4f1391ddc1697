INSERT INTO main.streams (number, id)
SELECT number, id FROM source.streams
WHERE number > (SELECT ifnull(max(number), 0) FROM main.streams)
  AND number <= (SELECT max(stream) FROM source.records WHERE position > ?1 AND position <= ?2)
ORDER BY number
