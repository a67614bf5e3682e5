//! Postfix's smtp-sink, on a port of its own for each run.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to listen.
const START_MAX: Duration = Duration::from_secs(10);

/// How long it may take to end with its last message.
const END_MAX: Duration = Duration::from_secs(2);

/// A running smtp-sink; dropped, it ends.
pub struct Sink {
    child: Child,
    pub port: u16,
}

impl Sink {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// One that counts: [`Sink::took_all`].
    pub fn that_takes(messages: usize) -> Self {
        Self::start_with(&["-M", &(messages + 1).to_string()])
    }

    fn start_with(options: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let mut command = Command::new("smtp-sink");
        if std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0) {
            command.args(["-u", "nobody"]);
        }
        let child = command
            .args(options)
            .args([&format!("127.0.0.1:{port}"), "1000"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("smtp-sink, of the package postfix");
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < START_MAX, "smtp-sink does not listen");
            std::thread::yield_now();
        }
        Self { child, port }
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Whether it took exactly as many messages as it was started for. It ends with the one after these, and is sent that
    /// one now: had it taken more, it would have ended before; with fewer, it goes on.
    pub fn took_all(&mut self) -> bool {
        if self.child.try_wait().expect("its state").is_some() {
            return false;
        }
        let last = Command::new("smtp-source").arg(self.address()).stderr(Stdio::null()).status();
        last.expect("smtp-source, of the package postfix");
        let asked = Instant::now();
        while asked.elapsed() < END_MAX {
            if self.child.try_wait().expect("its state").is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
