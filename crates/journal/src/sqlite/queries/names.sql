SELECT number, id FROM streams WHERE number >= ?1 ORDER BY number LIMIT ?2
