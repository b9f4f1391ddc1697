UPDATE keys SET destroyed_at = ?2 WHERE owner = ?1 AND destroyed_at IS NULL
