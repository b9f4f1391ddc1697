INSERT INTO usage (merchant, license_id, listing, taken, denied, version, position, recorded_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT DO UPDATE SET
    listing = coalesce(excluded.listing, listing),
    taken = taken + excluded.taken, denied = denied + excluded.denied,
    version = excluded.version, position = excluded.position, recorded_at = excluded.recorded_at
