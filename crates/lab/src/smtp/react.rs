//! What a rule asks for, done to a connection.

use crate::behaviour::Reaction;
use crate::smtp::wire::{End, Wire};

/// Octets of one line of a flood with its CRLF: within what RFC 5321 §4.5.3.1.5 allows a line to have.
const FLOOD_LINE_OCTETS: usize = 512;
/// Octets of a flood written at once.
const FLOOD_BLOCK_OCTETS: usize = 64 * 1024;

/// Whether the rule has answered in the server's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    Yes,
    No,
}

/// Does it.
pub(crate) async fn react(wire: &mut Wire, reaction: Reaction) -> Result<Answered, End> {
    match reaction {
        Reaction::Reply(lines) => {
            say_lines(wire, &lines);
            // RFC 5321 §3.8: 421 announces that the server closes.
            if lines.last().is_some_and(|line| line.starts_with("421")) {
                Err(End::Leave)
            } else {
                Ok(Answered::Yes)
            }
        }
        Reaction::ReplyAndClose(lines) => {
            say_lines(wire, &lines);
            Err(End::Leave)
        }
        Reaction::Close => {
            wire.flush().await?;
            Err(End::Close)
        }
        Reaction::Reset => {
            wire.flush().await?;
            Err(End::Reset)
        }
        Reaction::Stall => {
            wire.flush().await?;
            Err(wire.ignore().await)
        }
        Reaction::Delay(wait) => {
            wire.flush().await?;
            tokio::time::sleep(wait).await;
            Ok(Answered::No)
        }
        Reaction::FloodReply(octets) => {
            flood(wire, octets).await?;
            Ok(Answered::Yes)
        }
        Reaction::Garbage(octets) => {
            wire.say(&octets);
            Ok(Answered::Yes)
        }
    }
}

fn say_lines(wire: &mut Wire, lines: &[String]) {
    for line in lines {
        wire.say(line.as_bytes());
        wire.say(b"\r\n");
    }
}

async fn flood(wire: &mut Wire, octets: usize) -> Result<(), End> {
    let line = format!("250-{}\r\n", "x".repeat(FLOOD_LINE_OCTETS - 6));
    let mut said = 0;
    while said < octets {
        let block = FLOOD_BLOCK_OCTETS.min(octets - said).div_ceil(FLOOD_LINE_OCTETS);
        for _ in 0..block {
            wire.say(line.as_bytes());
        }
        said += block * FLOOD_LINE_OCTETS;
        wire.flush().await?;
    }
    wire.say(b"250 end\r\n");
    Ok(())
}
