-- Made after the rows when a model is rebuilt, and before them when it starts empty.

CREATE INDEX licenses_by_listing ON licenses (listing, id, merchant);

-- Holds all that a status is computed from.
CREATE INDEX licenses_by_standing ON licenses (standing, id, merchant, expires_at, over_at);

CREATE INDEX licenses_by_end ON licenses (expires_at, id, merchant) WHERE expires_at IS NOT NULL;

CREATE INDEX licenses_by_customer ON licenses (customer_id, id, merchant) WHERE customer_id IS NOT NULL;

-- Small as soon as orders are asked about. The listing comes first, so that what one listing leaves
-- open costs the others nothing.
CREATE INDEX licenses_by_pending ON licenses (listing, pending_position) WHERE pending_position IS NOT NULL;

CREATE INDEX licenses_by_provisioning ON licenses (listing, provisioning_position)
    WHERE provisioning_position IS NOT NULL;

CREATE INDEX licenses_by_file ON licenses (listing, file_position) WHERE file_position IS NOT NULL;

CREATE INDEX usage_pending_by_license ON usage_pending (listing, merchant, license_id, position);

CREATE INDEX usage_totals_by_package ON usage_totals (merchant, package_id, license_id)
    WHERE package_id <> '';

CREATE INDEX tenants_by_partition ON tenants (partition);

CREATE INDEX tenants_by_listing ON tenants (listing, partition);

CREATE INDEX tenants_by_tenant ON tenants (tenant_id, partition);

CREATE INDEX tenants_by_instance ON tenants (instance_id) WHERE instance_id <> '';

-- Those of one tenant and listing, by what was written last.
CREATE INDEX tenants_by_word ON tenants (tenant_id, listing, position);

CREATE INDEX tenant_members_by_department ON tenant_members (tenant, department, application_id, member_id);

CREATE INDEX receipts_by_arrival ON receipts (arrived_at, id);

CREATE INDEX receipts_by_listing ON receipts (listing, arrived_at, id);

CREATE INDEX receipts_by_verdict ON receipts (verdict, arrived_at, id);

CREATE INDEX receipts_by_license ON receipts (license_id, arrived_at, id) WHERE license_id IS NOT NULL;

-- Finds the oldest of those that nobody vouches for, which are kept in bounded number.
CREATE INDEX receipts_of_strangers ON receipts (id) WHERE authentic = 0;
