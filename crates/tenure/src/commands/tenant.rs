//! `tenure tenant list|show|users|departments`

use std::sync::Arc;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::Serialize;
use tenure_api::view::{
    DepartmentView, DepartmentsPage, ScopeView, TenantView, TenantsPage, UserView, UsersPage,
};
use tenure_domain::tenant::{Access, Partition};
use tenure_domain::{ApplicationId, DepartmentCode, LicenseId, ListingId, TenantId};
use tenure_journal::SystemClock;
use tenure_journal::vault::Vault;
use tenure_projector::{MemberFilter, Queries, TenantFilter};

use crate::commands::history::failure;
use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::output::Output;

/// Enterprises that the joint-operation kit told of, as the read model has them.
#[derive(Debug, Subcommand)]
pub(crate) enum Tenant {
    /// List enterprises, one row for each instance that one has to do with
    #[command(after_help = "Example: tenure tenant list --listing cad-pro")]
    List {
        #[command(flatten)]
        asked: Asked,
    },
    /// Show an enterprise, one row for each instance that it has to do with
    #[command(after_help = "Example: tenure tenant show t-0001 --format json")]
    Show {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        asked: Asked,
    },
    /// List the members of an enterprise
    #[command(after_help = "Example: tenure tenant users t-0001 --access granted")]
    Users {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        asked: Asked,
        /// Told of for this application
        #[arg(long, value_parser = ApplicationId::parse)]
        application: Option<ApplicationId>,
        /// Who may use it (granted), no longer may (withdrawn), or left the enterprise (deleted)
        #[arg(long, value_parser = access)]
        access: Option<Access>,
        /// In this department
        #[arg(long, value_parser = DepartmentCode::parse)]
        department: Option<DepartmentCode>,
    },
    /// List the departments of an enterprise
    #[command(after_help = "Example: tenure tenant departments t-0001")]
    Departments {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        asked: Asked,
    },
}

/// Which enterprise.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The enterprise: its tenant id
    #[arg(value_parser = TenantId::parse)]
    id: TenantId,
}

/// What is asked of all lists.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// Told through this production address
    #[arg(long, value_parser = ListingId::parse)]
    listing: Option<ListingId>,
    /// For this instance
    #[arg(long, value_parser = LicenseId::parse)]
    instance: Option<LicenseId>,
    /// What test calls told, instead of what real ones did
    #[arg(long)]
    test: bool,
    /// How many at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: u16,
    /// Go on where a page of the same question ended
    #[arg(long)]
    cursor: Option<String>,
}

/// The read model, and what opens the sealed texts in it.
struct Opened {
    queries: Queries,
    vault: Vault,
}

impl Tenant {
    /// Runs it.
    pub(crate) fn run(self, config: &Config, output: Output) -> Result<(), Failure> {
        let opened = Opened::of(config)?;
        match self {
            Self::List { asked } => opened.list(&asked, None, output),
            Self::Show { which, asked } => {
                opened.refuse_unknown(&which.id, &asked)?;
                opened.list(&asked, Some(which.id), output)
            },
            Self::Users {
                which,
                asked,
                application,
                access,
                department,
            } => {
                opened.refuse_unknown(&which.id, &asked)?;
                let filter = MemberFilter {
                    application,
                    access,
                    department,
                };
                opened.users(&which.id, &asked, &filter, output)
            },
            Self::Departments { which, asked } => {
                opened.refuse_unknown(&which.id, &asked)?;
                opened.departments(&which.id, &asked, output)
            },
        }
    }
}

impl Opened {
    fn of(config: &Config) -> Result<Self, Failure> {
        let queries = Queries::open(&config.projector.path).unavailable()?;
        let vault = config
            .open_present_vault(Arc::new(SystemClock))
            .unavailable()?;
        Ok(Self { queries, vault })
    }

    fn refuse_unknown(&self, id: &TenantId, asked: &Asked) -> Result<(), Failure> {
        let filter = asked.filter(Some(id.clone()));
        let found = self.queries.tenants(&filter, 1, None).unavailable()?;
        if found.items.is_empty() {
            let hint = if asked.test {
                ""
            } else {
                "; --test shows what test calls told"
            };
            return Err(anyhow!("nothing was told of an enterprise {id}{hint}")).wrong();
        }
        Ok(())
    }

    fn list(&self, asked: &Asked, id: Option<TenantId>, output: Output) -> Result<(), Failure> {
        let checkpoint = self.queries.checkpoint().unavailable()?;
        let cursor = asked.cursor.as_deref();
        let page = self
            .queries
            .tenants(&asked.filter(id), asked.limit.into(), cursor)
            .map_err(failure)?;
        let rows = page.items.iter();
        let tenants = rows.map(|row| TenantView::open(row, &self.vault));
        let page = TenantsPage {
            tenants: tenants.collect::<Result<_, _>>().unavailable()?,
            next_cursor: page.next,
            as_of: checkpoint.into(),
        };
        let head = [
            "tenant", "instance", "listing", "bound", "name", "domain", "order", "position",
        ];
        let rows = page.tenants.iter().map(|row| {
            [
                row.tenant_id.clone(),
                instance(&row.scope),
                row.scope.listing.clone(),
                yes(row.bound),
                shown(row.name.as_deref(), row.erased),
                row.domain.clone().unwrap_or_default(),
                row.order_id.clone().unwrap_or_default(),
                row.position.to_string(),
            ]
        });
        print(&page, page.next_cursor.as_deref(), head, rows, output)
    }

    fn users(
        &self,
        id: &TenantId,
        asked: &Asked,
        filter: &MemberFilter,
        output: Output,
    ) -> Result<(), Failure> {
        let checkpoint = self.queries.checkpoint().unavailable()?;
        let (streams, cursor) = (asked.filter(None), asked.cursor.as_deref());
        let page = self
            .queries
            .tenant_members(id, &streams, filter, asked.limit.into(), cursor)
            .map_err(failure)?;
        let rows = page.items.iter();
        let users = rows.map(|row| UserView::open(row, &self.vault));
        let page = UsersPage {
            users: users.collect::<Result<_, _>>().unavailable()?,
            next_cursor: page.next,
            as_of: checkpoint.into(),
        };
        let head = [
            "account",
            "name",
            "instance",
            "application",
            "access",
            "role",
            "enabled",
            "department",
        ];
        let rows = page.users.iter().map(|row| {
            let profile = row.profile.as_ref();
            [
                shown(profile.map(|it| it.user_name.as_str()), row.erased),
                shown(profile.map(|it| it.name.as_str()), row.erased),
                instance(&row.scope),
                row.application_id.clone(),
                row.access.clone(),
                row.role.clone(),
                yes(row.enabled),
                row.department_code.clone(),
            ]
        });
        print(&page, page.next_cursor.as_deref(), head, rows, output)
    }

    fn departments(&self, id: &TenantId, asked: &Asked, output: Output) -> Result<(), Failure> {
        let checkpoint = self.queries.checkpoint().unavailable()?;
        let (streams, cursor) = (asked.filter(None), asked.cursor.as_deref());
        let page = self
            .queries
            .tenant_departments(id, &streams, asked.limit.into(), cursor)
            .map_err(failure)?;
        let rows = page.items.iter();
        let departments = rows.map(|row| DepartmentView::open(row, &self.vault));
        let page = DepartmentsPage {
            departments: departments.collect::<Result<_, _>>().unavailable()?,
            next_cursor: page.next,
            as_of: checkpoint.into(),
        };
        let head = ["department", "name", "above", "instance", "position"];
        let rows = page.departments.iter().map(|row| {
            [
                row.department_code.clone(),
                shown(row.name.as_deref(), row.erased),
                row.parent_code.clone().unwrap_or_default(),
                instance(&row.scope),
                row.position.to_string(),
            ]
        });
        print(&page, page.next_cursor.as_deref(), head, rows, output)
    }
}

impl Asked {
    fn filter(&self, tenant: Option<TenantId>) -> TenantFilter {
        let partition = if self.test {
            Partition::Test
        } else {
            Partition::Real
        };
        TenantFilter {
            merchant: None,
            listing: self.listing.clone(),
            partition: Some(partition),
            instance: self.instance.clone(),
            tenant,
            bound: None,
        }
    }
}

fn access(text: &str) -> Result<Access, String> {
    Access::from_name(text).ok_or_else(|| "one of granted, withdrawn, deleted".to_owned())
}

/// Prints a page: whole for programs, as rows for people.
fn print<const N: usize>(
    page: &impl Serialize,
    next_cursor: Option<&str>,
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
    output: Output,
) -> Result<(), Failure> {
    if output.is_json() {
        output.json(&serde_json::to_value(page).unavailable()?);
        return Ok(());
    }
    output.table(head, rows);
    if let Some(cursor) = next_cursor {
        output.line(format_args!("More: --cursor {cursor}"));
    }
    Ok(())
}

fn instance(scope: &ScopeView) -> String {
    scope.instance_id.clone().unwrap_or_default()
}

/// A text that was sealed.
fn shown(text: Option<&str>, erased: bool) -> String {
    match text {
        Some(text) => text.to_owned(),
        None if erased => "(erased)".to_owned(),
        None => String::new(),
    }
}

fn yes(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}
