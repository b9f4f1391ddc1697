//! The marketplace as a program: the other side of every call that a merchant's service answers.
//!
//! Written from the marketplace's public documents and signing with its own code, so that a
//! mistake in the code that verifies cannot hide in the code that signs.
//!
//! * [`signer`], [`sdk`]: signatures of calls to merchants; signatures of calls to the open APIs.
//! * [`v1`]: the older calls, of SaaS V1.0 and License 1.0, and their signatures.
//! * [`kit`]: the joint-operation kit, which tells of enterprises and their members.
//! * [`centre`]: the authentication centre, which tells merchants who signed in.
//! * [`body`]: the bodies of all calls. [`client`]: sends one and judges the answer.
//! * [`call`]: one call, in the words of either version.
//! * [`check`]: the debugging page, with every case and negative case. [`probes`]: replays the saved
//!   ones twice a day.
//! * [`messages`]: the list of production messages and its retries. [`disorder`]: seeded faults.
//! * [`market`]: listings, codes, instances, orders. [`clock`]: a time that can be moved.
//! * [`open_api`], [`serve`]: the HTTP side. [`play`]: the scripted flows of a demonstration.
//!
//! Sending needs a rustls provider that the program has installed before it makes a
//! [`client::Client`].

pub mod body;
pub mod call;
pub mod centre;
pub mod check;
pub mod client;
pub mod clock;
pub mod disorder;
pub mod kit;
pub mod market;
pub mod messages;
pub mod open_api;
pub mod play;
pub mod probes;
pub mod random;
pub mod sdk;
pub mod serve;
pub mod signer;
pub mod v1;
