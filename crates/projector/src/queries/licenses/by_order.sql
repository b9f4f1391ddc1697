(id, merchant) IN (SELECT license_id, merchant FROM license_orders WHERE order_id = :order)
