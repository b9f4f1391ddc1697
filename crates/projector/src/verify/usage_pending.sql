SELECT merchant, license_id, serial, listing, position
FROM usage_pending
ORDER BY merchant, license_id, serial
