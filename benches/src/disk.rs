//! What the disk makes durable: figures of senders that keep their word mean nothing without it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

const WHILE: Duration = Duration::from_secs(1);

/// fdatasync of 4 kB, one after another.
pub fn syncs_per_second(folder: &Path) -> f64 {
    let file = File::create(folder.join("sync")).expect("a file");
    let (start, mut syncs) = (Instant::now(), 0.0);
    while start.elapsed() < WHILE {
        file.write_all_at(&[0x55; 4096], 0).expect("to write");
        file.sync_data().expect("to sync");
        syncs += 1.0;
    }
    syncs / start.elapsed().as_secs_f64()
}
