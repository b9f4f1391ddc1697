UPDATE tenant_members SET access = 'withdrawn', position = ?2 WHERE tenant = ?1 AND access = 'granted'
