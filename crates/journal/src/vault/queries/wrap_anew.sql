UPDATE wrapped_keys SET master = ?2, wrapped = ?3 WHERE number = ?1
