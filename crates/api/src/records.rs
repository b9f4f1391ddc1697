//! The journal in order, for programs that follow it.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::{Data, Json};
use tenure_journal::{Position, Record};

use crate::api::Api;
use crate::parameters::Parameters;
use crate::problem::{Problem, ProblemView};
use crate::view::{RecordView, RecordsPage};

/// Some records, and where the journal ended when they were read.
struct Read {
    records: Vec<Record>,
    head: Position,
}

/// Reads the journal after a position. With `wait`, an empty page comes only after that many
/// seconds without a record.
#[utoipa::path(get, path = "/v1/records", tag = "records", operation_id = "list_records",
    params(
        ("after" = Option<u64>, Query, description = "The last position that is known already; 0 if nothing is said."),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 1000, description = "How many at most; 100 if nothing is said."),
        ("wait" = Option<u64>, Query, minimum = 0, maximum = 30, description = "How many seconds to wait for a record."),
    ),
    responses((status = 200, body = RecordsPage), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn list(
    request: HttpRequest,
    api: Data<Api>,
) -> Result<Json<RecordsPage>, Problem> {
    let parameters = Parameters::parse(request.query_string(), &["after", "limit", "wait"])?;
    let after = parameters.position("after")?.unwrap_or(Position::START);
    let limit = parameters.limit(100, 1_000)?;
    let wait = parameters.number("wait", 0..=30)?.unwrap_or(0);
    let mut read = read(&api, after, limit).await?;
    if read.records.is_empty() && wait > 0 {
        let _permit = api.followers.try_acquire().map_err(|_too_many| {
            Problem::unavailable(
                "too_many_followers",
                "too many wait already: ask without wait",
            )
        })?;
        let waited = api.heads.reach(after.next(), Duration::from_secs(wait));
        // Whatever it came to, the journal is what tells.
        waited.await;
        read = self::read(&api, after, limit).await?;
    }
    let last = read.records.last();
    Ok(Json(RecordsPage {
        next_after: last.map_or(after, |record| record.position).number(),
        records: read.records.iter().map(RecordView::from).collect(),
        head: read.head.number(),
    }))
}

async fn read(api: &Api, after: Position, limit: usize) -> Result<Read, Problem> {
    api.journal
        .ask(move |log| {
            let head = log.head()?.position;
            if after > head {
                let detail = format!(
                    "after is {after}, and the journal ends at {head}: it is another journal than \
                     the one that was followed, or an older copy of it"
                );
                return Err(Problem::bad_request("position_beyond_head", detail));
            }
            let records = log.read_after(after, limit)?;
            // What came between the two readings belongs to the answer too.
            let head = head.max(records.last().map_or(head, |record| record.position));
            Ok(Read { records, head })
        })
        .await
}
