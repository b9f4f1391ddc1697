//! From what a notification asks to what the journal decides, and to our answer.

use tenure_domain::{License, LicenseId, Living, Phase};
use tenure_journal::{Decided, Outcome, Verdict, transact};
use tenure_koogallery::{Answer, AppInfo, InstanceInfo, Rejection, Request, ResultCode, v1};

use crate::listing::Listing;

/// What the answer to one call shows beside its code.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    /// What a purchase is answered with; anything else is answered with its code alone.
    pub(crate) purchase: Option<PurchaseForm>,
    /// Where the buyer finds the application.
    pub(crate) app_info: Option<AppInfo>,
    /// How the account in it is encrypted, if it has one.
    pub(crate) encrypt_type: Option<v1::EncryptType>,
}

/// What a purchase is answered with, beside the id of the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PurchaseForm {
    /// Where the buyer finds the application.
    AppInfo,
    /// The text of the license, which is the id once more: the guide of License 1.0 leaves to the
    /// merchant what it is, and the id is what the merchant's software can ask us about.
    License,
}

/// What the journal is asked to decide, and how its decision is answered.
pub(crate) struct Prepared {
    pub(crate) request: transact::Request,
    pub(crate) answer: transact::Answer,
}

impl Prepared {
    /// A verdict that is reached already, and its answer.
    pub(crate) fn noted(verdict: Verdict, reason: Option<&str>, answer: &Answer) -> Self {
        let body = answer.to_json();
        Self {
            request: transact::Request::Noted {
                verdict,
                reason: reason.map(Into::into),
            },
            answer: Box::new(move |_decided| body.clone()),
        }
    }

    /// A call that is turned away, and is told why.
    pub(crate) fn rejection(rejection: Rejection) -> Self {
        let mut answer = Answer::of(rejection.result_code());
        answer.message = rejection.to_string();
        Self::noted(Verdict::Rejected, Some(rejection.code()), &answer)
    }

    /// A change of a license.
    pub(crate) fn license(
        listing: &Listing,
        form: Form,
        id: LicenseId,
        command: tenure_domain::Command,
    ) -> Self {
        let answered_id = id.clone();
        Self {
            request: transact::Request::License {
                merchant: listing.merchant.clone(),
                id,
                command,
            },
            answer: Box::new(move |decided| {
                let answer = match form.purchase {
                    Some(purchase) => {
                        let answer = answer_created(decided);
                        created(answer, purchase, &form, &answered_id, lives(decided))
                    },
                    None => answer_decided(decided),
                };
                answer.to_json()
            }),
        }
    }

    /// A note of an order.
    pub(crate) fn order(
        listing: &Listing,
        order: tenure_domain::OrderLine,
        command: tenure_domain::order::Command,
    ) -> Self {
        let merchant = listing.merchant.clone();
        Self {
            request: transact::Request::Order {
                merchant,
                order,
                command,
            },
            answer: Box::new(|decided| answer_decided(decided).to_json()),
        }
    }
}

fn answer_decided(decided: &Decided<'_>) -> Answer {
    match decided {
        Decided::License {
            outcome: Err(refusal),
            ..
        } => Answer::of(ResultCode::for_refusal(*refusal)),
        Decided::License {
            outcome: Ok(Outcome::Recorded | Outcome::AlreadyApplied),
            ..
        }
        | Decided::Order(_)
        | Decided::Noted => Answer::success(),
        // The marketplace tries again for two hours, in which a person may mend it.
        Decided::Unreadable => Answer::of(ResultCode::InternalError),
    }
}

/// Answers `newInstance`: the only change for which "being processed" counts as success, after
/// which the marketplace asks again by `queryInstance`.
fn answer_created(decided: &Decided<'_>) -> Answer {
    match decided {
        Decided::License {
            outcome: Ok(_),
            license: License::Living(living),
        } if living.phase == Phase::Provisioning => Answer::of(ResultCode::Processing),
        Decided::License { .. } | Decided::Order(_) | Decided::Noted | Decided::Unreadable => {
            answer_decided(decided)
        },
    }
}

/// Whether the license that was decided about is there, and not released.
fn lives(decided: &Decided<'_>) -> bool {
    matches!(
        decided,
        Decided::License {
            license: License::Living(_),
            ..
        }
    )
}

/// `newInstance` names the instance in every answer, also while it is being provisioned. The
/// front end's address is not in the V2.0 table, but the marketplace's debugging page asks for it.
/// A license is delivered once it is ready. The account is told to whoever can begin with it, and
/// to nobody else.
fn created(
    mut answer: Answer,
    purchase: PurchaseForm,
    form: &Form,
    id: &LicenseId,
    lives: bool,
) -> Answer {
    answer.instance_id = Some(id.clone());
    match purchase {
        PurchaseForm::AppInfo if !lives || answer.code != ResultCode::Success => {
            answer.app_info = form.app_info.clone().map(|info| AppInfo {
                user_name: None,
                password: None,
                ..info
            });
        },
        PurchaseForm::AppInfo => {
            answer.app_info.clone_from(&form.app_info);
            answer.encrypt_type = form.encrypt_type;
        },
        PurchaseForm::License if answer.code == ResultCode::Success => {
            answer.license = Some(id.as_str().into());
        },
        PurchaseForm::License => {},
    }
    answer
}

/// Answers a test call: success, without looking at anything real. The codes and orders of test
/// calls are made up.
pub(crate) fn answer_probe(form: &Form, request: &Request) -> Answer {
    match (request, form.purchase) {
        (Request::License { id, .. }, Some(purchase)) => {
            created(Answer::success(), purchase, form, id, true)
        },
        (Request::Query { ids }, _) => {
            let info = ids.iter().map(|id| instance(form, id)).collect();
            Answer {
                info,
                encrypt_type: form.encrypt_type,
                ..Answer::success()
            }
        },
        (Request::License { .. } | Request::Order { .. } | Request::ChangeCheck { .. }, _) => {
            Answer::success()
        },
    }
}

/// Answers `queryInstance` from the licenses that were asked for, as far as there are any: one of
/// another family is none, as for every command. What is being provisioned has no access data yet;
/// while nothing else was asked for, the marketplace is told to ask again.
pub(crate) fn answer_query(
    listing: &Listing,
    form: &Form,
    found: &[(LicenseId, License)],
) -> Answer {
    let is_ours = |living: &Living| living.family == listing.settings.instance_family;
    let living: Vec<_> = found
        .iter()
        .filter_map(|(id, license)| match license {
            License::Living(living) if is_ours(living) => Some((id, living)),
            License::Living(_) | License::Absent | License::Released(_) => None,
        })
        .collect();
    if living.is_empty() {
        return Answer::of(ResultCode::NotFound);
    }
    if living
        .iter()
        .all(|(_, living)| living.phase == Phase::Provisioning)
    {
        return Answer::of(ResultCode::Processing);
    }
    let info = living
        .iter()
        .map(|(id, living)| InstanceInfo {
            app_info: form
                .app_info
                .clone()
                .filter(|_| living.phase != Phase::Provisioning),
            ..instance(form, id)
        })
        .collect();
    Answer {
        info,
        encrypt_type: form.encrypt_type,
        ..Answer::success()
    }
}

/// Answers `changeInstanceCheck`: for a license that lives, what the listing's configuration says.
pub(crate) fn answer_change_check(listing: &Listing, license: &License) -> Answer {
    match license {
        License::Living(living) if living.family != listing.settings.instance_family => {
            Answer::of(ResultCode::NotFound)
        },
        License::Living(_) if listing.allows_change => Answer::success(),
        License::Living(_) => Answer::of(ResultCode::NoResource),
        License::Absent | License::Released(_) => Answer::of(ResultCode::NotFound),
    }
}

fn instance(form: &Form, id: &LicenseId) -> InstanceInfo {
    InstanceInfo {
        instance_id: id.clone(),
        app_info: form.app_info.clone(),
    }
}

#[cfg(test)]
mod tests {
    use tenure_domain::Refusal;

    use super::*;

    #[test]
    fn the_account_is_told_of_what_lives_and_with_success_only() {
        let form = Form {
            purchase: Some(PurchaseForm::AppInfo),
            app_info: Some(AppInfo {
                front_end_url: "https://app.example.com".to_owned(),
                admin_url: None,
                user_name: Some("sealed-name".to_owned()),
                password: Some("sealed-password".to_owned()),
                memo: None,
            }),
            encrypt_type: Some(v1::EncryptType::Aes256),
        };
        let id = LicenseId::parse("i-1").unwrap();
        let told = |code, lives| {
            let answer = created(Answer::of(code), PurchaseForm::AppInfo, &form, &id, lives);
            let info = answer.app_info.unwrap();
            assert_eq!(info.front_end_url, "https://app.example.com");
            assert_eq!(info.user_name.is_some(), info.password.is_some());
            assert_eq!(info.user_name.is_some(), answer.encrypt_type.is_some());
            info.user_name.is_some()
        };
        assert!(told(ResultCode::Success, true));
        assert!(!told(ResultCode::Success, false));
        for code in [
            ResultCode::Processing,
            ResultCode::NotFound,
            ResultCode::InternalError,
        ] {
            assert!(!told(code, true), "{code:?}");
        }
    }

    #[test]
    fn what_is_not_there_does_not_live() {
        let refused = Decided::License {
            outcome: Err(Refusal::Unknown),
            license: &License::Absent,
        };
        for decided in [refused, Decided::Noted, Decided::Unreadable] {
            assert!(!lives(&decided));
        }
    }
}
