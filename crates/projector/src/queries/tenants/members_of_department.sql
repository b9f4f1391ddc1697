-- Left to itself, SQLite goes through all members.
SELECT application_id, member_id, access, grants, role, enabled, department, profile, position
FROM tenant_members INDEXED BY tenant_members_by_department
WHERE tenant = :tenant AND department = :department
