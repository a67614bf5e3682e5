//! Checkpoints.

use ledger::{Checkpoint, CheckpointError, EXTENSION_LINES_MAX, Hash, Note, NoteError, SIZE_MAX, TreeHead};
use proptest::prelude::*;

use crate::note::{CHECKPOINT, NAME, VERIFIER, other_signer, signer};
use crate::tree::ct_leaves;
use crate::trees::Stored;

#[test]
fn the_checkpoint_of_another_implementation() {
    let head = Stored::of(&ct_leaves()).frontier.head();
    assert_eq!(Checkpoint::sign(head, &signer(NAME)).unwrap().to_string(), CHECKPOINT);
    let read = Checkpoint::open(CHECKPOINT.as_bytes(), &VERIFIER.parse().unwrap()).unwrap();
    assert_eq!(read, Checkpoint { origin: NAME.to_owned(), head, extensions: Vec::new() });
}

#[test]
fn the_example_of_the_format() {
    // c2sp.org/tlog-checkpoint; its key is not published there.
    let example = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    assert_eq!(Note::parse(example.as_bytes()).unwrap().to_string(), example);
    let text = example.split_once("\n\n").unwrap().0.to_owned() + "\n";
    let read = Checkpoint::parse(&text).unwrap();
    assert_eq!((read.origin.as_str(), read.head.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(read.to_string(), text);
}

#[test]
fn another_key_or_another_log() {
    let note = |origin: &str| {
        Note::sign(&format!("{origin}\n0\n{}\n", ledger::EMPTY_ROOT.to_base64()), &signer(NAME))
    };
    let ours = note(NAME).unwrap().to_string();
    let open =
        |note: &str, name: &str| Checkpoint::open(note.as_bytes(), signer(name).verifier()).map(|_| ());
    assert_eq!(open(&ours, NAME), Ok(()));
    let other = note("other.example").unwrap().to_string();
    assert_eq!(open(&other, NAME), Err(CheckpointError::Origin));
    let unsigned = Checkpoint::open(ours.as_bytes(), other_signer(NAME).verifier());
    assert_eq!(unsigned, Err(CheckpointError::Note(NoteError::Unsigned)));
    assert_eq!(open("nothing", NAME), Err(CheckpointError::Note(NoteError::Malformed)));
}

#[test]
fn what_is_not_of_the_form() {
    let root = Hash([3; 32]).to_base64();
    let past = SIZE_MAX + 1;
    let bad = [
        String::new(),
        "\n".to_owned(),
        "a\n".to_owned(),
        "a\n1\n".to_owned(),
        format!("\n1\n{root}\n"),
        format!("a\n1\n{root}"),
        format!("a\n01\n{root}\n"),
        format!("a\n00\n{root}\n"),
        format!("a\n\n{root}\n"),
        format!("a\n+1\n{root}\n"),
        format!("a\n-1\n{root}\n"),
        format!("a\n1 \n{root}\n"),
        format!("a\n0x1\n{root}\n"),
        format!("a\n\u{0661}\n{root}\n"),
        format!("a\n{past}\n{root}\n"),
        format!("a\n99999999999999999999999\n{root}\n"),
        format!("a\n1\n{}\n", &root[..40]),
        format!("a\n1\n{root}=\n"),
        format!("a\n1\n{} \n", &root[..43]),
        format!("a\n1\n{}\n", root.replace("M=", "N=")),
        format!("a\n1\n{root}\n\n"),
        // 32 octets with padding in the middle.
        format!("a\n1\n{}AA==AA==\n", &root[..40]),
        format!("a\n1\n{root}\nx\n\ny\n"),
    ];
    for text in bad {
        assert_eq!(Checkpoint::parse(&text), Err(CheckpointError::Malformed), "{text:?}");
    }
    assert!(Checkpoint::parse(&format!("a\n{SIZE_MAX}\n{root}\n")).is_ok());
}

#[test]
fn one_size_past_the_limit_is_not_signed() {
    let head = |size| TreeHead { size, root: Hash([3; 32]) };
    assert!(Checkpoint::sign(head(SIZE_MAX), &signer(NAME)).is_ok());
    assert_eq!(Checkpoint::sign(head(SIZE_MAX + 1), &signer(NAME)), Err(CheckpointError::Malformed));
}

#[test]
fn extension_lines_up_to_the_limit() {
    let text = |lines: usize| format!("a\n1\n{}\n{}", Hash([3; 32]).to_base64(), "x\n".repeat(lines));
    let read = Checkpoint::parse(&text(EXTENSION_LINES_MAX)).unwrap();
    assert_eq!((read.extensions.len(), read.to_string()), (EXTENSION_LINES_MAX, text(EXTENSION_LINES_MAX)));
    assert_eq!(Checkpoint::parse(&text(EXTENSION_LINES_MAX + 1)), Err(CheckpointError::Malformed));
}

proptest! {
    #[test]
    fn printed_and_read_is_the_same(
        origin in "[^\n]{1,20}", size in 0..=SIZE_MAX, root: [u8; 32],
        extensions in prop::collection::vec("[^\n]{1,10}", 0..=EXTENSION_LINES_MAX),
    ) {
        let checkpoint = Checkpoint { origin, head: TreeHead { size, root: Hash(root) }, extensions };
        prop_assert_eq!(Checkpoint::parse(&checkpoint.to_string()), Ok(checkpoint));
    }

    #[test]
    fn read_and_printed_is_the_same(text in "[a-z]{0,3}\n[0-9]{0,3}\n[A-Za-z0-9+/]{42}[AEI]=\n([a-z]{0,3}\n){0,3}") {
        if let Ok(checkpoint) = Checkpoint::parse(&text) {
            prop_assert_eq!(checkpoint.to_string(), text);
        }
    }

    #[test]
    fn any_text_is_a_checkpoint_or_an_error(text in "\\PC{0,40}\n?[0-9\\PC]{0,6}\n?\\PC{0,60}\n?") {
        if let Ok(checkpoint) = Checkpoint::parse(&text) {
            prop_assert_eq!(checkpoint.to_string(), text);
        }
    }
}
