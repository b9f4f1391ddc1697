//! The projection of enterprises: what they are bound with, their clients, members and departments.

use rusqlite::{Connection, params};
use tenure_domain::tenant::{
    Access, Account, Binding, Department, Event, Leave, MemberId, TenantKey,
};
use tenure_domain::{ApplicationId, DepartmentCode, LicenseId, OrderId};
use tenure_journal::Record;

use crate::sealed;
use crate::store::StoreError;

/// The projection's name.
pub const NAME: &str = "tenants";
/// The version of its rows. Raise it when they come out differently.
pub const VERSION: u32 = 1;

/// The rows of one enterprise.
struct Rows<'a> {
    connection: &'a Connection,
    /// Its number: the position of its first record.
    tenant: u64,
    /// The position of the record that is applied.
    position: u64,
}

/// Applies an event of an enterprise: what `Tenant::evolve` does, on rows.
pub(crate) fn apply(
    connection: &Connection,
    key: &TenantKey,
    event: &Event,
    record: &Record,
) -> Result<(), StoreError> {
    let rows = Rows {
        connection,
        tenant: touch(connection, key, record)?,
        position: record.position.number(),
    };
    match event {
        Event::Bound(binding) => rows.bind(binding)?,
        Event::Unbound => rows.unbind()?,
        Event::ClientSet {
            application,
            client,
        } => {
            connection
                .prepare_cached(include_str!("tenants/put_client.sql"))?
                .execute((rows.tenant, application.as_str(), &client.id))?;
        },
        Event::ClientRemoved { application } => {
            connection
                .prepare_cached(
                    "DELETE FROM tenant_clients WHERE tenant = ?1 AND application_id = ?2",
                )?
                .execute((rows.tenant, application.as_str()))?;
        },
        Event::MembersGranted {
            application,
            members,
        } => rows.tell(include_str!("tenants/grant.sql"), application, members)?,
        Event::MembersChanged {
            application,
            members,
        } => rows.tell(include_str!("tenants/change.sql"), application, members)?,
        Event::MembersWithdrawn {
            application,
            members,
            leave,
        } => rows.withdraw(application, members, *leave)?,
        Event::DepartmentsSet { departments } => rows.set(departments)?,
        Event::DepartmentsRemoved { departments } => rows.remove(departments)?,
    }
    Ok(())
}

/// Keeps where the stream is, and returns the number of the enterprise.
fn touch(connection: &Connection, key: &TenantKey, record: &Record) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(include_str!("tenants/touch.sql"))?
        .query_row(
            params![
                record.position.number(),
                record.stream.merchant.as_str(),
                key.tenant.as_str(),
                key.listing.as_str(),
                key.partition.name(),
                instance(key.instance.as_ref()),
                record.version.number(),
                record.effective_at.micros(),
                record.recorded_at.micros(),
            ],
            |row| row.get(0),
        )
}

/// An instance as its column tells it: no id is empty.
pub(crate) fn instance(id: Option<&LicenseId>) -> &str {
    id.map_or("", LicenseId::as_str)
}

impl Rows<'_> {
    fn bind(&self, binding: &Binding) -> rusqlite::Result<()> {
        let Binding {
            order,
            code,
            domain,
            name,
        } = binding;
        self.connection
            .prepare_cached(include_str!("tenants/bind.sql"))?
            .execute(params![
                self.tenant,
                order.as_ref().map(OrderId::as_str),
                code,
                domain,
                sealed::write(name),
            ])?;
        Ok(())
    }

    fn unbind(&self) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(include_str!("tenants/unbind.sql"))?
            .execute([self.tenant])?;
        self.connection
            .prepare_cached("DELETE FROM tenant_clients WHERE tenant = ?1")?
            .execute([self.tenant])?;
        self.connection
            .prepare_cached(include_str!("tenants/withdraw_all.sql"))?
            .execute((self.tenant, self.position))?;
        Ok(())
    }

    /// Writes what is told of members, as `sql` says.
    fn tell(
        &self,
        sql: &str,
        application: &ApplicationId,
        members: &[(MemberId, Account)],
    ) -> rusqlite::Result<()> {
        let mut put = self.connection.prepare_cached(sql)?;
        for (id, account) in members {
            let Account {
                role,
                enabled,
                department,
                profile,
            } = account;
            put.execute(params![
                self.tenant,
                application.as_str(),
                id.bytes(),
                role.name(),
                enabled,
                department.as_str(),
                sealed::write(profile),
                self.position,
            ])?;
        }
        Ok(())
    }

    fn withdraw(
        &self,
        application: &ApplicationId,
        members: &[MemberId],
        leave: Leave,
    ) -> rusqlite::Result<()> {
        let access = match leave {
            Leave::Application => Access::Withdrawn,
            Leave::Enterprise => Access::Deleted,
        };
        let mut withdraw = self
            .connection
            .prepare_cached(include_str!("tenants/withdraw.sql"))?;
        for id in members {
            withdraw.execute(params![
                self.tenant,
                application.as_str(),
                id.bytes(),
                access.name(),
                self.position,
            ])?;
        }
        Ok(())
    }

    fn set(&self, departments: &[(DepartmentCode, Department)]) -> rusqlite::Result<()> {
        let mut put = self
            .connection
            .prepare_cached(include_str!("tenants/put_department.sql"))?;
        for (code, Department { parent, name }) in departments {
            put.execute(params![
                self.tenant,
                code.as_str(),
                parent.as_ref().map(DepartmentCode::as_str),
                sealed::write(name),
                self.position,
            ])?;
        }
        Ok(())
    }

    fn remove(&self, departments: &[DepartmentCode]) -> rusqlite::Result<()> {
        let mut remove = self
            .connection
            .prepare_cached("DELETE FROM tenant_departments WHERE tenant = ?1 AND code = ?2")?;
        for code in departments {
            remove.execute((self.tenant, code.as_str()))?;
        }
        Ok(())
    }
}
