//! Dialogues as files: what is said, what is answered, what is handed over, however the octets are cut.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use returns::{MEMORY_OCTETS_MAX, Memory, Protocol, Session, Settled, Terms, Turn};

/// `good…` is a mailbox here, and `postmaster`.
fn terms(protocol: Protocol) -> Terms {
    Terms {
        protocol,
        name: "mx.test".to_owned(),
        tls: true,
        bounce_octets: 1 << 20,
        memory: Memory::new(MEMORY_OCTETS_MAX),
        accepts: Box::new(|recipient| recipient.local.starts_with("good") || recipient.domain.is_empty()),
    }
}

/// A file, read.
struct Script {
    protocol: Protocol,
    said: Vec<u8>,
    outcomes: Vec<Vec<Settled>>,
    /// Replies and messages, as a file has them.
    expected: String,
}

impl Script {
    fn read(text: &str) -> Self {
        let protocol = if text.contains("S: 220 mx.test LMTP") { Protocol::Lmtp } else { Protocol::Smtp };
        let mut script = Self { protocol, said: Vec::new(), outcomes: Vec::new(), expected: String::new() };
        for line in text.lines() {
            match line.split_at_checked(3) {
                Some(("C: ", said)) => {
                    script.said.extend_from_slice(said.replace("\\n", "\n").as_bytes());
                    script.said.extend_from_slice(b"\r\n");
                }
                Some(("S: " | "M: ", _)) => script.expected += &format!("{line}\n"),
                _ if line.starts_with("> ") => {
                    script.outcomes.push(line[2..].split(' ').map(outcome).collect());
                }
                _ if line == "END" => script.expected += "END\n",
                _ => assert!(line.starts_with('#'), "{line}"),
            }
        }
        script
    }

    /// What happens where the octets come in these pieces.
    fn play<'a>(&self, pieces: impl Iterator<Item = &'a [u8]>) -> String {
        let mut session = Session::new(Arc::new(terms(self.protocol)));
        let (mut happened, mut outcomes) = (String::new(), self.outcomes.iter());
        let mut pieces = pieces.filter(|piece| !piece.is_empty());
        loop {
            let turn = session.turn();
            for line in
                String::from_utf8(session.output()).expect("replies are text").split_terminator("\r\n")
            {
                happened += &format!("S: {line}\n");
            }
            match turn {
                Turn::Read => match pieces.next() {
                    Some(piece) => session.push(piece),
                    None => return happened,
                },
                Turn::Settle(message) => {
                    let locals: Vec<_> = message.recipients.iter().map(|one| one.local.as_str()).collect();
                    let sender = if message.null_sender { "null" } else { "sender" };
                    let text = String::from_utf8_lossy(message.octets());
                    happened += &format!("M: {sender} {} {text:?}\n", locals.join(" "));
                    session.settled(outcomes.next().expect("a file says what becomes of each message"));
                }
                Turn::Handshake => panic!("no file has one"),
                Turn::Close => return happened + "END\n",
            }
        }
    }
}

fn outcome(word: &str) -> Settled {
    match word {
        "taken" => Settled::Taken,
        "later" => Settled::Later,
        "refused" => Settled::Refused,
        _ => panic!("{word}"),
    }
}

fn scripts() -> Vec<(String, Script)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues");
    let files = std::fs::read_dir(folder).expect("the files");
    files
        .map(|file| {
            let path = file.expect("a file").path();
            let text = std::fs::read_to_string(&path).expect("text");
            (path.display().to_string(), Script::read(&text))
        })
        .collect()
}

#[test]
fn every_dialogue_goes_as_its_file_says() {
    let scripts = scripts();
    assert!(scripts.len() >= 5);
    for (name, script) in scripts {
        assert_eq!(
            script.play(std::iter::once(script.said.as_slice())),
            script.expected,
            "{name}, pipelined"
        );
        assert_eq!(script.play(script.said.chunks(1)), script.expected, "{name}, octet by octet");
    }
}

proptest! {
    #[test]
    fn it_is_the_same_however_it_is_cut(which in 0_usize..5, cuts in prop::collection::vec(1_usize..80, 1..60)) {
        let (_, script) = scripts().swap_remove(which);
        let mut rest = script.said.as_slice();
        let mut cuts = cuts.iter().cycle();
        let pieces = std::iter::from_fn(|| {
            let (piece, behind) = rest.split_at(rest.len().min(*cuts.next()?));
            rest = behind;
            (!piece.is_empty()).then_some(piece)
        });
        prop_assert_eq!(script.play(pieces), script.expected);
    }

    #[test]
    fn whatever_is_said_it_ends_and_does_not_panic(
        lines in prop::collection::vec("(MAIL FROM:<>|RCPT TO:<good@b.test>|DATA|\\.|EHLO x|LHLO x|RSET|[ -~]{0,60})", 0..60),
        lmtp in any::<bool>(),
    ) {
        let protocol = if lmtp { Protocol::Lmtp } else { Protocol::Smtp };
        let said: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let outcomes = vec![vec![Settled::Taken; 100]; 60];
        let script = Script { protocol, said: said.into_bytes(), outcomes, expected: String::new() };
        let whole = script.play(std::iter::once(script.said.as_slice()));
        prop_assert_eq!(whole, script.play(script.said.chunks(7)));
    }
}
