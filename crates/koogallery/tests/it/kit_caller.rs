//! The marketplace's side of a kit call.

use tenure_domain::Instant;
use tenure_koogallery::kit::{self, Headers, Interface, Rejected, Verified, Version, signature};
use tenure_koogallery::{KeyRing, Rejection};

use crate::caller::{TIMESTAMP, instant, key};

pub(crate) const V2_KEY: &str = "kitAccessKey-Example-0001";
pub(crate) const V1_KEY: &str = "v1Key-Example-0001";
const NONCE: &str = "50D83FDECAED6CCD8EF597F2A577950527928BA287D04E6036E92B2806FD17DA";

/// One call, whose every part may be changed.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) version: Version,
    pub(crate) interface: Interface,
    pub(crate) sign: Option<&'a str>,
    pub(crate) timestamp: Option<&'a str>,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) auth_token: Option<&'a str>,
    pub(crate) body: &'a [u8],
    pub(crate) arrived_at: Instant,
}

impl<'a> Call<'a> {
    pub(crate) fn v2(interface: Interface, body: &'a str, sign: &'a str) -> Self {
        Self {
            version: Version::V2,
            interface,
            sign: Some(sign),
            timestamp: Some(TIMESTAMP),
            nonce: Some(NONCE),
            auth_token: None,
            body: body.as_bytes(),
            arrived_at: instant(TIMESTAMP),
        }
    }

    pub(crate) fn v1(interface: Interface, body: &'a str, token: &'a str) -> Self {
        Self {
            version: Version::V1,
            sign: None,
            timestamp: None,
            nonce: None,
            auth_token: Some(token),
            ..Self::v2(interface, body, "")
        }
    }

    pub(crate) fn with_sign(self, sign: Option<&'a str>) -> Self {
        Self { sign, ..self }
    }

    pub(crate) fn with_timestamp(self, timestamp: Option<&'a str>) -> Self {
        Self { timestamp, ..self }
    }

    pub(crate) fn with_nonce(self, nonce: Option<&'a str>) -> Self {
        Self { nonce, ..self }
    }

    pub(crate) fn arriving(self, millis: &str) -> Self {
        let arrived_at = instant(millis);
        Self { arrived_at, ..self }
    }

    /// Makes a call of version 2.0, signs it, and reads it.
    pub(crate) fn signed(interface: Interface, body: &str) -> Result<Verified, Rejected> {
        let sign = signature::sign(&key(V2_KEY), NONCE, TIMESTAMP, body.as_bytes());
        Call::v2(interface, body, &sign).read()
    }

    pub(crate) fn read(&self) -> Result<Verified, Rejected> {
        let ring = KeyRing::new(vec![key(V2_KEY), key(V1_KEY)]);
        let headers = Headers {
            sign: self.sign,
            timestamp: self.timestamp,
            nonce: self.nonce,
            auth_token: self.auth_token,
        };
        kit::read(
            self.version,
            self.interface,
            &ring,
            &headers,
            self.body,
            self.arrived_at,
        )
    }
}

#[track_caller]
pub(crate) fn rejection(call: &Call<'_>) -> Rejection {
    call.read().unwrap_err().rejection
}
