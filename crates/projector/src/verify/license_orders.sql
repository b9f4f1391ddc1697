SELECT order_id, merchant, license_id FROM license_orders ORDER BY order_id, merchant, license_id
