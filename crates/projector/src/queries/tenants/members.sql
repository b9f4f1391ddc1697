SELECT application_id, member_id, access, grants, role, enabled, department, profile, position
FROM tenant_members
WHERE tenant = :tenant
