//! In what encoding a text file is: what it says, then what it must be, then what it is likely to be.

use crate::octets::CHUNK_OCTETS;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// What the detector decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Detected {
    pub(crate) encoding: &'static Encoding,
    /// The length of the byte order mark; 0 without one.
    pub(crate) bom_octets: usize,
    /// Neither said by the file nor the one that Windows writes.
    pub(crate) guess: bool,
}

/// Longest sequence of UTF-8 (RFC 3629 §3).
const SEQUENCE_OCTETS_MAX: usize = 4;

/// Looks at every octet of a file, once.
pub(crate) struct Detector {
    start: Vec<u8>,
    utf8: Option<encoding_rs::Decoder>,
    /// The end of the last piece, in which an invalid sequence may have begun.
    before: Vec<u8>,
    scratch: String,
    likely: EncodingDetector,
    zeros_even: u64,
    zeros_odd: u64,
    octets: u64,
    /// Which octets from 0x80 on there are, a bit for each.
    high: u128,
}

impl Detector {
    pub(crate) fn new() -> Self {
        Self {
            start: Vec::new(),
            utf8: Some(UTF_8.new_decoder_without_bom_handling()),
            before: Vec::new(),
            scratch: String::with_capacity(CHUNK_OCTETS * 2),
            likely: EncodingDetector::new(Iso2022JpDetection::Deny),
            zeros_even: 0,
            zeros_odd: 0,
            octets: 0,
            high: 0,
        }
    }

    pub(crate) fn feed(&mut self, octets: &[u8]) {
        let missing = 3_usize.saturating_sub(self.start.len());
        self.start.extend(octets.iter().take(missing));
        for (place, _) in octets.iter().enumerate().filter(|(_, octet)| **octet == 0) {
            let even = (self.octets + u64::try_from(place).unwrap_or(0)).is_multiple_of(2);
            *(if even { &mut self.zeros_even } else { &mut self.zeros_odd }) += 1;
        }
        for octet in octets.iter().filter(|octet| !octet.is_ascii()) {
            self.high |= 1 << (octet & 0x7F);
        }
        self.octets += u64::try_from(octets.len()).unwrap_or(0);
        self.check_utf8(octets, false);
    }

    /// From the first octet on that is not UTF-8 the guessing begins: it takes ten times as long as all the rest,
    /// and few files need it. It begins at the same octet however the file is cut into pieces.
    fn check_utf8(&mut self, octets: &[u8], last: bool) {
        let mut at = 0;
        while let Some(decoder) = &mut self.utf8 {
            self.scratch.clear();
            let rest = &octets[at..];
            let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut self.scratch, last);
            at += read;
            match result {
                DecoderResult::InputEmpty => {
                    self.before
                        .extend_from_slice(&octets[octets.len().saturating_sub(SEQUENCE_OCTETS_MAX)..]);
                    let old = self.before.len().saturating_sub(SEQUENCE_OCTETS_MAX);
                    self.before.drain(..old);
                    return;
                }
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(bad, behind) => {
                    self.utf8 = None;
                    let back = usize::from(bad) + usize::from(behind);
                    let earlier = back.saturating_sub(at).min(self.before.len());
                    self.likely.feed(&self.before[self.before.len() - earlier..], false);
                    at = at.saturating_sub(back);
                }
            }
        }
        self.likely.feed(&octets[at..], false);
    }

    pub(crate) fn finish(mut self) -> Detected {
        if let Some((encoding, bom_octets)) = Encoding::for_bom(&self.start) {
            return Detected { encoding, bom_octets, guess: false };
        }
        let certain = |encoding| Detected { encoding, bom_octets: 0, guess: false };
        // UTF-16 of western text is valid UTF-8 with a zero in every second place, so it is looked for first.
        // One octet in twenty is enough: a list in any script has digits, delimiters, `@` and domains.
        let many = self.octets / 20;
        if self.zeros_odd > many && self.zeros_even <= self.zeros_odd / 10 {
            return certain(UTF_16LE);
        }
        if self.zeros_even > many && self.zeros_odd <= self.zeros_even / 10 {
            return certain(UTF_16BE);
        }
        self.check_utf8(&[], true);
        if self.utf8.is_some() {
            return certain(UTF_8);
        }
        self.likely.feed(&[], true);
        let encoding = self.likely.guess(None, Utf8Detection::Deny);
        let western = self.likely.guess(Some(b"uk"), Utf8Detection::Deny) == WINDOWS_1252;
        if encoding == WINDOWS_1252
            || same_as_windows_1252(encoding, self.high)
            // Names alone are little to go by: without a hint, a single `ñ` is taken for a Polish `ń`.
            || western && letters_in_windows_1252(self.high)
        {
            return certain(WINDOWS_1252);
        }
        Detected { encoding, bom_octets: 0, guess: true }
    }
}

fn occurring(high: u128) -> impl Iterator<Item = u8> {
    (0x80..=0xFF_u8).filter(move |octet| high >> (octet & 0x7F) & 1 == 1)
}

fn decode_one(encoding: &'static Encoding, octet: u8) -> String {
    encoding.decode_without_bom_handling(&[octet]).0.into_owned()
}

/// Whether the octets that occur are letters in windows-1252, or what a word processor puts between letters.
fn letters_in_windows_1252(high: u128) -> bool {
    occurring(high).all(|octet| {
        decode_one(WINDOWS_1252, octet).chars().all(|c| c.is_alphabetic() || "\u{a0}’‘“”–—…€£".contains(c))
    })
}

/// Whether the octets that occur are the same characters in an encoding of single octets as in windows-1252:
/// then it does not matter which of the two is meant.
fn same_as_windows_1252(encoding: &'static Encoding, high: u128) -> bool {
    encoding.is_single_byte()
        && occurring(high).all(|octet| decode_one(encoding, octet) == decode_one(WINDOWS_1252, octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(octets: &[u8]) -> (&'static str, usize, bool) {
        let mut whole = Detector::new();
        whole.feed(octets);
        let mut pieces = Detector::new();
        octets.iter().for_each(|octet| pieces.feed(&[*octet]));
        let found = whole.finish();
        assert_eq!(found, pieces.finish());
        (found.encoding.name(), found.bom_octets, found.guess)
    }

    #[test]
    fn encodings() {
        let text = "email,name\nzoe@x.test,Zoë Brontë\n";
        let utf16le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf16be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(detect(text.as_bytes()), ("UTF-8", 0, false));
        assert_eq!(detect(b""), ("UTF-8", 0, false));
        assert_eq!(detect(format!("\u{feff}{text}").as_bytes()), ("UTF-8", 3, false));
        assert_eq!(detect(&utf16le), ("UTF-16LE", 0, false));
        assert_eq!(detect(&utf16be), ("UTF-16BE", 0, false));
        assert_eq!(detect(&[&[0xFF, 0xFE], &utf16le[..]].concat()), ("UTF-16LE", 2, false));
        assert_eq!(detect(&[&[0xFE, 0xFF], &utf16be[..]].concat()), ("UTF-16BE", 2, false));
        assert_eq!(detect(&WINDOWS_1252.encode(text).0), ("windows-1252", 0, false));
        assert_eq!(detect(b"email,name\nana@x.test,Ana Pe\xF1a\n"), ("windows-1252", 0, false));
        assert_eq!(detect("zoe@x.test,Zo\u{eb}".as_bytes().split_last().unwrap().1).0, "windows-1252");
        let (encoded, _, _) = encoding_rs::WINDOWS_1251.encode("email,name\na@x.test,Пётр Иванов\n");
        assert_eq!(detect(&encoded), ("windows-1251", 0, true));
        let polish = "email,name\na@x.test,Wałęsa Łódź żółć\nb@x.test,Święta Gęś ćma\n";
        let (encoded, _, _) = encoding_rs::WINDOWS_1250.encode(polish);
        assert_eq!(detect(&encoded), ("windows-1250", 0, true));
    }
}
