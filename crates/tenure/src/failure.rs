//! Why a command did not succeed, and the exit code that says so.

use std::fmt;
use std::process::ExitCode;

/// A command that did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Refused, or found wrong: exit code 1.
    Wrong(anyhow::Error),
    /// Not asked rightly: exit code 2.
    Usage(anyhow::Error),
    /// Could not be done now: exit code 3.
    Unavailable(anyhow::Error),
}

impl Failure {
    /// The exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Wrong(_) => 1,
            Self::Usage(_) => 2,
            Self::Unavailable(_) => 3,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Wrong(error) | Self::Usage(error) | Self::Unavailable(error)) = self;
        write!(f, "{error:#}")
    }
}

/// Says what kind of failure an error is.
pub(crate) trait Classify<T> {
    /// Refused, or found wrong.
    fn wrong(self) -> Result<T, Failure>;
    /// Not asked rightly.
    fn usage(self) -> Result<T, Failure>;
    /// Could not be done now.
    fn unavailable(self) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> Classify<T> for Result<T, E> {
    fn wrong(self) -> Result<T, Failure> {
        self.map_err(|error| Failure::Wrong(error.into()))
    }

    fn usage(self) -> Result<T, Failure> {
        self.map_err(|error| Failure::Usage(error.into()))
    }

    fn unavailable(self) -> Result<T, Failure> {
        self.map_err(|error| Failure::Unavailable(error.into()))
    }
}
