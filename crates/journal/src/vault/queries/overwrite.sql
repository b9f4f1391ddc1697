UPDATE wrapped_keys SET wrapped = zeroblob(60)
WHERE number IN (SELECT number FROM keys WHERE owner = ?1 AND destroyed_at IS NULL)
