SELECT tenant, merchant, tenant_id, listing, partition, instance_id, order_id, code, domain, name,
       version, position, effective_at, recorded_at
FROM tenants
WHERE TRUE
