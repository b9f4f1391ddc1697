INSERT INTO tenants (tenant, merchant, tenant_id, listing, partition, instance_id, bound,
    version, position, effective_at, recorded_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?1, ?8, ?9)
ON CONFLICT (tenant_id, listing, partition, instance_id, merchant) DO UPDATE SET
    version = excluded.version, position = excluded.position,
    effective_at = excluded.effective_at, recorded_at = excluded.recorded_at
RETURNING tenant
