SELECT tenant, merchant, tenant_id, listing, partition, instance_id, position
FROM tenants
WHERE TRUE
