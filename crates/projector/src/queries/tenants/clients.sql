SELECT application_id, client_id
FROM tenant_clients
WHERE tenant = :tenant
