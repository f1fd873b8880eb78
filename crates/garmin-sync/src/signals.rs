//! Being asked to stop: Ctrl-C, or SIGTERM.

use anyhow::{Context as _, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::people;
use crate::system::System;

/// The requests to stop that come from now on.
#[derive(Debug)]
pub struct StopRequests {
    interrupt: Signal,
    terminate: Signal,
}

impl StopRequests {
    /// Listens. From here on a request ends nothing by itself.
    ///
    /// # Errors
    /// When the operating system does not let us.
    pub fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be listened to");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// The next request, or one that came since the last.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Stops the system in order; a request meanwhile leaves it as a kill would, which it survives too.
    pub async fn stop(&mut self, system: System) {
        tokio::select! {
            () = system.stop() => {}
            () = self.next() => people::note("Not waiting any longer."),
        }
    }
}
