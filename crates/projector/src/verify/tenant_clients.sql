SELECT merchant, listing, partition, instance_id, tenant_id, application_id, client_id
FROM tenant_clients JOIN tenants USING (tenant)
ORDER BY merchant, listing, partition, instance_id, tenant_id, application_id
