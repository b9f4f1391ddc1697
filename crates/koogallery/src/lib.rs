//! The KooGallery marketplace protocol, both directions, without IO.
//!
//! Nothing here reads a clock, draws a random number, opens a socket or waits: bytes and the
//! instant of their arrival come in as arguments, and values go out.
//!
//! # From the marketplace
//!
//! [`call::read`] is the one entry: it checks time, nonce and [`signature`] of a call, and
//! understands its body as a [`notification::Notification`], or says why not as a
//! [`rejection::Rejection`]. Whether a nonce was seen before is asked of a
//! [`freshness::NonceMemory`] afterwards. [`request::Request`] is what a notification asks of the
//! domain, and [`answer::Answer`] what goes back.
//!
//! Families: SaaS V2.0, License 2.0 (authorization codes), and the order notification. All three
//! share one signature; each has [keys](key::Keys) of its own, and no key of one verifies a call
//! of another.
//!
//! [`v1`] reads the older calls, of SaaS V1.0 and License 1.0, which are GETs and signed in another
//! way. They become the same requests, and get the same answers with a signature of ours.
//!
//! [`kit`] reads the calls of the joint-operation kit, about enterprises and their members, whose
//! signature is a third one. [`login`] is how these members log in: it asks the authentication centre
//! of their enterprise, not the marketplace.
//!
//! # To the marketplace
//!
//! [`open_api`] makes requests as values and reads their answers; [`sdk_signature`] signs them.
//!
//! # What is absent
//!
//! No function panics on outside bytes, and none formats a key: the texts that contain one are fed
//! to the authentication code piece by piece and never exist as a whole. (V1.0 makes a key out of a
//! key and a time: those bytes are wiped when they have served.)

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

pub mod access;
pub mod answer;
pub mod call;
pub mod canonical;
pub mod freshness;
mod json;
pub mod key;
pub mod kit;
pub mod license_file;
pub mod login;
pub mod notification;
pub mod open_api;
pub mod rejection;
pub mod request;
pub mod result_code;
pub mod sdk_signature;
pub mod signature;
pub mod v1;
pub mod wire;

pub use access::{Access, AccessError};
pub use answer::{Answer, AppInfo, InstanceInfo, UsageInfo};
pub use call::{Rejected, Settings, Verified};
pub use freshness::{NonceMemory, NonceRefused};
pub use key::{AccessKey, InterfaceType, KeyRing, Keys};
pub use notification::{Activity, Notification};
pub use open_api::{OpenApiError, OpenApiRequest};
pub use rejection::{Fault, Rejection};
pub use request::Request;
pub use result_code::ResultCode;
pub use sdk_signature::Credentials;
pub use signature::{Reading, SignatureParameters};
pub use wire::Environment;
