//! How a process is told to stop.

use tokio::sync::watch;

/// How the process is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Go on.
    No,
    /// Finish the messages in flight (SIGINT, SIGTERM).
    Soon,
    /// At once (the second signal): what is in flight becomes in doubt.
    Now,
}

/// The process's wish to stop.
pub type StopSignal = watch::Receiver<Stop>;

/// Returns when somebody asked for this stop, or a harder one; never, when nobody is left who could.
pub async fn asked(signal: &mut StopSignal, for_stop: Stop) {
    if signal.wait_for(|stop| *stop >= for_stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
