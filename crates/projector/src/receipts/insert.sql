INSERT OR REPLACE INTO receipts (id, listing, arrived_at, method, activity, authentic, verdict, reason, merchant, license_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
