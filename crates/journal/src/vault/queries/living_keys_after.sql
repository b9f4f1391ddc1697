SELECT keys.number, keys.id, keys.owner, wrapped_keys.master, wrapped_keys.wrapped
FROM keys CROSS JOIN wrapped_keys ON wrapped_keys.number = keys.number
WHERE keys.number > ?1 AND keys.destroyed_at IS NULL
ORDER BY keys.number
LIMIT ?2
