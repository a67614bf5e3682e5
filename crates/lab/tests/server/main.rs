//! The server, spoken to octet by octet.

mod correct;
mod misbehaving;

use std::time::Duration;

use lab::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than any answer takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client without any sense.
struct Client(TcpStream);

impl Client {
    async fn connect(server: &Server) -> Self {
        Self(TcpStream::connect(server.address()).await.expect("a connection"))
    }

    /// Connected, greeted, EHLO said.
    async fn ready(server: &Server) -> Self {
        let mut client = Self::connect(server).await;
        assert!(client.reply().await.starts_with("220 "));
        assert!(client.ask("EHLO client.test\r\n").await.starts_with("250-"));
        client
    }

    async fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.0.write_all(octets.as_ref()).await.expect("to write");
    }

    /// One complete reply; empty when the server has closed.
    async fn reply(&mut self) -> String {
        let mut reply = Vec::new();
        loop {
            let octet = timeout(PATIENCE, self.0.read_u8()).await.expect("an answer in time");
            let Ok(octet) = octet else { break };
            reply.push(octet);
            let last = reply
                .strip_suffix(b"\r\n")
                .map(|lines| lines.rsplit(|b| *b == b'\n').next().expect("a line"));
            if last.is_some_and(|line| line.get(3) != Some(&b'-')) {
                break;
            }
        }
        String::from_utf8(reply).expect("text")
    }

    async fn ask(&mut self, octets: impl AsRef<[u8]>) -> String {
        self.send(octets).await;
        self.reply().await
    }

    /// Everything up to the close, or the error that came instead.
    async fn rest(&mut self) -> std::io::Result<String> {
        let mut rest = Vec::new();
        timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.expect("a close in time")?;
        Ok(String::from_utf8(rest).expect("text"))
    }

    /// Envelope and message, one command at a time; the reply to the first that was not taken, or to the dot.
    async fn mail(&mut self, recipient: &str, message: &str) -> String {
        let commands =
            ["MAIL FROM:<>\r\n".to_owned(), format!("RCPT TO:<{recipient}>\r\n"), "DATA\r\n".to_owned()];
        for command in commands {
            let reply = self.ask(&command).await;
            if !reply.starts_with('2') && !reply.starts_with("354") {
                return reply;
            }
        }
        self.ask(format!("{message}.\r\n")).await
    }
}

/// A short message with a Message-ID.
const MESSAGE: &str = "Message-ID: <1@x.test>\r\nSubject: Hello\r\n\r\nHello\r\n";
