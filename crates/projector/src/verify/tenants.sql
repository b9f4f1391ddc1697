SELECT merchant, listing, partition, instance_id, tenant_id, tenant, bound, order_id, code, domain, name,
       version, position, effective_at, recorded_at
FROM tenants
ORDER BY merchant, listing, partition, instance_id, tenant_id
