UPDATE usage_pending SET listing = ?3
WHERE merchant = ?1 AND license_id = ?2 AND listing <> ?3
