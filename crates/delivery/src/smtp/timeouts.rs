//! How long the client waits: RFC 5321 §4.5.3.2, each a setting.

use std::time::Duration;

const MINUTE: u64 = 60;

/// Time-outs, by the names of RFC 5321.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the TCP connection and the TLS handshake. RFC 5321 leaves it open.
    pub connect: Duration,
    /// For the 220 greeting (§4.5.3.2.1).
    pub greeting: Duration,
    /// For EHLO, STARTTLS and AUTH, as for MAIL.
    pub ehlo: Duration,
    /// For MAIL (§4.5.3.2.2).
    pub mail: Duration,
    /// For RCPT (§4.5.3.2.3).
    pub rcpt: Duration,
    /// For the 354 after DATA (§4.5.3.2.4).
    pub data: Duration,
    /// For each block of the message (§4.5.3.2.5).
    pub data_block: Duration,
    /// For the reply to the final dot (§4.5.3.2.6).
    pub data_end: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            greeting: Duration::from_secs(5 * MINUTE),
            ehlo: Duration::from_secs(5 * MINUTE),
            mail: Duration::from_secs(5 * MINUTE),
            rcpt: Duration::from_secs(5 * MINUTE),
            data: Duration::from_secs(2 * MINUTE),
            data_block: Duration::from_secs(3 * MINUTE),
            data_end: Duration::from_secs(10 * MINUTE),
        }
    }
}
