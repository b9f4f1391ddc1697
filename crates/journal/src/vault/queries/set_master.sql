UPDATE vault SET master = ?1 WHERE id = 1
