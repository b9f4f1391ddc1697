SELECT merchant, license_id, listing, taken, denied, version, position, recorded_at
FROM usage
ORDER BY merchant, license_id
