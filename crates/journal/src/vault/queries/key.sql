SELECT keys.number, keys.id, keys.owner, wrapped_keys.master, wrapped_keys.wrapped, keys.destroyed_at
FROM keys CROSS JOIN wrapped_keys ON wrapped_keys.number = keys.number
WHERE keys.id = ?1
