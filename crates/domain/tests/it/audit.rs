//! What must hold of every single decision, wherever it was reached: shared by the exhaustive and
//! the random walks.

use tenure_domain::laws::check_next;
use tenure_domain::{Command, Event, Instant, Intent, License, Refusal, Status, Term, decide};

/// A license together with the history that made it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audited {
    pub(crate) license: License,
    pub(crate) history: Vec<Event>,
}

impl Audited {
    /// Decides a command and returns what came of it, having checked all that must hold.
    #[track_caller]
    pub(crate) fn step(&self, command: &Command) -> Self {
        let answer = decide(&self.license, command);
        assert_eq!(
            decide(&self.license, command),
            answer,
            "decided twice: {self:?} {command:?}"
        );
        self.check_refusals(command, &answer);
        let Ok(events) = answer else {
            return self.clone();
        };
        let mut next = self.clone();
        for event in events {
            let number = next.history.len() + 1;
            assert_eq!(
                check_next(&next.license, &event, number),
                Ok(()),
                "{self:?} {command:?} {event:?}"
            );
            let after = next.license.clone().evolve(&event);
            if matches!(event, Event::OrderKnown(_) | Event::CodeChecked(_)) {
                assert_eq!(
                    standing(&after),
                    standing(&next.license),
                    "what is only told changes no standing: {self:?} {command:?}"
                );
            }
            next.license = after;
            next.history.push(event);
        }
        assert_eq!(
            decide(&next.license, command),
            Ok(Vec::new()),
            "the same again: {self:?} {command:?}"
        );
        assert_eq!(
            License::replay(&next.history),
            next.license,
            "replayed: {self:?} {command:?}"
        );
        next
    }

    #[track_caller]
    fn check_refusals(&self, command: &Command, answer: &Result<Vec<Event>, Refusal>) {
        let is_foreign = self
            .license
            .living()
            .is_some_and(|living| living.family != command.family);
        assert_eq!(
            *answer == Err(Refusal::OtherFamily),
            is_foreign,
            "a command of another family, and only that: {self:?} {command:?}"
        );
        assert_eq!(
            *answer == Err(Refusal::Unknown),
            self.license == License::Absent && answer.is_err(),
            "unknown is what is absent: {self:?} {command:?}"
        );
        let learns = matches!(command.intent, Intent::LearnOrder(_));
        assert!(
            learns || *answer != Err(Refusal::NotItsOrder),
            "only details are refused for their order: {self:?} {command:?}"
        );
        let is_told_late = matches!(
            command.intent,
            Intent::NoteDelivery { .. } | Intent::NoteCheck(_)
        );
        if matches!(self.license, License::Released(_)) && !learns && !is_told_late {
            assert!(
                answer.as_ref().map_or(true, Vec::is_empty),
                "after the release: {self:?} {command:?}"
            );
        }
    }
}

/// All that a status rests on, and the status at either end of time.
fn standing(license: &License) -> (Option<Term>, [Option<Status>; 2], bool) {
    let ends = [Instant::EPOCH, Instant::MAX].map(|at| license.status_at(at));
    let released = matches!(license, License::Released(_));
    (license.living().map(|living| living.term), ends, released)
}
