//! `tenure serve`

use std::io;

use actix_web::rt::System;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::service::Service;

/// Serves until it is told to stop.
pub(crate) fn run(config: &Config) -> Result<(), Failure> {
    System::new().block_on(async {
        // Before anybody can be told that it is ready: whoever is may stop it at once.
        let stop = StopSignal::listen().unavailable()?;
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
        stop.received().await;
        tracing::info!("stopping: answering what was accepted");
        service.stop().await;
        tracing::info!("stopped");
        Ok(())
    })
}

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn stop_signal() -> io::Result<()> {
    StopSignal::listen()?.received().await;
    Ok(())
}

/// SIGTERM and SIGINT, which end nothing by themselves once this listens.
struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one of them, if none came before.
    async fn received(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {},
            _ = self.interrupt.recv() => {},
        }
    }
}
