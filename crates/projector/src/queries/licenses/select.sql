SELECT id, merchant, version, position, effective_at, recorded_at, standing, state
FROM licenses
WHERE TRUE
