//! How long a right lasts, and what was done to it.

use chrono::{DateTime, Months, TimeDelta, Utc};

use super::{Change, retention};

/// The most days that a right stays frozen before it is released, as the marketplace's guide says.
pub const RETENTION_DAYS: i64 = 15;

/// A century, against sums that overflow.
const MONTHS_MAX: u32 = 1200;

/// A decade, for codes to test with.
const DAYS_MAX: u32 = 3650;

/// Why a term cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// The right was released, which is final.
    #[error("the right was released")]
    Released,
    /// There is no renewal, or its period has begun.
    #[error("there is no renewal that has not begun")]
    NothingToCancel,
    /// The length is nothing or longer than a century.
    #[error("a term lasts 1 to {MONTHS_MAX} months")]
    Length,
    /// The term is not over.
    #[error("the term is not over")]
    NotOver,
    /// The length in days is nothing or longer than a decade.
    #[error("a test lasts 1 to {DAYS_MAX} days")]
    Days,
}

/// Why use of a right is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freeze {
    /// Its term is over.
    TermOver,
    /// The marketplace wants it so: arrears, or a violation of its rules.
    Suspended,
}

/// The term of a right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The first instant that is no longer part of the term.
    pub expires_at: DateTime<Utc>,
    /// The ends that renewals replaced, oldest first.
    pub earlier_ends: Vec<DateTime<Utc>>,
    /// Why use is withheld, if it is.
    pub frozen: Option<Freeze>,
    /// When the right was released.
    pub released_at: Option<DateTime<Utc>>,
}

impl Term {
    /// A term of some months from now.
    pub fn starting(now: DateTime<Utc>, months: u32) -> Result<Self, TermError> {
        Ok(Self::until(later(now, months)?))
    }

    /// A term of some days from now.
    pub fn of_days(now: DateTime<Utc>, days: u32) -> Result<Self, TermError> {
        if days == 0 || days > DAYS_MAX {
            return Err(TermError::Days);
        }
        Ok(Self::until(now + TimeDelta::days(i64::from(days))))
    }

    /// A term that lasts for a century, for what is bought for good.
    pub fn endless(now: DateTime<Utc>) -> Self {
        Self::until(later(now, MONTHS_MAX).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    fn until(expires_at: DateTime<Utc>) -> Self {
        Self {
            expires_at,
            earlier_ends: Vec::new(),
            frozen: None,
            released_at: None,
        }
    }

    /// Lengthens the term, from its end or from now, whichever is later.
    pub fn renew(&mut self, months: u32, now: DateTime<Utc>) -> Result<(), TermError> {
        self.living()?;
        let expires_at = later(self.expires_at.max(now), months)?;
        self.earlier_ends.push(self.expires_at);
        self.expires_at = expires_at;
        Ok(())
    }

    /// Takes back the last renewal, if its period has not begun.
    pub fn cancel_renewal(&mut self, now: DateTime<Utc>) -> Result<(), TermError> {
        self.living()?;
        let last = self.earlier_ends.last().copied().filter(|end| *end > now);
        self.expires_at = last.ok_or(TermError::NothingToCancel)?;
        self.earlier_ends.pop();
        Ok(())
    }

    /// Replaces a trial by a paid term from now.
    pub fn convert(&mut self, months: u32, now: DateTime<Utc>) -> Result<(), TermError> {
        self.living()?;
        self.expires_at = later(now, months)?;
        self.earlier_ends.clear();
        Ok(())
    }

    /// Withholds use because the term is over.
    pub fn expire(&mut self, now: DateTime<Utc>) -> Result<(), TermError> {
        self.living()?;
        if now < self.expires_at {
            return Err(TermError::NotOver);
        }
        self.frozen = Some(Freeze::TermOver);
        Ok(())
    }

    /// Withholds use for another reason.
    pub fn suspend(&mut self) -> Result<(), TermError> {
        self.living()?;
        self.frozen = Some(Freeze::Suspended);
        Ok(())
    }

    /// Gives use back, and says why it was withheld.
    pub fn unfreeze(&mut self) -> Result<Option<Freeze>, TermError> {
        self.living()?;
        Ok(self.frozen.take())
    }

    /// Ends the right for good.
    pub fn release(&mut self, now: DateTime<Utc>) -> Result<(), TermError> {
        self.living()?;
        self.released_at = Some(now);
        Ok(())
    }

    /// Whether changes are possible at all.
    pub fn living(&self) -> Result<(), TermError> {
        match self.released_at {
            Some(_) => Err(TermError::Released),
            None => Ok(()),
        }
    }

    /// Whether the right may be used.
    pub fn holds_at(&self, now: DateTime<Utc>) -> bool {
        self.released_at.is_none() && self.frozen.is_none() && now < self.expires_at
    }

    /// What the passing of time has made due, in order.
    pub(super) fn due_at(&self, now: DateTime<Utc>) -> Vec<Change> {
        let mut due = Vec::new();
        if self.released_at.is_some() || now < self.expires_at {
            return due;
        }
        if self.frozen.is_none() {
            due.push(Change::Expire);
        }
        if now - self.expires_at >= retention() {
            due.push(Change::Release);
        }
        due
    }
}

fn later(instant: DateTime<Utc>, months: u32) -> Result<DateTime<Utc>, TermError> {
    if months == 0 || months > MONTHS_MAX {
        return Err(TermError::Length);
    }
    instant
        .checked_add_months(Months::new(months))
        .ok_or(TermError::Length)
}
