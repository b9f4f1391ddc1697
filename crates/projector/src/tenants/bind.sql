UPDATE tenants SET bound = 1, order_id = ?2, code = ?3, domain = ?4, name = ?5 WHERE tenant = ?1
