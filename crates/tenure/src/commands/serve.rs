//! `tenure serve`

use std::io;

use actix_web::rt::System;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::service::Service;

/// Serves until it is told to stop.
pub(crate) fn run(config: &Config) -> Result<(), Failure> {
    System::new().block_on(async {
        let service = Service::start(config).unavailable()?;
        if config.listing.iter().any(|listing| listing.id == "demo") {
            tracing::warn!(
                "the listing \"demo\" has keys that everybody knows: for development only"
            );
        }
        tracing::info!(
            callbacks = %format_args!("http://{}/koogallery/{{listing}}", service.callbacks),
            api = %format_args!("http://{}", service.api),
            journal = %config.journal.url,
            listings = config.listing.len(),
            "ready"
        );
        let told = stop_signal().await.unavailable();
        tracing::info!("stopping: answering what was accepted");
        service.stop().await;
        tracing::info!("stopped");
        told
    })
}

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn stop_signal() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {},
        _ = interrupt.recv() => {},
    }
    Ok(())
}
