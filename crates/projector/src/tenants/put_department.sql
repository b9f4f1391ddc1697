INSERT OR REPLACE INTO tenant_departments (tenant, code, parent, name, position) VALUES (?1, ?2, ?3, ?4, ?5)
