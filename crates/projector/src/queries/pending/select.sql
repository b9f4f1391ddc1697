-- The inner question is answered by the index alone, so that what other listings leave open costs
-- little. The plus keeps the index of listings out, which knows no order.
SELECT licenses.id, licenses.merchant, licenses.state
FROM (
    SELECT id, merchant
    FROM licenses
    WHERE pending_position > 0 AND +listing = :listing
    ORDER BY pending_position
    LIMIT :limit
) AS oldest
CROSS JOIN licenses ON licenses.id = oldest.id AND licenses.merchant = oldest.merchant
