INSERT INTO tenant_members (tenant, application_id, member_id, access, grants, role, enabled, department, profile, position)
VALUES (?1, ?2, ?3, 'granted', 1, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT DO UPDATE SET
    grants = min(grants + (access <> 'granted'), 4294967295), access = 'granted',
    role = excluded.role, enabled = excluded.enabled, department = excluded.department,
    profile = excluded.profile, position = excluded.position
