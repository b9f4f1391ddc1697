INSERT INTO keys (id, owner, created_at) VALUES (?1, ?2, ?3)
