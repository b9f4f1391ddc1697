INSERT INTO receipts (id, listing, arrived_at, method, parameters, body, activity, authentic, verdict, reason, answer, sealed_with)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
