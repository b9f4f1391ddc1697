SELECT merchant, license_id
FROM license_orders
WHERE order_id = :order
