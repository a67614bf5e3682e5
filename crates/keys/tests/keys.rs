//! Keys on disk: kept, refused, destroyed.

use std::fs;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;

use keys::{
    CHUNK_OCTETS, DataKey, InstanceKey, InstanceKeyError, KeyFolder, KeyFolderError, KeyName, KeySetName,
    Purpose, Random, SealedFileWriter, remove_key_sets,
};
use mail::Address;
use proptest::prelude::*;

fn instance(folder: &tempfile::TempDir) -> InstanceKey {
    InstanceKey::create(&folder.path().join("undisclosed.key"), &Random::default()).expect("a new key")
}

#[test]
fn instance_key_survives_and_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("undisclosed.key");
    let made = instance(&folder);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let read = InstanceKey::read(&path).unwrap();
    assert_eq!(made.derive(Purpose::Wrap), read.derive(Purpose::Wrap));
    assert_ne!(made.derive(Purpose::Wrap), made.derive(Purpose::ReturnPath));
    assert!(matches!(InstanceKey::create(&path, &Random::default()), Err(InstanceKeyError::Exists)));
    assert_eq!(format!("{read:?}"), "[instance key]");
}

#[test]
fn key_file_readable_by_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    instance(&folder);
    let path = folder.path().join("undisclosed.key");
    for (mode, fine) in
        [(0o600, true), (0o640, true), (0o400, true), (0o644, false), (0o660, false), (0o604, false)]
    {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(InstanceKey::read(&path).is_ok(), fine, "{mode:o}");
    }
}

#[test]
fn damaged_key_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    instance(&folder);
    let path = folder.path().join("undisclosed.key");
    for text in ["", "undisclosed-instance-key-v1", "undisclosed-instance-key-v1 AAAA", &"x".repeat(257)] {
        fs::write(&path, text).unwrap();
        assert!(matches!(InstanceKey::read(&path), Err(InstanceKeyError::Damaged)), "{text}");
    }
}

#[test]
fn destroyed_key_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let random = Random::default();
    let instance = instance(&folder);
    let keys = KeyFolder::open(&folder.path().join("keys")).unwrap();
    let name = KeyName::generate(&random).unwrap();
    let sealed = keys.create(&name, &instance, &random).unwrap().seal(b"row 1", b"laura").unwrap();
    let again = keys.load(&name, &instance, &random).unwrap();
    assert_eq!(again.open(b"row 1", &sealed).unwrap(), b"laura");
    assert!(again.open(b"row 2", &sealed).is_err(), "a field moved to another row must not open");
    let other = InstanceKey::ephemeral(&random).unwrap();
    assert!(matches!(keys.load(&name, &other, &random), Err(KeyFolderError::Open(_))));
    keys.destroy(&name).unwrap();
    keys.destroy(&name).unwrap();
    assert!(matches!(keys.load(&name, &instance, &random), Err(KeyFolderError::Missing)));
    keys.load_or_create(&name, &instance, &random).unwrap();
}

#[test]
fn a_forgotten_key_is_on_the_list_before_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let random = Random::default();
    let instance = instance(&folder);
    let keys = KeyFolder::open(&folder.path().join("keys")).unwrap();
    let names: Vec<KeyName> = (0..3).map(|_| KeyName::generate(&random).unwrap()).collect();
    for name in &names {
        keys.create(name, &instance, &random).unwrap();
    }
    assert!(keys.forgotten().unwrap().is_empty());
    keys.forget(&names[0], 7).unwrap();
    keys.forget(&names[0], 9).unwrap();
    // A power cut left half a line.
    let list = folder.path().join("keys/forgotten");
    let half = fs::read_to_string(&list).unwrap() + "0123";
    fs::write(&list, half).unwrap();
    keys.forget(&names[1], 8).unwrap();
    let listed: Vec<_> = names.iter().map(|name| keys.forgotten().unwrap().get(name).copied()).collect();
    assert_eq!(listed, [Some(7), Some(8), None]);
    let there: Vec<_> = names.iter().map(|name| keys.has(name).unwrap()).collect();
    assert_eq!(there, [false, false, true]);
    fs::File::options().append(true).open(&list).unwrap().set_len(16 * 1024 * 1024 + 1).unwrap();
    assert!(keys.forgotten().is_err());
}

#[test]
fn a_destroyed_key_is_gone_from_its_backups_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let random = Random::default();
    let instance = instance(&folder);
    let keys = KeyFolder::open(&folder.path().join("keys")).unwrap();
    let (gone, kept) = (KeyName::generate(&random).unwrap(), KeyName::generate(&random).unwrap());
    keys.create(&gone, &instance, &random).unwrap();
    keys.create(&kept, &instance, &random).unwrap();
    let to = folder.path().join("elsewhere");
    let set = |day: u32| KeySetName::of_time(&format!("202611{day:02}T120000Z")).unwrap();
    assert_eq!(keys.back_up(&to, &set(1)).unwrap(), 2);
    keys.forget(&gone, 1).unwrap();
    assert_eq!(keys.back_up(&to, &set(2)).unwrap(), 1);
    fs::create_dir(to.join("somebody's own")).unwrap();
    fs::create_dir(to.join(".keys-20261101T110000Z.new")).unwrap();
    let copies = |name: &KeyName| {
        let file = format!("{}.key", name.as_str());
        [set(1), set(2)].iter().filter(|set| to.join(set.as_str()).join(&file).exists()).count()
    };
    assert_eq!((copies(&gone), copies(&kept)), (1, 2));
    // To the second: a set is kept as long as it is not older.
    assert_eq!(remove_key_sets(&to, &set(1)).unwrap(), 0);
    assert_eq!(remove_key_sets(&to, &KeySetName::of_time("20261101T120001Z").unwrap()).unwrap(), 1);
    assert_eq!((copies(&gone), copies(&kept)), (0, 1));
    let left = || fs::read_dir(&to).unwrap().count();
    assert_eq!(left(), 2, "the other set, and what is none of ours");
    let mode = fs::metadata(to.join(set(2).as_str()).join(format!("{}.key", kept.as_str()))).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    // The copy opens: what is backed up is what was there.
    let restored = KeyFolder::open(&to.join(set(2).as_str())).unwrap();
    restored.load(&kept, &instance, &random).unwrap();
    assert!(keys.back_up(&folder.path().join("keys/backup"), &set(3)).is_err());
    for text in ["20261101T12000Z", "20261101 120000Z", "20261101T120000Z/..", "2026110xT120000Z"] {
        assert_eq!(KeySetName::of_time(text), None, "{text}");
    }
}

#[test]
fn names_cannot_leave_the_folder() {
    for text in ["", "../x", "a/b", "A", ".", "a.key", &"a".repeat(65)] {
        assert_eq!(KeyName::parse(text), None, "{text}");
    }
    assert!(KeyName::parse("suppressions").is_some());
}

#[test]
fn fingerprints_follow_equality_and_differ_by_key() {
    let random = Random::default();
    let (one, two) = (DataKey::generate(&random).unwrap(), DataKey::generate(&random).unwrap());
    let a = Address::parse("Ann@Bücher.example").unwrap();
    let b = Address::parse("ann@xn--bcher-kva.example").unwrap();
    assert_eq!(one.fingerprint(&a), one.fingerprint(&b));
    assert_ne!(one.fingerprint(&a), two.fingerprint(&a));
}

proptest! {
    #[test]
    fn any_changed_octet_is_noticed(plain in proptest::collection::vec(any::<u8>(), 0..200), at in any::<usize>(), bit in 0..8u8) {
        let key = DataKey::generate(&Random::default()).unwrap();
        let mut sealed = key.seal(b"c", &plain).unwrap();
        prop_assert_eq!(key.open(b"c", &sealed).unwrap(), plain);
        let at = at % sealed.len();
        sealed[at] ^= 1 << bit;
        prop_assert!(key.open(b"c", &sealed).is_err());
    }
}

/// A step of somebody who reads here and there.
#[derive(Debug, Clone)]
enum Step {
    Read(usize),
    Seek(SeekFrom),
}

fn step() -> impl Strategy<Value = Step> {
    let octets = 3 * CHUNK_OCTETS as i64;
    prop_oneof![
        (0..2 * CHUNK_OCTETS).prop_map(Step::Read),
        (0..octets as u64).prop_map(|to| Step::Seek(SeekFrom::Start(to))),
        (-octets..octets).prop_map(|by| Step::Seek(SeekFrom::Current(by))),
        (-octets..100).prop_map(|by| Step::Seek(SeekFrom::End(by))),
    ]
}

/// About as long as one or two chunks, a little more or less.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![
        Just(0),
        0..200_usize,
        (0..3_usize, 0..5_usize).prop_map(|(c, more)| (c * CHUNK_OCTETS + more).saturating_sub(2))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_sealed_file_reads_like_a_plain_copy(length in length(), pieces in 1..9_usize, steps in prop::collection::vec(step(), 0..20)) {
        let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SealedFileWriter::create(folder.path(), &Random::default()).unwrap();
        for piece in plain.chunks((length / pieces).max(1)) {
            writer.write_all(piece).unwrap();
        }
        let file = writer.finish().unwrap();
        prop_assert_eq!(file.octets(), length as u64);
        let (mut sealed, mut copy) = (file.reader(), Cursor::new(&plain));
        for step in steps {
            match step {
                Step::Read(octets) => {
                    let (mut one, mut other) = (Vec::new(), Vec::new());
                    (&mut sealed).take(octets as u64).read_to_end(&mut one).unwrap();
                    (&mut copy).take(octets as u64).read_to_end(&mut other).unwrap();
                    prop_assert!(one == other);
                }
                Step::Seek(to) => prop_assert_eq!(sealed.seek(to).ok(), copy.seek(to).ok()),
            }
        }
    }
}
