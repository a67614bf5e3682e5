//! What can go wrong while a log is read.

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file system.
    #[error("the log cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The gzip stream ends early or is broken.
    #[error("the log is compressed, and the compressed file is damaged or not complete")]
    Damaged,
    /// Compressed in a way that is not read here.
    #[error("the log is compressed with {format}: unpack it first (`{command} FILE > mail.log`)")]
    Compressed {
        /// The format's name.
        format: &'static str,
        /// What unpacks it to standard output.
        command: &'static str,
    },
    /// The journal's own files.
    #[error(
        "this is a file of the systemd journal: write it out first (`journalctl --file FILE -o short-iso > mail.log`)"
    )]
    Journal,
    /// Larger than [`LOG_OCTETS_MAX`](crate::LOG_OCTETS_MAX).
    #[error("the log is larger than {} GiB: give the part that covers the campaign", crate::LOG_OCTETS_MAX >> 30)]
    TooLarge,
    /// More than [`FILES_MAX`](crate::FILES_MAX).
    #[error("more than {} files: give those that cover the campaign", crate::FILES_MAX)]
    TooManyFiles,
}

/// Why a log cannot be read, and which of the files it was.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct FileError {
    /// Its place among the files given, from 0.
    pub index: usize,
    /// Why.
    #[source]
    pub error: LogError,
}

/// Why a Message-ID cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WantedError {
    /// More than [`WANTED_MAX`](crate::WANTED_MAX).
    #[error("more than {} messages at a time", crate::WANTED_MAX)]
    TooMany,
    /// Empty, too long, or with brackets, spaces or anything but visible ASCII.
    #[error("that is not a Message-ID without its brackets")]
    NotAnId,
}
