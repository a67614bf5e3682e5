//! The seven messages of 2012.

use std::collections::HashSet;

use mail::{FieldName, Limits, Spot, read};

#[test]
fn the_leaked_messages_show_whom_they_showed() {
    for (number, count) in (1..).zip([119, 142, 155, 163, 174, 185, 198]) {
        let path = format!("{}/tests/data/leaked-{number}.eml", env!("CARGO_MANIFEST_DIR"));
        let message = std::fs::read(path).unwrap();
        let reading = read(&message, &Limits::default());
        let cc = Spot::Field(FieldName::of("Cc"));
        let external: HashSet<_> = reading
            .sightings
            .iter()
            .filter(|s| s.place.spot == cc && s.address.domain() != "police.example")
            .map(|s| s.address.key())
            .collect();
        assert_eq!(external.len(), count, "leaked-{number}");
        let everywhere: HashSet<_> = reading
            .sightings
            .iter()
            .filter(|s| s.address.domain() != "police.example")
            .map(|s| s.address.key())
            .collect();
        assert_eq!(everywhere, external);
        assert!(reading.uninspected.is_empty() && reading.defects.is_empty(), "{reading:?}");
    }
}
