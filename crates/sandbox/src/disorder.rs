//! Seeded faults of the way between marketplace and merchant.
//!
//! What happens to an attempt depends on the seed, the message and the attempt alone, so a run
//! repeats exactly whatever order the attempts are made in.

use serde::{Deserialize, Serialize};

use crate::random::mix;

/// How often each fault happens, in percent of the attempts. What exceeds 100 together is cut off
/// in the order of the fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// The call arrives twice, each time freshly signed.
    pub duplicate_percent: u8,
    /// The call is held back until a later one has overtaken it. First attempts only.
    pub hold_back_percent: u8,
    /// The merchant answers and the answer is lost, so the call is repeated.
    pub lose_answer_percent: u8,
}

/// What happens to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: it arrives, and so does its answer.
    None,
    /// It arrives twice.
    Duplicate,
    /// It waits for a later message.
    HoldBack,
    /// Its answer is dropped.
    LoseAnswer,
}

/// The faults of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disorder {
    /// Names the run.
    pub seed: u64,
    /// How often faults happen.
    pub rates: Rates,
}

impl Disorder {
    /// What happens to an attempt, counted from 1, of a message.
    pub fn fault(&self, message: u64, attempt: u32) -> Fault {
        let mixed = mix(self.seed ^ mix(message ^ mix(u64::from(attempt))));
        let mut drawn = mixed % 100;
        let Rates {
            duplicate_percent,
            hold_back_percent,
            lose_answer_percent,
        } = self.rates;
        let ladder = [
            (duplicate_percent, Fault::Duplicate),
            (hold_back_percent, Fault::HoldBack),
            (lose_answer_percent, Fault::LoseAnswer),
        ];
        for (percent, fault) in ladder {
            match drawn.checked_sub(u64::from(percent)) {
                Some(rest) => drawn = rest,
                None if fault == Fault::HoldBack && attempt > 1 => return Fault::None,
                None => return fault,
            }
        }
        Fault::None
    }
}

#[cfg(test)]
mod tests {
    use super::{Disorder, Fault, Rates};

    fn plan(seed: u64) -> Vec<Fault> {
        let rates = Rates {
            duplicate_percent: 20,
            hold_back_percent: 20,
            lose_answer_percent: 20,
        };
        (1..=1000)
            .map(|message| Disorder { seed, rates }.fault(message, 1))
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_faults_and_another_gives_others() {
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
    }

    #[test]
    fn faults_come_about_as_often_as_asked() {
        let plan = plan(3);
        for fault in [Fault::Duplicate, Fault::HoldBack, Fault::LoseAnswer] {
            let count = plan.iter().filter(|happened| **happened == fault).count();
            assert!(
                (150..=250).contains(&count),
                "{fault:?} {count} times in 1000"
            );
        }
    }

    #[test]
    fn without_rates_nothing_happens_and_only_first_attempts_are_held_back() {
        assert_eq!(Disorder::default().fault(1, 1), Fault::None);
        let rates = Rates {
            hold_back_percent: 100,
            ..Rates::default()
        };
        assert_eq!(Disorder { seed: 1, rates }.fault(1, 1), Fault::HoldBack);
        assert_eq!(Disorder { seed: 1, rates }.fault(1, 2), Fault::None);
    }
}
