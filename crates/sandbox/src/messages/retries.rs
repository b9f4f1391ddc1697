//! How long the marketplace goes on with a call that fails.

use crate::call::Call;

/// How often a failed call is repeated before it stops.
pub const RETRIES_MAX: u32 = 60;

/// An hour, in distances between two attempts of V2.0.
const HOUR: u32 = 30;

/// How often a failing call is repeated, and how far apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// How often it is repeated.
    pub times: u32,
    /// How far apart, in distances between two attempts of V2.0, which are two minutes each.
    pub steps: u32,
}

impl Retries {
    /// Those of a call.
    ///
    /// The License 2.0 guide says: 60 times, once every two minutes. The guides of V1.0 say: a
    /// purchase and an upgrade for three hours, once an hour; a renewal, an expiry and a release
    /// for one hour; and License 1.0 repeats nothing but a purchase. How long a change of the status
    /// and a query go on they do not say; here that is an hour, too.
    /// Nor is anything said of repeats of the kit: whoever pressed the button presses it again.
    pub fn of(call: &Call) -> Self {
        let call = match call {
            Call::V1(call) => call,
            Call::V2(_) => {
                return Self {
                    times: RETRIES_MAX,
                    steps: 1,
                };
            },
            Call::Kit(_) => return Self { times: 0, steps: 1 },
        };
        let times = match call.activity() {
            "newInstance" | "getLicense" | "upgrade" => 3,
            "refreshLicense" | "expireLicense" | "releaseLicense" => 0,
            _ => 1,
        };
        Self { times, steps: HOUR }
    }
}

#[cfg(test)]
mod tests {
    use super::Retries;
    use crate::body::query_instance;
    use crate::v1::call::{Call, about};

    #[test]
    fn the_older_a_protocol_the_sooner_it_gives_up() {
        let retries = |call: Call| Retries::of(&call.into());
        let hourly = |times| Retries { times, steps: 30 };
        assert_eq!(retries(Call::new("newInstance")), hourly(3));
        assert_eq!(retries(about("releaseInstance", "i", "o")), hourly(1));
        assert_eq!(retries(about("releaseLicense", "i", "o")), hourly(0));
        let young = Retries::of(&query_instance("i").into());
        assert_eq!((young.times, young.steps), (60, 1));
    }
}
