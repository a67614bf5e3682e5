//! Passwords that are tried first.
//!
//! Lists of breached passwords are long because they hold every ending of every word; of 15 characters or more nearly
//! all are a few well-known words, years and rows of keys put one after another. So here is a short list of pieces, and
//! the rule that makes the long list of it: a password is expected when at most [`PIECES_MAX`] pieces are all of it. It
//! is the whole password that is compared (SP 800-63B-4 §3.1.1.2), never a word in it: `monkey` spoils nothing.

use std::collections::BTreeSet;

/// Pieces that a password of its whole length may be made of and still be expected. Any character that is in no piece
/// is one by itself, so `Password2026!` is three.
const PIECES_MAX: usize = 4;
/// Characters of a run (`aaaa`, `4567`, `fedc`, `asdf`) from which on it is one piece.
const RUN_MIN: usize = 3;
/// Shorter words of the context are no pieces: two letters are in everything.
const CONTEXT_WORD_MIN: usize = 3;
/// Longer words of the context are cut: no password is longer.
const CONTEXT_WORD_MAX: usize = crate::PASSWORD_CHARS_MAX;

/// Rows of keys: parts of them, forwards or backwards, are runs.
const ROWS: [&str; 11] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
];

/// Words and names that the lists of the commonest passwords are made of, in lower case and without disguise.
const WORDS: &str = include_str!("common_words.txt");

/// Whether the whole of it is made of a few pieces that everybody tries.
pub(crate) fn is_expected(password: &str, context: &[String]) -> bool {
    let words: BTreeSet<Vec<char>> = WORDS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.chars().collect())
        .chain(context.iter().flat_map(|text| context_words(text)))
        .collect();
    let plain: Vec<char> = password.to_lowercase().chars().collect();
    let bare: Vec<char> = plain.iter().map(|c| undisguised(*c)).collect();
    [plain, bare].iter().any(|letters| pieces(letters, &words) <= PIECES_MAX)
}

/// A text of the context as a whole, without what separates its words, and each of its words.
fn context_words(text: &str) -> Vec<Vec<char>> {
    let lower: Vec<char> = text.to_lowercase().chars().take(CONTEXT_WORD_MAX).collect();
    let joined = lower.iter().copied().filter(|c| c.is_alphanumeric()).collect();
    let parts = lower.split(|c| !c.is_alphanumeric()).map(<[char]>::to_vec);
    let all = [lower.clone(), joined].into_iter().chain(parts);
    all.filter(|word| word.len() >= CONTEXT_WORD_MIN).collect()
}

/// The letter that a character commonly stands for.
const fn undisguised(character: char) -> char {
    match character {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' => 'i',
        '0' => 'o',
        '$' | '5' => 's',
        '7' | '+' => 't',
        other => other,
    }
}

/// The fewest pieces that `letters` can be cut into.
fn pieces(letters: &[char], words: &BTreeSet<Vec<char>>) -> usize {
    // fewest[n]: for the first n letters.
    let mut fewest: Vec<usize> = (0..=letters.len()).collect();
    for at in 0..letters.len() {
        let (rest, next) = (letters.split_at(at).1, fewest.get(at).map_or(usize::MAX, |so_far| so_far + 1));
        let ends = words.iter().filter(|word| rest.starts_with(word)).map(Vec::len).chain([
            1,
            run(rest),
            repeated(letters, at),
        ]);
        for end in ends {
            if let Some(known) = fewest.get_mut(at + end) {
                *known = next.min(*known);
            }
        }
    }
    fewest.last().copied().unwrap_or(0)
}

/// How many letters from the start are one row of keys, or one letter again and again; 0 when too few.
fn run(letters: &[char]) -> usize {
    let same = letters.iter().take_while(|c| Some(*c) == letters.first()).count();
    let longest = ROWS
        .iter()
        .flat_map(|row| [row.chars().collect::<Vec<_>>(), row.chars().rev().collect()])
        .flat_map(|row| {
            let starts: Vec<usize> = row
                .iter()
                .enumerate()
                .filter(|(_, c)| Some(*c) == letters.first())
                .map(|(at, _)| at)
                .collect();
            starts.into_iter().map(move |at| {
                row.iter().skip(at).zip(letters).take_while(|(key, letter)| key == letter).count()
            })
        })
        .chain([same, year(letters)])
        .max()
        .unwrap_or(0);
    if longest >= RUN_MIN { longest } else { 0 }
}

/// Four digits that are a year of somebody's life.
fn year(letters: &[char]) -> usize {
    let digits: String = letters.iter().take(4).collect();
    match digits.parse::<u16>() {
        Ok(1900..=2099) if digits.len() == 4 => 4,
        _ => 0,
    }
}

/// How many letters from `at` on repeat what stands right before, as often as it goes: `abc` + `abcabc`.
fn repeated(letters: &[char], at: usize) -> usize {
    let (before, rest) = letters.split_at(at);
    (1..=at)
        .filter_map(|width| before.get(at - width..))
        .map(|unit| rest.chunks(unit.len()).take_while(|chunk| *chunk == unit).count() * unit.len())
        .max()
        .unwrap_or(0)
}
