//! The activation of several codes.

use tenure_journal::Verdict;
use tenure_koogallery::open_api::OpenApiError;
use tenure_koogallery::open_api::activate_v2::{self, BatchActivated, Codes};

use super::asking::Asking;
use super::attempt::Attempt;
use super::question::Question;
use super::{Activated, Edition};
use crate::activate_error::ActivateError;

/// Activates them: all at once if that can be, and one by one otherwise.
pub(super) async fn activate(
    asking: &Asking<'_>,
    codes: &Codes,
) -> Result<Vec<Result<Activated, ActivateError>>, ActivateError> {
    let at_once = match (asking.edition, codes.as_slice()) {
        (Edition::V1, _) | (Edition::V2, [_]) => false,
        (Edition::V2, _) => at_once(asking, codes).await?,
    };
    let mut outcomes = Vec::with_capacity(codes.as_slice().len());
    let mut goes_on = true;
    for code in codes.as_slice() {
        let attempt = Attempt { asking, code };
        let outcome = match (goes_on, at_once) {
            (false, _) => Err(ActivateError::NotTried),
            (true, false) => attempt.run().await,
            (true, true) => attempt.run_activated().await,
        };
        goes_on = goes_on && !outcome.as_ref().is_err_and(is_about_all);
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Whether the marketplace activated all of them just now.
async fn at_once(asking: &Asking<'_>, codes: &Codes) -> Result<bool, ActivateError> {
    let answered = asking.ask(&Question::activate_all(codes)).await?;
    let (status, body) = (answered.received.status, &answered.received.body);
    match activate_v2::read(status, body) {
        Ok(BatchActivated::All) => {
            asking.note(&answered, Verdict::Answered, None).await?;
            Ok(true)
        },
        // One of them is not as it has to be, and the marketplace does not tell which.
        Ok(BatchActivated::OneByOne(error)) => {
            asking.note_error(&answered, &error).await?;
            Ok(false)
        },
        Err(error) => {
            let receipt_id = asking.note_error(&answered, &error).await?;
            Err(ActivateError::Marketplace { error, receipt_id })
        },
    }
}

/// Whether an error says nothing of the code, so that the other codes would meet it as well.
fn is_about_all(error: &ActivateError) -> bool {
    match error {
        ActivateError::Send(_) | ActivateError::Journal(_) => true,
        ActivateError::Marketplace { error, .. } => match error {
            OpenApiError::Denied | OpenApiError::Throttled | OpenApiError::Unavailable => true,
            OpenApiError::IllegalState
            | OpenApiError::NotClaimed
            | OpenApiError::UnknownCode
            | OpenApiError::NotActivated
            | OpenApiError::FileRefused { .. }
            | OpenApiError::InvalidParameter
            | OpenApiError::Unreadable
            | OpenApiError::Other { .. } => false,
        },
        ActivateError::NotConfigured { .. }
        | ActivateError::NotInForce { .. }
        | ActivateError::Refused { .. }
        | ActivateError::NotTried => false,
    }
}
