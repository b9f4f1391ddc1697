UPDATE tenants SET bound = 0, order_id = NULL, code = NULL, domain = NULL, name = NULL WHERE tenant = ?1
