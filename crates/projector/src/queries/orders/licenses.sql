SELECT merchant, license_id,
       (SELECT state FROM licenses WHERE licenses.id = license_id AND licenses.merchant = license_orders.merchant)
FROM license_orders
WHERE order_id = :order
