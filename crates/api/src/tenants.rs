//! Questions about enterprises, their members and departments, from the read model. What is about
//! people is kept sealed, and opened for the answer.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use tenure_domain::tenant::{Access, Partition};
use tenure_domain::{ApplicationId, DepartmentCode, LicenseId, TenantId};
use tenure_journal::vault::VaultError;
use tenure_journal::{ReadError, ReadLog, Record, StreamId};
use tenure_projector::{Checkpoint, MemberFilter, Page, Queries, TenantFilter};

use crate::api::Api;
use crate::document::{Paging, Scope, Waiting};
use crate::parameters::Parameters;
use crate::problem::{Problem, ProblemView};
use crate::view::{
    AsOf, DepartmentView, DepartmentsPage, HistoryView, RecordView, TenantView, TenantsPage,
    UserView, UsersPage,
};

/// The most streams of one enterprise whose records are put together.
const STREAMS_MAX: usize = 1_000;

/// The parameters that say which streams of an enterprise are meant.
const SCOPE: [&str; 3] = ["listing", "partition", "instance"];

/// What all questions about enterprises have in common.
struct Asked {
    filter: TenantFilter,
    limit: usize,
    cursor: Option<String>,
}

/// Lists enterprises: one row for each instance that one has to do with, in the order in which
/// they were first told of.
#[utoipa::path(get, path = "/v1/tenants", tag = "tenants", operation_id = "list_tenants",
    params(
        Scope,
        ("tenant" = Option<String>, Query, description = "Of this name."),
        ("bound" = Option<bool>, Query, description = "Whether it is bound."),
        Paging,
        Waiting,
    ),
    responses((status = 200, body = TenantsPage), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn list(
    request: HttpRequest,
    api: Data<Api>,
) -> Result<Json<TenantsPage>, Problem> {
    let parameters = parameters(&request, &["tenant", "bound"])?;
    let mut asked = asked(&api, &parameters).await?;
    asked.filter.tenant = parameters.parsed("tenant", TenantId::parse)?;
    asked.filter.bound = parameters.word("bound", &["true", "false"], |it| it.parse().ok())?;
    page(&api, asked, None).await
}

/// Shows an enterprise: one row for each instance that it has to do with.
#[utoipa::path(get, path = "/v1/tenants/{id}", tag = "tenants", operation_id = "show_tenant",
    params(
        ("id" = String, Path, description = "The enterprise, percent-encoded."),
        Scope,
        Paging,
        Waiting,
    ),
    responses((status = 200, body = TenantsPage), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn show(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<TenantsPage>, Problem> {
    let id = tenant_id(&id)?;
    let mut asked = asked(&api, &parameters(&request, &[])?).await?;
    asked.filter.tenant = Some(id.clone());
    page(&api, asked, Some(id)).await
}

async fn page(
    api: &Api,
    asked: Asked,
    must_be_known: Option<TenantId>,
) -> Result<Json<TenantsPage>, Problem> {
    let vault = api.vault.clone();
    let answered = api.read_model.ask(move |queries| {
        if let Some(id) = must_be_known {
            refuse_the_unknown(queries, &id, &asked.filter)?;
        }
        let checkpoint = queries.checkpoint()?;
        let page = queries.tenants(&asked.filter, asked.limit, asked.cursor.as_deref())?;
        opened(page, checkpoint, |row| TenantView::open(row, &vault))
    });
    let (tenants, next_cursor, as_of) = answered.await?;
    Ok(Json(TenantsPage {
        tenants,
        next_cursor,
        as_of,
    }))
}

/// Lists the members of an enterprise, instance by instance and by application.
#[utoipa::path(get, path = "/v1/tenants/{id}/users", tag = "tenants", operation_id = "tenant_users",
    params(
        ("id" = String, Path, description = "The enterprise, percent-encoded."),
        ("application" = Option<String>, Query, description = "Told of for this application."),
        ("access" = Option<String>, Query, description = "`granted`, `withdrawn` or `deleted`."),
        ("department" = Option<String>, Query, description = "In this department."),
        Scope,
        Paging,
        Waiting,
    ),
    responses((status = 200, body = UsersPage), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn users(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<UsersPage>, Problem> {
    let id = tenant_id(&id)?;
    let parameters = parameters(&request, &["application", "access", "department"])?;
    let words = [Access::Granted, Access::Withdrawn, Access::Deleted].map(Access::name);
    let members = MemberFilter {
        application: parameters.parsed("application", ApplicationId::parse)?,
        access: parameters.word("access", &words, Access::from_name)?,
        department: parameters.parsed("department", DepartmentCode::parse)?,
    };
    let asked = asked(&api, &parameters).await?;
    let vault = api.vault.clone();
    let answered = api.read_model.ask(move |queries| {
        refuse_the_unknown(queries, &id, &asked.filter)?;
        let checkpoint = queries.checkpoint()?;
        let (filter, cursor) = (&asked.filter, asked.cursor.as_deref());
        let page = queries.tenant_members(&id, filter, &members, asked.limit, cursor)?;
        opened(page, checkpoint, |row| UserView::open(row, &vault))
    });
    let (users, next_cursor, as_of) = answered.await?;
    Ok(Json(UsersPage {
        users,
        next_cursor,
        as_of,
    }))
}

/// Lists the departments of an enterprise, instance by instance and by code.
#[utoipa::path(get, path = "/v1/tenants/{id}/departments", tag = "tenants", operation_id = "tenant_departments",
    params(
        ("id" = String, Path, description = "The enterprise, percent-encoded."),
        Scope,
        Paging,
        Waiting,
    ),
    responses((status = 200, body = DepartmentsPage), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn departments(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<DepartmentsPage>, Problem> {
    let id = tenant_id(&id)?;
    let asked = asked(&api, &parameters(&request, &[])?).await?;
    let vault = api.vault.clone();
    let answered = api.read_model.ask(move |queries| {
        refuse_the_unknown(queries, &id, &asked.filter)?;
        let checkpoint = queries.checkpoint()?;
        let (filter, cursor) = (&asked.filter, asked.cursor.as_deref());
        let page = queries.tenant_departments(&id, filter, asked.limit, cursor)?;
        opened(page, checkpoint, |row| DepartmentView::open(row, &vault))
    });
    let (departments, next_cursor, as_of) = answered.await?;
    Ok(Json(DepartmentsPage {
        departments,
        next_cursor,
        as_of,
    }))
}

/// Shows the records of an enterprise, oldest first, from the journal.
#[utoipa::path(get, path = "/v1/tenants/{id}/records", tag = "tenants", operation_id = "tenant_records",
    params(
        ("id" = String, Path, description = "The enterprise, percent-encoded."),
        Scope,
        Waiting,
    ),
    responses((status = 200, body = HistoryView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn records(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<HistoryView>, Problem> {
    let id = tenant_id(&id)?;
    let known = [&SCOPE[..], &["min_position"]].concat();
    let parameters = Parameters::parse(request.query_string(), &known)?;
    let filter = TenantFilter {
        tenant: Some(id.clone()),
        ..scope(&api, &parameters)?
    };
    api.await_read_model(parameters.position("min_position")?)
        .await?;
    let streams = api.read_model.ask(move |queries| {
        refuse_the_unknown(queries, &id, &filter)?;
        let page = queries.tenants(&filter, STREAMS_MAX, None)?;
        let rows = page.items.iter();
        let streams = rows.map(|row| StreamId::tenant(&row.merchant, &row.key));
        Ok::<Vec<_>, Problem>(streams.collect())
    });
    let streams = streams.await?;
    let read = api.journal.ask(move |log| read(log.as_mut(), &streams));
    Ok(Json(read.await?))
}

/// The records of some streams, in the order of the journal.
fn read(log: &mut dyn ReadLog, streams: &[StreamId]) -> Result<HistoryView, ReadError> {
    let head = log.head()?.position;
    let mut records: Vec<Record> = Vec::new();
    for stream in streams {
        records.extend(log.read_stream(stream, head)?);
    }
    records.sort_by_key(|record| record.position);
    Ok(HistoryView {
        as_of: AsOf::new(head, log.recorded_at(head)?),
        records: records.iter().map(RecordView::from).collect(),
    })
}

fn tenant_id(id: &str) -> Result<TenantId, Problem> {
    TenantId::parse(id).map_err(|error| Problem::bad_request("malformed_id", error.to_string()))
}

fn parameters(request: &HttpRequest, more: &[&str]) -> Result<Parameters, Problem> {
    let known = [&SCOPE[..], &["limit", "cursor", "min_position"], more].concat();
    Parameters::parse(request.query_string(), &known)
}

/// Reads what the questions have in common, and waits for the position that is named.
async fn asked(api: &Api, parameters: &Parameters) -> Result<Asked, Problem> {
    let asked = Asked {
        filter: scope(api, parameters)?,
        limit: parameters.limit(50, 200)?,
        cursor: parameters.text("cursor")?.map(str::to_owned),
    };
    api.await_read_model(parameters.position("min_position")?)
        .await?;
    Ok(asked)
}

/// Which streams are meant. What test calls told is shown to who asks for it.
fn scope(api: &Api, parameters: &Parameters) -> Result<TenantFilter, Problem> {
    let listing = parameters.listing()?;
    api.merchant(listing.as_ref())?;
    let words = [Partition::Real, Partition::Test].map(Partition::name);
    let partition = parameters.word("partition", &words, Partition::from_name)?;
    Ok(TenantFilter {
        merchant: None,
        listing,
        partition: Some(partition.unwrap_or(Partition::Real)),
        instance: parameters.parsed("instance", LicenseId::parse)?,
        tenant: None,
        bound: None,
    })
}

/// Tells an enterprise of which nothing is known from one that has nothing.
fn refuse_the_unknown(
    queries: &Queries,
    id: &TenantId,
    filter: &TenantFilter,
) -> Result<(), Problem> {
    let filter = TenantFilter {
        tenant: Some(id.clone()),
        ..filter.clone()
    };
    if queries.tenants(&filter, 1, None)?.items.is_empty() {
        let detail = "nothing was told of an enterprise of this name; what test calls told is shown \
                      with partition=test";
        return Err(Problem::not_found("unknown_tenant", detail));
    }
    Ok(())
}

/// The rows of a page with what is sealed in them, the next cursor, and how much the page knows.
fn opened<R, V>(
    page: Page<R>,
    checkpoint: Checkpoint,
    open: impl Fn(&R) -> Result<V, VaultError>,
) -> Result<(Vec<V>, Option<String>, AsOf), Problem> {
    let views: Result<Vec<V>, VaultError> = page.items.iter().map(open).collect();
    Ok((views?, page.next, checkpoint.into()))
}
