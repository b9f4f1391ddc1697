//! Reports that the marketplace would bill once more if they arrived once more.

use tenure_domain::UsageSerial;
use tenure_domain::usage::Command;
use tenure_koogallery::open_api::usage_old;
use tenure_koogallery::{OpenApiError, OpenApiRequest};

use super::Pending;
use super::batch::Unsent;
use super::passing::{Passing, arrived, attempted, code_of, is_about_data, settling, unsent};
use crate::client::Client;
use crate::worker::{Attempted, Ending, Outcome};

/// What an answer means for reports that must not arrive twice.
enum Heard {
    /// The marketplace took them, or says that it will not.
    Settled(Option<Box<str>>),
    /// It certainly did not take them now: they may be sent again.
    NotTaken(Ending),
    /// It may have taken them.
    Unknown,
}

impl Passing {
    /// Sends reports at most once. Whatever happens after they were sent, this process never sends
    /// them again, nor the next one, unless it is certain that they were not taken.
    pub(super) async fn pass_once(
        &self,
        of: &Pending,
        client: &Client,
        serials: &[UsageSerial],
        request: &OpenApiRequest,
    ) -> Attempted {
        let serials = || serials.to_vec();
        let send = Command::Send { serials: serials() };
        let noted = self.note(of, "usageSending", send).await;
        if noted != Outcome::Done {
            // It may have been recorded all the same, and nothing was sent.
            let unsend = Command::Unsend { serials: serials() };
            self.note(of, "usageNotSent", unsend).await;
            return attempted(noted, None);
        }
        let received = match client.send_once(request).await {
            Ok(received) => received,
            Err(error) if error.never_arrived() => {
                let unsend = Command::Unsend { serials: serials() };
                let noted = self.note(of, "usageNotSent", unsend).await;
                return attempted(failed(noted, unsent(&error), error.code()), None);
            },
            Err(error) => {
                tell_unknown(of, error.code());
                let settled = self
                    .note(of, Unsent::Unheard.activity(), unknown(serials()))
                    .await;
                return attempted(failed(settled, Ending::Failed, error.code()), None);
            },
        };
        let read = usage_old::read(received.status, &received.body);
        let kind = read.as_ref().map_or_else(OpenApiError::code, |()| "taken");
        let (command, ending) = match heard(read) {
            Heard::Settled(denied) => {
                let serials = serials();
                (Command::Settle { serials, denied }, None)
            },
            Heard::NotTaken(ending) => (Command::Unsend { serials: serials() }, Some(ending)),
            Heard::Unknown => {
                tell_unknown(of, kind);
                (unknown(serials()), Some(Ending::Failed))
            },
        };
        let arrived = arrived(of, "usagePushOld", request, &received);
        let recorded = self.submit_again(of, arrived, settling(of, command)).await;
        let outcome = ending.map_or(recorded, |ending| failed(recorded, ending, kind));
        attempted(outcome, received.clock_skew_seconds)
    }
}

fn heard(read: Result<(), OpenApiError>) -> Heard {
    match read {
        Ok(()) => Heard::Settled(None),
        Err(OpenApiError::Throttled) => Heard::NotTaken(Ending::Failed),
        Err(OpenApiError::Denied) => Heard::NotTaken(Ending::Denied),
        // Whoever failed may have failed after it took them.
        Err(OpenApiError::Unavailable | OpenApiError::Unreadable) => Heard::Unknown,
        Err(error) if is_about_data(&error) => Heard::Settled(Some(code_of(&error))),
        Err(OpenApiError::Other { status, code }) if code.is_empty() && never_came_in(status) => {
            Heard::NotTaken(Ending::Final)
        },
        // No guide has it, so it does not say that they were not taken.
        Err(
            OpenApiError::IllegalState
            | OpenApiError::NotClaimed
            | OpenApiError::UnknownCode
            | OpenApiError::NotActivated
            | OpenApiError::FileRefused { .. }
            | OpenApiError::InvalidParameter
            | OpenApiError::Other { .. },
        ) => Heard::Unknown,
    }
}

/// Whether a status without a word of the marketplace says that the request was not worked on: it
/// is to be sent elsewhere, there is nothing here or not for this method, or it is too large. A 408
/// is not among them: proxies say so while they wait for whoever is behind them.
fn never_came_in(status: u16) -> bool {
    matches!(status, 300..=399 | 404 | 405 | 413)
}

fn unknown(serials: Vec<UsageSerial>) -> Command {
    Command::Settle {
        serials,
        denied: Some(Unsent::Unheard.code().into()),
    }
}

fn tell_unknown(of: &Pending, code: &'static str) {
    tracing::error!(
        listing = %of.listing,
        license = %of.license,
        code,
        "whether the marketplace took a usage report is not known: it is not sent again, and a \
         person has to look"
    );
}

/// What a failure comes to once it is recorded, or that it could not be.
fn failed(recorded: Outcome, ending: Ending, kind: &'static str) -> Outcome {
    match recorded {
        Outcome::Nothing { .. } => recorded,
        Outcome::Done
        | Outcome::AlreadyDone
        | Outcome::Promised { .. }
        | Outcome::NotYet { .. } => Outcome::Nothing { ending, kind },
    }
}
