SELECT merchant, listing, partition, instance_id, tenant_id, application_id, hex(member_id), access, grants, role,
       enabled, department, profile, tenant_members.position
FROM tenant_members JOIN tenants USING (tenant)
ORDER BY merchant, listing, partition, instance_id, tenant_id, application_id, member_id
