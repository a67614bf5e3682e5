//! Keys on disk: kept, refused, destroyed.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use keys::{DataKey, InstanceKey, InstanceKeyError, KeyFolder, KeyFolderError, KeyName, Purpose, Random};
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
