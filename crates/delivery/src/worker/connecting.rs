//! The worker's connection: opened when the gate lets it, and lost.

use std::sync::atomic::Ordering;

use store::Claimed;

use super::Worker;
use crate::lock::lock;
use crate::sender::SendError;
use crate::smtp::{OpenError, Session, open};
use crate::stop::{Stop, asked};

/// Whether there is a connection for a delivery.
pub(super) enum Connected {
    Yes,
    /// The delivery was settled or given back.
    No,
}

impl Worker {
    pub(super) async fn connect(&mut self, claimed: &Claimed) -> Result<Connected, SendError> {
        if self.session.is_some() {
            return Ok(Connected::Yes);
        }
        self.flush().await?;
        loop {
            if self.stopping() {
                self.release(claimed, None).await?;
                return Ok(Connected::No);
            }
            let opens = lock(&self.shared.gate).opens(self.shared.clock.now());
            match opens {
                Some(then) => self.sleep_until(then).await,
                None => break,
            }
        }
        let mut stop = self.stop.clone();
        let opened = tokio::select! {
            opened = self.open() => opened,
            // A relay that does not greet must not hold a process that is to stop.
            () = asked(&mut stop, Stop::Soon) => {
                self.release(claimed, None).await?;
                return Ok(Connected::No);
            }
        };
        match opened {
            Ok(session) => {
                self.session = Some(session);
                self.taken = 0;
                Ok(Connected::Yes)
            }
            Err(error) => {
                self.not_connected(claimed, &error).await?;
                Ok(Connected::No)
            }
        }
    }

    async fn open(&self) -> Result<Session, OpenError> {
        let s = &self.shared;
        open(&s.relay, s.tokens.as_ref(), &s.tls, s.clock.now()).await
    }

    async fn not_connected(&mut self, claimed: &Claimed, error: &OpenError) -> Result<(), SendError> {
        if let Some(cause) = error.pauses() {
            self.release(claimed, None).await?;
            return Ok(self.shared.pause(cause, &error.to_string()).await?);
        }
        let now = self.shared.clock.now();
        let chance = self.shared.random();
        let gives_up = {
            let mut gate = lock(&self.shared.gate);
            gate.fail(now, chance);
            gate.gives_up(now)
        };
        let settle = self.settle(claimed, None);
        if gives_up {
            self.apply(settle.impossible(0, "")).await?;
            self.flush().await?;
            self.shared.gave_up.store(true, Ordering::SeqCst);
            self.shared.stop(None);
            return Ok(());
        }
        self.apply(settle.not_sent()).await?;
        self.flush().await
    }

    /// A connection that was lost before it took anything counts as one that could not be opened.
    pub(super) fn connection_lost(&self) {
        if self.taken == 0 {
            let (now, chance) = (self.shared.clock.now(), self.shared.random());
            lock(&self.shared.gate).fail(now, chance);
        }
    }

    /// 421: the relay closes; wait before connecting again, all connections together.
    pub(super) fn slow_down(&mut self) {
        self.session = None;
        let (now, chance) = (self.shared.clock.now(), self.shared.random());
        lock(&self.shared.gate).fail(now, chance);
    }
}
