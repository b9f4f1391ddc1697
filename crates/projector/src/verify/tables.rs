//! The tables that are compared, and how their rows are named.

use rusqlite::types::Value;

use super::shown;

/// The column whose bytes are taken apart.
pub(super) const STATE: &str = "state";

/// A table whose rows are compared.
pub(super) struct Table {
    /// All columns, the key's first and in its order.
    pub(super) columns: &'static [&'static str],
    /// How many of them are the key.
    pub(super) keys: usize,
    /// Selects the columns in the order of the key.
    pub(super) sql: &'static str,
    /// Names what a row is about.
    pub(super) subject: fn(&[Value]) -> String,
}

pub(super) const TABLES: [Table; 10] = [
    Table {
        columns: &[
            "id",
            "merchant",
            "listing",
            "standing",
            "expires_at",
            "over_at",
            "customer_id",
            "product_id",
            "pending_position",
            "provisioning_position",
            "file_position",
            "version",
            "position",
            "effective_at",
            "recorded_at",
            STATE,
        ],
        keys: 2,
        sql: include_str!("licenses.sql"),
        subject: |row| format!("{}/license/{}", shown(row.get(1)), shown(row.first())),
    },
    Table {
        columns: &["order_id", "merchant", "license_id"],
        keys: 3,
        sql: include_str!("license_orders.sql"),
        subject: |row| {
            let (order, license) = (shown(row.first()), shown(row.get(2)));
            format!("{}/order/{order} of license {license}", shown(row.get(1)))
        },
    },
    Table {
        columns: &[
            "order_id",
            "merchant",
            "line_id",
            "listing",
            "notified_at",
            "position",
        ],
        keys: 3,
        sql: include_str!("orders.sql"),
        subject: |row| {
            let (order, line) = (shown(row.first()), shown(row.get(2)));
            format!("{}/order/{order}/{line}", shown(row.get(1)))
        },
    },
    Table {
        columns: &[
            "merchant",
            "license_id",
            "listing",
            "taken",
            "denied",
            "version",
            "position",
            "recorded_at",
        ],
        keys: 2,
        sql: include_str!("usage.sql"),
        subject: |row| format!("{}/usage/{}", shown(row.first()), shown(row.get(1))),
    },
    Table {
        columns: &[
            "merchant",
            "license_id",
            "package_id",
            "ten_thousandths",
            "ended_at",
        ],
        keys: 3,
        sql: include_str!("usage_totals.sql"),
        subject: |row| {
            let (license, package) = (shown(row.get(1)), shown(row.get(2)));
            format!(
                "{}/usage/{license} from package {package:?}",
                shown(row.first())
            )
        },
    },
    Table {
        columns: &["merchant", "license_id", "serial", "listing", "position"],
        keys: 3,
        sql: include_str!("usage_pending.sql"),
        subject: |row| {
            let (license, serial) = (shown(row.get(1)), shown(row.get(2)));
            format!("{}/usage/{license} report {serial}", shown(row.first()))
        },
    },
    Table {
        columns: &[
            "merchant",
            "listing",
            "partition",
            "instance_id",
            "tenant_id",
            "first_position",
            "bound",
            "order_id",
            "code",
            "domain",
            "name",
            "version",
            "position",
            "effective_at",
            "recorded_at",
        ],
        keys: 5,
        sql: include_str!("tenants.sql"),
        subject: tenant,
    },
    Table {
        columns: &[
            "merchant",
            "listing",
            "partition",
            "instance_id",
            "tenant_id",
            "application_id",
            "client_id",
        ],
        keys: 6,
        sql: include_str!("tenant_clients.sql"),
        subject: |row| format!("{} client for {}", tenant(row), shown(row.get(5))),
    },
    Table {
        columns: &[
            "merchant",
            "listing",
            "partition",
            "instance_id",
            "tenant_id",
            "application_id",
            "member_id",
            "access",
            "grants",
            "role",
            "enabled",
            "department",
            "profile",
            "position",
        ],
        keys: 7,
        sql: include_str!("tenant_members.sql"),
        subject: |row| {
            let (application, member) = (shown(row.get(5)), shown(row.get(6)));
            format!("{} member {member} for {application}", tenant(row))
        },
    },
    Table {
        columns: &[
            "merchant",
            "listing",
            "partition",
            "instance_id",
            "tenant_id",
            "code",
            "parent",
            "name",
            "position",
        ],
        keys: 6,
        sql: include_str!("tenant_departments.sql"),
        subject: |row| format!("{} department {}", tenant(row), shown(row.get(5))),
    },
];

/// Names an enterprise by the five columns that its rows begin with.
fn tenant(row: &[Value]) -> String {
    let [merchant, listing, partition, instance, tenant] =
        [0, 1, 2, 3, 4].map(|column| shown(row.get(column)));
    let of_instance = if instance.is_empty() {
        String::new()
    } else {
        format!(" of instance {instance}")
    };
    format!("{merchant}/tenant/{listing}/{partition}/{tenant}{of_instance}")
}
