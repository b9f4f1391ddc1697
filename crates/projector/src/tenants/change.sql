UPDATE tenant_members SET role = ?4, enabled = ?5, department = ?6, profile = ?7, position = ?8
WHERE tenant = ?1 AND application_id = ?2 AND member_id = ?3
