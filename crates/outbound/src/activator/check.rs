//! A question what a code is, because somebody wants to know.

use std::sync::mpsc;

use tenure_domain::{Check, Command, Family, Intent, License, LicenseId, WhenAbsent};
use tenure_journal::Verdict;
use tenure_journal::transact::{Decided, Request};
use tenure_koogallery::open_api::query::HeartbeatInfo;

use super::asking::Asking;
use super::question::Question;
use super::{Checked, Edition};
use crate::check_error::CheckError;

pub(super) async fn check(
    asking: &Asking<'_>,
    code: &LicenseId,
    user: Option<&HeartbeatInfo>,
) -> Result<Checked, CheckError> {
    if user.is_some() && asking.edition == Edition::V2 {
        return Err(CheckError::UserByV2);
    }
    let question = |edition| Question::check(edition, code, user);
    let (answered, info) = asking.query(code, question).await?;
    let told = Check {
        checked_at: answered.received.at,
        status: info.status,
        expires_at: info.expires_at,
        product: info.product,
        quantity: info.quantity,
    };
    let request = Request::License {
        merchant: asking.account.merchant.clone(),
        id: code.clone(),
        command: Command {
            listing: asking.listing.clone(),
            family: Family::LicenseCode,
            at: told.checked_at,
            when_absent: WhenAbsent::Refuse,
            intent: Intent::NoteCheck(Box::new(told.clone())),
        },
    };
    let (sender, known) = mpsc::channel();
    let tell = move |decided: &Decided<'_>| {
        if let Decided::License { license, .. } = decided {
            drop(sender.send(License::clone(license)));
        }
        Vec::new()
    };
    let done = asking.submit(&answered, request, Box::new(tell)).await?;
    let is_code = |it: &License| {
        it.living()
            .is_some_and(|it| it.family == Family::LicenseCode)
    };
    match done.verdict {
        // Refused is what is unknown here, or an instance: that the code has its name is chance.
        Verdict::Applied | Verdict::AlreadyApplied | Verdict::Refused => Ok(Checked {
            told,
            news: done.verdict == Verdict::Applied,
            license: known.try_iter().last().filter(is_code).unwrap_or_default(),
            receipt_id: done.receipt_id,
            head: done.head,
        }),
        Verdict::Answered | Verdict::Rejected | Verdict::Quarantined | Verdict::Probe => {
            Err(CheckError::NotRecorded {
                reason: done.reason.unwrap_or_default(),
                receipt_id: done.receipt_id,
            })
        },
    }
}
