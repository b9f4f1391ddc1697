//! Questions about the members and the departments of an enterprise.

use rusqlite::{Connection, Row};
use tenure_domain::tenant::{Access, Account, Department, MemberId, Role, TenantKey};
use tenure_domain::{ApplicationId, DepartmentCode, Digest, MerchantId, TenantId};
use tenure_journal::Position;

use super::{STREAMS, Stream, TenantFilter, ask, of_tenant, stream, unpacked};
use crate::queries::question::Question;
use crate::queries::{PAGE_ROWS_MAX, Page, Queries, QueryError, cursor, damaged, parsed};

/// A member of an enterprise, for one application and one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// Whose enterprise it is.
    pub merchant: MerchantId,
    /// The enterprise, and the instance.
    pub key: TenantKey,
    /// The application.
    pub application: ApplicationId,
    /// The member.
    pub id: MemberId,
    /// Whether the member may use the application.
    pub access: Access,
    /// How often access was given to somebody who had none.
    pub grants: u32,
    /// What was told last.
    pub account: Account,
    /// The position of the last record that changed something about the member.
    pub position: Position,
    tenant: Position,
}

/// Which members are asked for: those that meet all that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberFilter {
    /// Who may use, or might once use, this application.
    pub application: Option<ApplicationId>,
    /// With this access.
    pub access: Option<Access>,
    /// In this department.
    pub department: Option<DepartmentCode>,
}

/// A department of an enterprise, for one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartmentRow {
    /// Whose enterprise it is.
    pub merchant: MerchantId,
    /// The enterprise, and the instance.
    pub key: TenantKey,
    /// Its code.
    pub code: DepartmentCode,
    /// The department.
    pub department: Department,
    /// The position of the last record that changed something about it.
    pub position: Position,
    tenant: Position,
}

const MEMBERS: &str = include_str!("members.sql");
const MEMBERS_OF_DEPARTMENT: &str = include_str!("members_of_department.sql");
const DEPARTMENTS: &str = include_str!("departments.sql");

pub(super) const MEMBERS_ORDER: &str = "application_id, member_id";
pub(super) const DEPARTMENTS_ORDER: &str = "code";

/// Where a member stands in a list: the stream, the application, the member.
type MemberPlace = (u64, String, String);
/// Where a department stands in a list: the stream, the department.
type DepartmentPlace = (u64, String);

impl Queries {
    /// The members of an enterprise that meet a filter, stream by stream in the order in which
    /// those began, and by application. `streams` bounds the streams, its `tenant` is not looked at.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] if the cursor is malformed.
    pub fn tenant_members(
        &self,
        tenant: &TenantId,
        streams: &TenantFilter,
        filter: &MemberFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<MemberRow>, QueryError> {
        let connection = self.connection()?;
        let place: Option<MemberPlace> = cursor.map(cursor::decode).transpose()?;
        let begin = place.as_ref().map(|(stream, _, _)| *stream);
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        let mut members = Vec::new();
        for stream in streams_of(&connection, tenant, streams, begin)? {
            let after = place.as_ref().filter(|it| it.0 == stream.first.number());
            let mut question = ask_members(&stream, filter, after)?;
            question.order(MEMBERS_ORDER, limit + 1 - members.len());
            members.extend(question.rows(&connection, |row| member(row, &stream))?);
            if members.len() > limit {
                break;
            }
        }
        Ok(Page::cut(members, limit, |row| {
            let (application, member) = (row.application.as_str(), hex::encode(row.id.bytes()));
            (row.tenant.number(), application.to_owned(), member)
        }))
    }

    /// The departments of an enterprise, stream by stream in the order in which those began, and by
    /// code. `streams` bounds the streams, its `tenant` is not looked at.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] if the cursor is malformed.
    pub fn tenant_departments(
        &self,
        tenant: &TenantId,
        streams: &TenantFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<DepartmentRow>, QueryError> {
        let connection = self.connection()?;
        let place: Option<DepartmentPlace> = cursor.map(cursor::decode).transpose()?;
        let begin = place.as_ref().map(|(stream, _)| *stream);
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        let mut departments = Vec::new();
        for stream in streams_of(&connection, tenant, streams, begin)? {
            let after = place.as_ref().filter(|it| it.0 == stream.first.number());
            let mut question = ask_departments(&stream, after);
            question.order(DEPARTMENTS_ORDER, limit + 1 - departments.len());
            departments.extend(question.rows(&connection, |row| department(row, &stream))?);
            if departments.len() > limit {
                break;
            }
        }
        Ok(Page::cut(departments, limit, |row| {
            (row.tenant.number(), row.code.as_str().to_owned())
        }))
    }
}

/// The streams of an enterprise, from one of them on.
fn streams_of(
    connection: &Connection,
    tenant: &TenantId,
    filter: &TenantFilter,
    begin: Option<u64>,
) -> Result<Vec<Stream>, QueryError> {
    let filter = TenantFilter {
        tenant: Some(tenant.clone()),
        ..filter.clone()
    };
    let mut question = ask(STREAMS, &filter);
    let begin = begin.map(|it| i64::try_from(it).unwrap_or(i64::MAX));
    question.and_if("tenant >= :begin", ":begin", begin);
    question.sql.push_str(" ORDER BY tenant");
    question.rows(connection, stream)
}

/// The question that a filter of members is.
pub(super) fn ask_members(
    stream: &Stream,
    filter: &MemberFilter,
    after: Option<&MemberPlace>,
) -> Result<Question, QueryError> {
    let mut question = match &filter.department {
        Some(department) => {
            let mut question = of_tenant(MEMBERS_OF_DEPARTMENT, stream.first);
            question.bind(":department", department.as_str().to_owned());
            question
        },
        None => of_tenant(MEMBERS, stream.first),
    };
    let access = filter.access.map(|access| access.name().to_owned());
    question.and_if("access = :access", ":access", access);
    // Every text and every digest comes after an empty one.
    let (application, member) = after.map_or(("", ""), |(_, application, member)| {
        (application.as_str(), member.as_str())
    });
    let member = hex::decode(member).ok().ok_or(QueryError::Cursor)?;
    if let Some(only) = &filter.application {
        question.and("application_id = :application AND member_id > :after_member");
        question.bind(":application", only.as_str().to_owned());
    } else {
        question.and("(application_id, member_id) > (:after, :after_member)");
        question.bind(":after", application.to_owned());
    }
    question.bind(":after_member", member);
    Ok(question)
}

pub(super) fn ask_departments(stream: &Stream, after: Option<&DepartmentPlace>) -> Question {
    let mut question = of_tenant(DEPARTMENTS, stream.first);
    let code = after.map(|(_, code)| code.clone());
    question.and_if("code > :after", ":after", code);
    question
}

fn member(row: &Row<'_>, stream: &Stream) -> Result<MemberRow, QueryError> {
    let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    let profile = row.get_ref(7)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(MemberRow {
        merchant: stream.merchant.clone(),
        key: stream.key.clone(),
        application: parsed(ApplicationId::parse(text(0)?))?,
        id: row.get(1).map(Digest::new)?,
        access: Access::from_name(text(2)?).ok_or_else(|| damaged("the access of a member"))?,
        grants: row.get(3)?,
        account: Account {
            role: Role::from_name(text(4)?).ok_or_else(|| damaged("the role of a member"))?,
            enabled: row.get(5)?,
            department: parsed(DepartmentCode::parse(text(6)?))?,
            profile: unpacked(profile)?,
        },
        position: row.get(8).map(Position::new)?,
        tenant: stream.first,
    })
}

fn department(row: &Row<'_>, stream: &Stream) -> Result<DepartmentRow, QueryError> {
    let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    let parent: Option<String> = row.get(1)?;
    let name = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(DepartmentRow {
        merchant: stream.merchant.clone(),
        key: stream.key.clone(),
        code: parsed(DepartmentCode::parse(text(0)?))?,
        department: Department {
            parent: parsed(parent.as_deref().map(DepartmentCode::parse).transpose())?,
            name: unpacked(name)?,
        },
        position: row.get(3).map(Position::new)?,
        tenant: stream.first,
    })
}
