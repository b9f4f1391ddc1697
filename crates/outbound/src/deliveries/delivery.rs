//! One license file, from the journal to the marketplace and its answer to the journal.

use sha2::{Digest, Sha256};
use tenure_domain::Intent;
use tenure_domain::file::{FileContent, FileProgress};
use tenure_journal::transact::Request;
use tenure_journal::vault::Opened;
use tenure_journal::{Actor, Verdict};
use tenure_koogallery::OpenApiError;
use tenure_koogallery::kit::contexts::RECEIPT_BODY;
use tenure_koogallery::license_file::CONTENT_CONTEXT;
use tenure_koogallery::open_api::bounded::Text;
use tenure_koogallery::open_api::upload::{self, Boundary, EventId, FileName, Upload};
use tenure_koogallery::open_api::{OpenApiRequest, Reaction};

use crate::activator::METHOD;
use crate::client::{Client, Received};
use crate::license_files::{Files, Kept, Pending, failed, nothing};
use crate::send_error::SendError;
use crate::worker::{Attempted, Cause, Ending, Outcome};

/// The activity that the receipts of answers carry.
const ACTIVITY: &str = "upload";

/// The most bytes that are kept of an answer. Those of the guides have less than a thousand.
const KEPT_BYTES_MAX: usize = 16 * 1024;

/// What a delivery needs.
pub(super) struct Delivery {
    pub(super) client: Client,
    pub(super) files: Files,
    pub(super) file: Pending,
    /// The stable code of what came of the last upload, if it brought nothing.
    pub(super) heard: Option<&'static str>,
}

/// What is to be done with a file.
enum Found {
    /// It is to be uploaded.
    Upload(Box<OpenApiRequest>),
    /// Nothing any more.
    Settled,
    /// It never can be, for the reason that a stable code names.
    Unusable(&'static str),
}

impl Delivery {
    pub(super) async fn deliver(self) -> Attempted {
        let request = match self.find().await {
            Ok(Found::Upload(request)) => request,
            Ok(Found::Settled) => return without_skew(Outcome::AlreadyDone),
            Ok(Found::Unusable(code)) => return without_skew(self.give_up(code).await),
            Err(error) => return without_skew(failed(&self.file, &error, "file_unreadable")),
        };
        match self.client.send(&request).await {
            Ok(received) => Attempted {
                outcome: self.conclude(&request, &received).await,
                clock_skew_seconds: received.clock_skew_seconds,
            },
            Err(error) => Attempted::without_answer(unsent(&error), error.code()),
        }
    }

    async fn find(&self) -> Result<Found, Cause> {
        let content = match self.files.file(&self.file).await?.map(|file| file.progress) {
            Some(FileProgress::Made(content)) => content,
            Some(
                FileProgress::Requested | FileProgress::Delivered(_) | FileProgress::Denied(_),
            )
            | None => return Ok(Found::Settled),
        };
        let (name, sealed) = match &content {
            FileContent::Characters(sealed) => (None, sealed),
            FileContent::File { name, bytes } => (Some(name), bytes),
        };
        let Opened::Text(bytes) = self.files.open(CONTENT_CONTEXT, sealed).await? else {
            return Ok(Found::Unusable("erased"));
        };
        let made = made(name.map(AsRef::as_ref), &bytes).and_then(|made| self.request(&made));
        Ok(made.map_or(Found::Unusable("not_uploadable"), |request| {
            Found::Upload(Box::new(request))
        }))
    }

    /// The same file always makes the same request. The boundary is a hash of what stands between
    /// its occurrences, which nothing can hold of itself.
    fn request(&self, made: &Upload) -> Option<OpenApiRequest> {
        let event = self.file.key.event.as_str();
        let digest = Sha256::new().chain_update(event);
        let digest = match made {
            Upload::Characters(text) => digest.chain_update(text.as_str()),
            Upload::File { name, content } => digest
                .chain_update(name.as_str())
                .chain_update(content.bytes()),
        };
        let digest = <[u8; 32]>::from(digest.finalize());
        let boundary = digest.map(|byte| format!("{byte:02x}")).concat();
        let boundary = Boundary::parse(&boundary).ok()?;
        upload::request(&EventId::parse(event).ok()?, made, &boundary).ok()
    }

    async fn conclude(&self, request: &OpenApiRequest, received: &Received) -> Outcome {
        let error = match upload::read(received.status, &received.body) {
            Ok(()) => return self.record(request, received, self.delivery(None)).await,
            Err(error) => error,
        };
        let kind = error.code();
        if let Some(code) = refusal(&error) {
            let recorded = self.record(request, received, self.delivery(Some(code)));
            return not_done(recorded.await, kind);
        }
        let ending = ending(received, &error);
        // Of a failure that comes again and again, only the first answer is kept.
        if ending == Ending::Failed && self.heard == Some(kind) {
            return nothing(ending, kind);
        }
        let noted = Request::Noted {
            verdict: Verdict::Rejected,
            reason: Some(kind.into()),
        };
        let recorded = match self.kept(request, received).await {
            Ok(kept) => self.files.submit(&self.file, kept, noted).await,
            Err(outcome) => Err(outcome),
        };
        recorded.map_or_else(|outcome| outcome, |_done| nothing(ending, kind))
    }

    /// What of a file cannot be uploaded is taken off the list, and nobody was asked.
    async fn give_up(&self, code: &'static str) -> Outcome {
        let kept = Kept {
            method: METHOD,
            activity: ACTIVITY,
            parameters: Box::default(),
            body: None,
            actor: Actor::Operator,
        };
        let request = self.delivery(Some(code));
        not_done(self.files.record(&self.file, kept, request).await, code)
    }

    fn delivery(&self, denied: Option<&str>) -> Request {
        let intent = Intent::NoteDelivery {
            key: self.file.key.clone(),
            denied: denied.map(Into::into),
        };
        self.files.command(&self.file, intent)
    }

    async fn record(
        &self,
        asked: &OpenApiRequest,
        received: &Received,
        request: Request,
    ) -> Outcome {
        match self.kept(asked, received).await {
            Ok(kept) => self.files.record(&self.file, kept, request).await,
            Err(outcome) => outcome,
        }
    }

    /// What the receipt of an answer keeps. Nobody promises that an answer does not repeat the
    /// license, so it is sealed.
    async fn kept(&self, asked: &OpenApiRequest, received: &Received) -> Result<Kept, Outcome> {
        let mut body = received.body.clone();
        body.truncate(KEPT_BYTES_MAX);
        let sealing = self.files.seal(&self.file, RECEIPT_BODY, body);
        let body = sealing
            .await
            .map_err(|error| failed(&self.file, &error, "vault_unavailable"))?;
        Ok(Kept {
            method: METHOD,
            activity: ACTIVITY,
            parameters: asked.target().into(),
            body: Some(body),
            actor: Actor::Koogallery,
        })
    }
}

/// What a recorded denial comes to: the file is off the list, and a person should know.
fn not_done(recorded: Outcome, kind: &'static str) -> Outcome {
    match recorded {
        Outcome::Done => nothing(Ending::Final, kind),
        Outcome::AlreadyDone
        | Outcome::Promised { .. }
        | Outcome::NotYet { .. }
        | Outcome::Nothing { .. } => recorded,
    }
}

/// The code under which a file is denied for good: with this file the marketplace would say the
/// same for ever.
fn refusal(error: &OpenApiError) -> Option<&'static str> {
    if let OpenApiError::FileRefused { code } = error {
        return Some(code);
    }
    (*error == OpenApiError::InvalidParameter).then(|| error.code())
}

fn without_skew(outcome: Outcome) -> Attempted {
    Attempted {
        outcome,
        clock_skew_seconds: None,
    }
}

fn made(name: Option<&str>, bytes: &[u8]) -> Option<Upload> {
    Some(match name {
        None => Upload::Characters(Text::parse(str::from_utf8(bytes).ok()?).ok()?),
        Some(name) => Upload::File {
            name: FileName::parse(name).ok()?,
            content: upload::FileContent::new(bytes.to_vec()).ok()?,
        },
    })
}

/// What an upload comes to that the marketplace did not take. A missing right that it tells of with
/// a success of HTTP may be one to this file only.
fn ending(received: &Received, error: &OpenApiError) -> Ending {
    match error.reaction() {
        Reaction::Retry => Ending::Failed,
        Reaction::Alarm if received.status == 200 => Ending::ItemDenied,
        Reaction::Alarm => Ending::Denied,
        Reaction::GiveUp => Ending::Final,
    }
}

/// What an upload comes to that nobody answered.
fn unsent(error: &SendError) -> Ending {
    match error {
        SendError::Unreachable(_) | SendError::TimedOut(_) | SendError::Broken(_) => Ending::Failed,
        // Nobody that can be trusted is there: the next file would fare no better.
        SendError::Untrusted(_) | SendError::Address(_) => Ending::Denied,
        SendError::TooLarge { .. } => Ending::Final,
    }
}
