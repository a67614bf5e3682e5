//! What a log may have at most. Each limit is tested one past.

/// Most Message-IDs asked for at a time. Each is kept in memory, in about 200 octets.
pub const WANTED_MAX: usize = 1_000_000;
/// Longest Message-ID, in octets: a line of a message (RFC 5322 §2.1.1).
pub const MESSAGE_ID_OCTETS_MAX: usize = 998;
/// Most files of one log: two years of daily rotation.
pub const FILES_MAX: usize = 1_000;
/// Largest file, in octets unpacked. A relay that sends a million messages a day logs about one GiB.
pub const LOG_OCTETS_MAX: u64 = 16 << 30;
/// Longest line, in octets. Postfix cuts what strangers say long before; what is longer is cut here and counted.
pub const LINE_OCTETS_MAX: usize = 16 << 10;
/// Most lives of one message that are followed: a message resent or requeued more often stays undecided, unless one of
/// them was accepted.
pub const LIVES_PER_MESSAGE_MAX: usize = 32;
/// Most SMTP sessions whose queue id is remembered at a time, and most queue ids with a sign that came before their
/// Message-ID. Beyond that all are forgotten, which can leave a message undecided and no more.
pub const REMEMBERED_MAX: usize = 65_536;
/// Shortest queue id, in octets (Postfix: five digits of microseconds, and the inode).
pub const QUEUE_ID_OCTETS_MIN: usize = 6;
/// Longest queue id, in octets (Postfix's long ones: six of seconds, four of microseconds, `z`, and the inode).
pub const QUEUE_ID_OCTETS_MAX: usize = 24;
