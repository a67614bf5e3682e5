//! A text and every text that can be made of it by undoing codings, scanned for addresses.
//!
//! Most text has no address in it, so each transformation waits for an octet that triggers it.

use std::collections::HashSet;

use crate::codings;
use crate::extract::{Found, extract};
use crate::headers;
use crate::tokens::{Alphabet, tokens};
use crate::{Address, Coding, Limits, PartPath, Place, Spot};

/// Shortest address believed in octets of unknown kind: shorter ones turn up in pictures by chance.
const BINARY_ADDRESS_OCTETS_MIN: usize = 10;

const AT: u8 = 1;
const PERCENT: u8 = 2;
const AMPERSAND: u8 = 4;
const BACKSLASH: u8 = 8;
const BRACKET: u8 = 16;
const EQUALS: u8 = 32;
const NUL: u8 = 64;
const BEYOND_ASCII: u8 = 128;

const TRIGGERS: [u8; 256] = triggers();

const fn triggers() -> [u8; 256] {
    let mut table = [0; 256];
    table[b'@' as usize] = AT;
    table[b'%' as usize] = PERCENT;
    table[b'&' as usize] = AMPERSAND;
    table[b'\\' as usize] = BACKSLASH;
    table[b'(' as usize] = BRACKET;
    table[b'[' as usize] = BRACKET;
    table[b'{' as usize] = BRACKET;
    table[b'=' as usize] = EQUALS;
    table[0] = NUL;
    let mut n = 0x80;
    while n < 256 {
        table[n] = BEYOND_ASCII;
        n += 1;
    }
    table
}

/// An address that can be seen or taken out of a message.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The address; where it is not certain where it begins, the shortest reading.
    pub address: Address,
    /// Other readings of the same text (`a=b@x.test` may be b@x.test as the value of a).
    pub also: Vec<Address>,
    /// Where.
    pub place: Place,
}

impl Sighting {
    /// Every reading, the shortest first.
    pub fn readings(&self) -> impl Iterator<Item = &Address> {
        std::iter::once(&self.address).chain(&self.also)
    }
}

/// Collects sightings.
pub(crate) struct Scanner<'l> {
    limits: &'l Limits,
    pub(crate) sightings: Vec<Sighting>,
    seen: HashSet<(String, PartPath, Spot)>,
    views_seen: HashSet<String>,
    scanned_octets: usize,
    /// Too much text, too many sightings.
    pub(crate) over: bool,
    /// More codings one inside another than are undone.
    pub(crate) too_deep: Option<Place>,
}

impl<'l> Scanner<'l> {
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            sightings: Vec::new(),
            seen: HashSet::new(),
            views_seen: HashSet::new(),
            scanned_octets: 0,
            over: false,
            too_deep: None,
        }
    }

    /// Scans a text and what it decodes to.
    pub(crate) fn text(&mut self, text: &str, place: &Place) {
        self.view(text, place);
        self.views_seen.clear();
    }

    fn view(&mut self, text: &str, place: &Place) {
        let depth = place.behind.len();
        self.scanned_octets = self.scanned_octets.saturating_add(text.len());
        if self.scanned_octets > self.limits.scanned_octets {
            self.over = true;
            return;
        }
        let mask = text.bytes().fold(0, |mask, b| mask | TRIGGERS[usize::from(b)]);
        if mask & (AT | BEYOND_ASCII) != 0 {
            extract(text, |found| self.found(found, place));
        }
        let mut views: Vec<(Coding, String)> = Vec::new();
        let mut add = |coding, view: Option<String>| views.extend(view.map(|v| (coding, v)));
        if mask & PERCENT != 0 {
            add(Coding::Percent, codings::percent(text));
        }
        if mask & AMPERSAND != 0 {
            add(Coding::Entity, codings::entities(text));
        }
        if mask & BACKSLASH != 0 {
            add(Coding::Escape, codings::escapes(text));
        }
        if mask & BRACKET != 0 {
            add(Coding::Spelled, codings::spelled(text));
        }
        if mask & EQUALS != 0 {
            add(Coding::QuotedPrintable, codings::quoted_printable(text));
            add(Coding::EncodedWord, headers::encoded_words(text).map(|w| w.decoded));
        }
        if mask & NUL != 0 {
            add(Coding::Nul, Some(text.replace('\0', "")));
        }
        tokens(text, |alphabet, decoded| {
            let coding = if alphabet == Alphabet::Hex { Coding::Hex } else { Coding::Base64 };
            add(coding, Some(decoded));
        });
        for (coding, view) in views {
            let mut inner = place.clone();
            inner.behind.push(coding);
            if depth >= self.limits.codings_depth {
                self.too_deep.get_or_insert(inner);
            } else if view.as_str() != text && self.views_seen.insert(view.clone()) {
                // Codings undone in another order mostly give the same text: without this, layers would multiply.
                self.view(&view, &inner);
            }
        }
    }

    /// Scans octets of which nothing is known: addresses in ASCII and in UTF-16.
    pub(crate) fn octets(&mut self, octets: &[u8], place: &Place) {
        self.scanned_octets = self.scanned_octets.saturating_add(octets.len());
        if self.scanned_octets > self.limits.scanned_octets {
            self.over = true;
            return;
        }
        let mut keep = |found: Found| {
            if found.address.local().len() + found.address.domain().len() + 1 >= BINARY_ADDRESS_OCTETS_MIN {
                self.found(found, place);
            }
        };
        if octets.contains(&b'@') {
            extract(&String::from_utf8_lossy(octets), &mut keep);
            if octets.contains(&0) {
                let dense: Vec<u8> = octets.iter().copied().filter(|b| *b != 0).collect();
                extract(&String::from_utf8_lossy(&dense), &mut keep);
            }
        }
    }

    /// Notes an address that another parser read.
    pub(crate) fn address(&mut self, address: Address, place: &Place) {
        self.found(Found { address, also: Vec::new() }, place);
    }

    fn found(&mut self, found: Found, place: &Place) {
        if self.sightings.len() >= self.limits.sightings {
            self.over = true;
            return;
        }
        // All readings make the key: one that may be somebody permitted must not hide one that cannot.
        let mut key = found.address.key();
        for other in &found.also {
            key.push(' ');
            key.push_str(&other.key());
        }
        if self.seen.insert((key, place.part.clone(), place.spot)) {
            self.sightings.push(Sighting { address: found.address, also: found.also, place: place.clone() });
        }
    }
}
