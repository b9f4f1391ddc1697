//! The sandbox over real HTTP on this machine: against tiny merchants, and as a server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod centre;
mod centre_check;
mod check;
mod kit;
mod merchant;
mod merchant_v1;
mod messages;
mod open_api;
mod play;
mod probes;
mod serve;
mod v1;
mod v1_deliveries;

use std::time::Duration;

use tenure_sandbox::client::Client;

/// A client; the first one of the process installs the rustls provider.
fn client() -> Client {
    install_provider();
    Client::new().unwrap()
}

fn impatient_client() -> Client {
    install_provider();
    Client::with_timeout(Duration::from_millis(50)).unwrap()
}

fn install_provider() {
    // An error says that another test of the process was first, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
}
