SELECT code, parent, name, position
FROM tenant_departments
WHERE tenant = :tenant
