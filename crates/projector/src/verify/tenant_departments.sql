SELECT merchant, listing, partition, instance_id, tenant_id, tenant_departments.code, parent, tenant_departments.name,
       tenant_departments.position
FROM tenant_departments JOIN tenants USING (tenant)
ORDER BY merchant, listing, partition, instance_id, tenant_id, tenant_departments.code
