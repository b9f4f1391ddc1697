CASE
    WHEN standing NOT IN ('issued', 'in_force') THEN standing
    WHEN over_at <= :at THEN 'expired'
    WHEN standing = 'issued' THEN 'issued'
    WHEN expires_at <= :at THEN 'grace'
    ELSE 'active'
END
