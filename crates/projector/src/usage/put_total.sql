INSERT OR REPLACE INTO usage_totals (merchant, license_id, package_id, ten_thousandths, ended_at)
VALUES (?1, ?2, ?3, ?4, ?5)
