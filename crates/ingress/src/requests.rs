//! From what a notification asks to what the journal decides, and to our answer.

use std::collections::BTreeMap;

use tenure_domain::{License, LicenseId, Living, Phase, Refusal};
use tenure_journal::{Decided, Outcome, Verdict, transact};
use tenure_koogallery::{
    Answer, AppInfo, InstanceInfo, Rejection, Request, ResultCode, UsageInfo, v1,
};

use crate::access::{Accounts, Sent};
use crate::listing::Listing;

/// What the answer to one call shows beside its code.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    /// What a purchase is answered with; anything else is answered with its code alone.
    pub(crate) purchase: Option<PurchaseForm>,
    /// Where every buyer finds the application of whom the merchant tells nothing else.
    pub(crate) app_info: Option<AppInfo>,
    /// How accounts are told.
    pub(crate) accounts: Accounts,
    /// Where the buyers of single licenses find it, as far as the merchant told.
    pub(crate) own: BTreeMap<LicenseId, AppInfo>,
    /// What was used of single licenses.
    pub(crate) usage: BTreeMap<LicenseId, Vec<UsageInfo>>,
}

impl Form {
    /// Where the buyer of a license finds the application.
    fn app_info(&self, id: &LicenseId) -> Option<&AppInfo> {
        self.own.get(id).or(self.app_info.as_ref())
    }

    /// The form of what is kept, if it is not this one: what was told about single licenses is not
    /// kept in answers.
    pub(crate) fn kept(&self) -> Option<Self> {
        if self.own.is_empty() {
            return None;
        }
        let own = self.own.iter();
        let own = own.map(|(id, info)| (id.clone(), info.redacted()));
        Some(Self {
            own: own.collect(),
            ..self.clone()
        })
    }

    /// How the account in any of these is encrypted.
    fn encrypt_type<'a>(
        &self,
        told: impl IntoIterator<Item = &'a AppInfo>,
    ) -> Option<v1::EncryptType> {
        let has_account = |info: &AppInfo| info.user_name.is_some() || info.password.is_some();
        match &self.accounts {
            Accounts::Encrypted { key: _, with } => {
                told.into_iter().any(has_account).then_some(*with)
            },
            Accounts::Clear => None,
        }
    }
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
        sent: Sent,
    ) -> Self {
        let answered_id = id.clone();
        Self {
            request: transact::Request::License {
                merchant: listing.merchant.clone(),
                id,
                command,
            },
            answer: Box::new(move |decided| {
                sent.answer(&form, |form| match form.purchase {
                    Some(purchase) => {
                        let answer = answer_created(decided);
                        created(answer, purchase, form, &answered_id, lives(decided))
                    },
                    None => answer_decided(decided),
                })
            }),
        }
    }

    /// A question about instances: refused if none of them is there.
    pub(crate) fn query(
        listing: &Listing,
        form: &Form,
        found: &[(LicenseId, License)],
        sent: &Sent,
    ) -> Self {
        let answer = answer_query(listing, form, found);
        let (verdict, reason) = if answer.code == ResultCode::NotFound {
            (Verdict::Refused, Some(Refusal::Unknown.code().into()))
        } else {
            (Verdict::Answered, None)
        };
        let body = sent.answer(form, |form| answer_query(listing, form, found));
        Self {
            request: transact::Request::Noted { verdict, reason },
            answer: Box::new(move |_decided| body.clone()),
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

pub(crate) fn answer_decided(decided: &Decided<'_>) -> Answer {
    match decided {
        Decided::License {
            outcome: Err(refusal),
            ..
        }
        | Decided::Usage(Err(refusal)) => Answer::of(ResultCode::for_refusal(*refusal)),
        Decided::License {
            outcome: Ok(Outcome::Recorded | Outcome::AlreadyApplied),
            ..
        }
        | Decided::Order(_)
        | Decided::Tenant(_)
        | Decided::Usage(Ok(_))
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
        Decided::License { .. }
        | Decided::Order(_)
        | Decided::Tenant(_)
        | Decided::Usage(_)
        | Decided::Noted
        | Decided::Unreadable => answer_decided(decided),
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
/// to nobody else; V2.0 tells accounts by `queryInstance` only.
fn created(
    mut answer: Answer,
    purchase: PurchaseForm,
    form: &Form,
    id: &LicenseId,
    lives: bool,
) -> Answer {
    answer.instance_id = Some(id.clone());
    let is_delivered = answer.code == ResultCode::Success;
    match purchase {
        PurchaseForm::AppInfo => {
            let tells_account =
                lives && is_delivered && matches!(form.accounts, Accounts::Encrypted { .. });
            answer.app_info = form.app_info(id).cloned().map(|info| AppInfo {
                user_name: info.user_name.filter(|_| tells_account),
                password: info.password.filter(|_| tells_account),
                ..info
            });
            answer.encrypt_type = form.encrypt_type(&answer.app_info);
        },
        PurchaseForm::License if is_delivered => {
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
            instances(form, ids.iter().map(|id| instance(form, id)).collect())
        },
        (
            Request::License { .. }
            | Request::LicenseFile(_)
            | Request::Order { .. }
            | Request::ChangeCheck { .. },
            _,
        ) => Answer::success(),
    }
}

/// The licenses that a query shows with all that is known of them.
pub(crate) fn shown(listing: &Listing, found: &[(LicenseId, License)]) -> Vec<LicenseId> {
    ours(listing, found)
        .filter(|(_, living)| living.phase != Phase::Provisioning)
        .map(|(id, _)| id.clone())
        .collect()
}

fn ours<'a>(
    listing: &Listing,
    found: &'a [(LicenseId, License)],
) -> impl Iterator<Item = (&'a LicenseId, &'a Living)> {
    let family = listing.settings.instance_family;
    found.iter().filter_map(move |(id, license)| match license {
        License::Living(living) if living.family == family => Some((id, living)),
        License::Living(_) | License::Absent | License::Released(_) => None,
    })
}

/// Answers `queryInstance` from the licenses that were asked for, as far as there are any: one of
/// another family is none, as for every command. What is being provisioned has no access data yet;
/// while nothing else was asked for, the marketplace is told to ask again.
fn answer_query(listing: &Listing, form: &Form, found: &[(LicenseId, License)]) -> Answer {
    let living: Vec<_> = ours(listing, found).collect();
    if living.is_empty() {
        return Answer::of(ResultCode::NotFound);
    }
    if living
        .iter()
        .all(|(_, living)| living.phase == Phase::Provisioning)
    {
        return Answer::of(ResultCode::Processing);
    }
    let shown = living.iter().map(|(id, living)| match living.phase {
        Phase::Provisioning => InstanceInfo {
            instance_id: (*id).clone(),
            app_info: None,
            usage: Vec::new(),
        },
        Phase::Issued | Phase::InForce => instance(form, id),
    });
    instances(form, shown.collect())
}

fn instances(form: &Form, info: Vec<InstanceInfo>) -> Answer {
    let told = info.iter().filter_map(|it| it.app_info.as_ref());
    Answer {
        encrypt_type: form.encrypt_type(told),
        info,
        ..Answer::success()
    }
}

fn instance(form: &Form, id: &LicenseId) -> InstanceInfo {
    InstanceInfo {
        instance_id: id.clone(),
        app_info: form.app_info(id).cloned(),
        usage: form.usage.get(id).cloned().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
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
            accounts: Accounts::Encrypted {
                key: tenure_koogallery::AccessKey::new("key".to_owned()),
                with: v1::EncryptType::Aes256,
            },
            own: BTreeMap::new(),
            usage: BTreeMap::new(),
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
    fn v2_tells_an_account_by_a_query_only() {
        let id = LicenseId::parse("i-1").unwrap();
        let form = Form {
            purchase: Some(PurchaseForm::AppInfo),
            own: BTreeMap::from([(id.clone(), own())]),
            ..Form::default()
        };
        let answer = created(Answer::success(), PurchaseForm::AppInfo, &form, &id, true);
        let info = answer.app_info.unwrap();
        assert_eq!(info.front_end_url, "https://t7.example.com");
        assert_eq!((info.user_name, info.password), (None, None));
        let queried = instances(&form, vec![instance(&form, &id)]);
        assert_eq!(queried.info[0].app_info, Some(own()));
        assert_eq!(queried.encrypt_type, None);
    }

    #[test]
    fn what_a_merchant_told_is_sent_and_not_kept() {
        let (told, other) = (LicenseId::parse("i-1"), LicenseId::parse("i-2"));
        let (told, other) = (told.unwrap(), other.unwrap());
        let configured = AppInfo {
            front_end_url: "https://app.example.com".to_owned(),
            ..own()
        };
        let form = Form {
            app_info: Some(configured),
            own: BTreeMap::from([(told.clone(), own())]),
            ..Form::default()
        };
        let answer = |form: &Form| {
            let ids = [&told, &other].into_iter();
            instances(form, ids.map(|id| instance(form, id)).collect())
        };
        let sent = Sent::default();
        let kept = sent.answer(&form, answer);
        let whole = sent.instead_of(kept.clone());
        assert_eq!(whole, answer(&form).to_json());
        let kept = String::from_utf8(kept).unwrap();
        assert!(!kept.contains("t7.example.com"), "{kept}");
        assert!(kept.contains(r#""frontEndUrl":"[redacted]""#), "{kept}");
        assert!(kept.contains("https://app.example.com"), "{kept}");

        // What tells nothing of the kind is kept as it is sent.
        let form = Form::default();
        let sent = Sent::default();
        let kept = sent.answer(&form, answer);
        assert_eq!(kept, answer(&form).to_json());
        assert_eq!(sent.instead_of(kept.clone()), kept);
    }

    fn own() -> AppInfo {
        AppInfo {
            front_end_url: "https://t7.example.com".to_owned(),
            admin_url: None,
            user_name: Some("admin-7".to_owned()),
            password: Some("first-password-7".to_owned()),
            memo: None,
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
