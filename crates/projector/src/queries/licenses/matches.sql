(id LIKE :q ESCAPE '\' OR product_id LIKE :q ESCAPE '\' OR customer_id LIKE :q ESCAPE '\')
