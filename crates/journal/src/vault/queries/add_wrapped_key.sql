INSERT INTO wrapped_keys (number, master, wrapped) VALUES (?1, ?2, ?3)
