UPDATE tenant_members SET access = ?4, position = ?5
WHERE tenant = ?1 AND application_id = ?2 AND member_id = ?3
