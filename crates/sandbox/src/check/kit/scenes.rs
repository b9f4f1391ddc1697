//! The scenes that a merchant must serve, and the spellings it must bear with.
//!
//! The marketplace's guide says that a repeated creation and a repeated deletion succeed, and that a
//! deletion must not ask whether the instance exists. Calls come in any order, and a seller tries
//! each of them alone, with values that are made up.

use super::sample::{MADE_UP, Sample, department, member};
use super::{Case, Fault};
use crate::kit::call::{Call, ListForm};
use crate::kit::enterprise::Role;
use crate::kit::shapes::SHAPES;
use crate::kit::signer::{Payload, Style};
use crate::kit::{Flag, Version};
use crate::signer::{HexCase, NonceStyle};

/// Members of one call, at most.
pub(super) const MEMBERS_MAX: usize = 500;

/// A merchant may know that it never made the instance.
const DONE_OR_UNKNOWN: &[&str] = &["000000", "000003"];

/// Every scene of every interface but those that hold a client secret.
pub(super) fn scenes(sample: &Sample<'_>) -> Vec<Case> {
    [
        tenants(sample),
        departments(sample),
        members(sample),
        real_calls(sample),
    ]
    .concat()
}

/// The spellings of one call that a merchant must bear with.
pub(super) fn spellings(sample: &Sample<'_>) -> Vec<Case> {
    match sample.version() {
        Version::V1 => spellings_of_v1(sample),
        Version::V2 => spellings_of_v2(sample),
    }
}

/// Creation, deletion, and each of them again, and a change where the version has one.
pub(super) fn life(call: impl Fn(Flag) -> Call, unknown: Call, may_modify: bool) -> Vec<Case> {
    let (create, delete) = (|| call(Flag::Create), || call(Flag::Delete));
    let interface = create().interface;
    let named = |name: &str| format!("{interface} {name}");
    let mut cases = vec![
        Case::good(named("create"), create()),
        Case::good(named("create, repeated"), create()).after(vec![create()]),
    ];
    if may_modify {
        let modify = || call(Flag::Modify);
        cases.extend([
            Case::good(named("modify"), modify()).after(vec![create()]),
            Case::good(named("modify of what is gone"), modify()).after(vec![delete()]),
        ]);
    }
    cases.extend([
        Case::good(named("delete"), delete()).after(vec![create()]),
        Case::good(named("delete, repeated"), delete()).after(vec![create(), delete()]),
        Case::good(named("delete of what never was"), unknown),
        Case::good(named("create after a deletion"), create()).after(vec![delete()]),
    ]);
    cases
}

fn tenants(sample: &Sample<'_>) -> Vec<Case> {
    let unknown = sample.of_enterprise(MADE_UP).tenant(Flag::Delete);
    let may_modify = sample.version() == Version::V2;
    let mut cases = life(|flag| sample.tenant(flag), unknown, may_modify);
    let create = || sample.tenant(Flag::Create);
    let second = sample.of_instance("huaweitest654321");
    cases.extend([
        Case::good(
            "tenantSync of a credential, whose instance and order are empty",
            create().with("instanceId", "").with("orderId", ""),
        ),
        Case::good(
            "tenantSync of a credential, without instance and order",
            create().without("instanceId").without("orderId"),
        ),
        Case::good(
            "tenantSync of a second instance of the enterprise",
            second.tenant(Flag::Create),
        )
        .after(vec![create()]),
    ]);
    cases
}

fn departments(sample: &Sample<'_>) -> Vec<Case> {
    let (top, below) = (department("10000", ""), department("10001", "10000"));
    let unknown = sample.department(&department(MADE_UP, ""), Flag::Delete);
    let mut cases = life(|flag| sample.department(&below, flag), unknown, true);
    let mut moved = below.clone();
    "10002".clone_into(&mut moved.parent);
    let all = [top, below, department("10002", "10000")];
    let create = |index: usize| sample.department(&all[index], Flag::Create);
    cases.extend([
        Case::good(
            "singleOrgSync, a department moves",
            sample.department(&moved, Flag::Modify),
        )
        .after(vec![create(0), create(1), create(2)]),
        Case::good(
            "singleOrgSync, a department whose parent was not told",
            sample
                .of_enterprise("sandbox-child-first")
                .department(&all[1], Flag::Create),
        ),
        Case::good("allOrgSync", sample.departments(&all)),
        Case::good("allOrgSync, repeated", sample.departments(&all))
            .after(vec![sample.departments(&all)]),
        Case::good(
            "allOrgSync before tenantSync",
            sample
                .of_enterprise("sandbox-departments-first")
                .departments(&all),
        ),
        Case::good(
            "allOrgSync with a flag, as in the printed example",
            sample.departments(&all).with("flag", 1),
        ),
    ]);
    cases.extend(
        list_forms(sample).into_iter().map(|(name, sample)| {
            Case::good(format!("allOrgSync {name}"), sample.departments(&all))
        }),
    );
    cases
}

fn members(sample: &Sample<'_>) -> Vec<Case> {
    let two = [member(1), member(2)];
    let unknown = sample.members(&[member(999)], Flag::Delete);
    let mut cases = life(|flag| sample.members(&two, flag), unknown, true);
    let create = || sample.members(&two, Flag::Create);
    let mut changed = member(1);
    (changed.is_enabled, changed.role) = (false, Role::Admin);
    let many: Vec<_> = (1..=MEMBERS_MAX).map(member).collect();
    cases.extend([
        Case::good(
            "authSync, a member is disabled and becomes an administrator",
            sample.members(&[changed], Flag::Modify),
        )
        .after(vec![create()]),
        Case::good(
            format!("authSync of {MEMBERS_MAX} members"),
            sample.members(&many, Flag::Create),
        ),
        Case::good(
            "authSync before tenantSync and departments",
            sample
                .of_enterprise("sandbox-members-first")
                .members(&two, Flag::Create),
        ),
    ]);
    if sample.version() == Version::V2 {
        let withdraw = || sample.members(&two, Flag::Withdraw);
        cases.extend([
            Case::good("authSync withdraw", withdraw()).after(vec![create()]),
            Case::good("authSync withdraw, repeated", withdraw()).after(vec![create(), withdraw()]),
        ]);
    }
    cases.extend(list_forms(sample).into_iter().map(|(name, sample)| {
        Case::good(
            format!("authSync {name}"),
            sample.members(&two, Flag::Create),
        )
    }));
    cases
}

/// The forms that the guide of V2.0 prints besides its table; V1.0 has one form.
fn list_forms<'a>(sample: &Sample<'a>) -> Vec<(&'static str, Sample<'a>)> {
    let forms = match sample.version() {
        Version::V1 => &[][..],
        Version::V2 => &[
            ("with a list as a text that holds JSON", ListForm::Text),
            ("with a list as a text with bare names", ListForm::BareNames),
        ],
    };
    let of = |(name, form): &(&'static str, ListForm)| (*name, sample.listing(*form));
    forms.iter().map(of).collect()
}

/// Few, and about what is made up.
pub(super) fn real_calls(sample: &Sample<'_>) -> Vec<Case> {
    let real = sample.for_real();
    let gone = |call: Call| {
        let name = format!("a real deletion by {} of what is made up", call.interface);
        Case::good(name, call)
    };
    vec![
        Case::bad(
            "a real tenantSync for a made-up instance",
            real.tenant(Flag::Create),
            DONE_OR_UNKNOWN,
        ),
        gone(real.tenant(Flag::Delete)),
        gone(real.members(&[member(1)], Flag::Delete)),
        gone(real.department(&department("10000", ""), Flag::Delete)),
    ]
}

fn spellings_of_v2(sample: &Sample<'_>) -> Vec<Case> {
    let base = |name: &str| Case::good(name, sample.tenant(Flag::Create));
    let mut cases = vec![base("the very same request twice").with_fault(Fault::SentTwice)];
    for (name, nonce) in [
        ("nonce of 16 characters", NonceStyle::Short),
        ("nonce of 32 characters", NonceStyle::Long),
        ("nonce of 64 hex digits", NonceStyle::Hex),
    ] {
        cases.push(Case {
            nonce,
            ..base(name)
        });
    }
    let upper = Style {
        hex: HexCase::Upper,
        ..Style::default()
    };
    cases.push(Case {
        style: upper,
        ..base("signature in upper case")
    });
    let note = sample.tenant(Flag::Create).with("sandboxNote", "new");
    cases.push(Case::good("a member that no document names", note));
    let create = sample.tenant(Flag::Create);
    let to = (create.version, create.interface);
    let twice = create
        .text()
        .replacen('{', r#"{"instanceId":"another","#, 1);
    cases.push(Case::of_text("a name that occurs twice", to, twice));
    for shape in SHAPES {
        for (how, payload) in [
            ("signed over its canonical form", Payload::Canonical),
            ("signed as it is sent", Payload::AsSent),
        ] {
            let name = format!("{}, {how}", shape.name);
            let to = (Version::V2, shape.interface);
            cases.push(Case {
                style: Style {
                    payload,
                    ..Style::default()
                },
                ..Case::of_text(name, to, shape.as_test())
            });
        }
    }
    cases
}

fn spellings_of_v1(sample: &Sample<'_>) -> Vec<Case> {
    let create = sample.tenant(Flag::Create);
    let to = (create.version, create.interface);
    let note = create.clone().with("sandboxNote", "new");
    let blank = create.clone().with("sandboxNote", " ");
    let null = create.text().replacen('{', r#"{"sandboxNote":null,"#, 1);
    vec![
        Case::good("the very same request twice", create.clone()).with_fault(Fault::SentTwice),
        Case::of_text("unsorted body", to, create.body.reversed()),
        Case::good("a member that no document names", note),
        Case::good("a blank member", blank),
        Case::of_text("a member that is null", to, null),
        Case::good(
            "a text with signs that a query string escapes",
            create.with("name", "A & B = 100% + C"),
        ),
    ]
}
