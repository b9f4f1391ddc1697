INSERT OR REPLACE INTO usage_pending (merchant, license_id, serial, listing, position)
VALUES (?1, ?2, ?3, ?4, ?5)
