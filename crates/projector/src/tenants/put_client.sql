INSERT OR REPLACE INTO tenant_clients (tenant, application_id, client_id) VALUES (?1, ?2, ?3)
