//! Text with delimiters (RFC 4180, and what spreadsheet programs make of it).

pub(crate) mod delimiter;
pub(crate) mod encoding;
mod records;

use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use encoding_rs::DecoderResult;

use crate::error::ImportError;
use crate::octets::{CHUNK_OCTETS, read_some};
use crate::row::Each;
use delimiter::Delimiter;
use encoding::Detected;
use records::Records;

/// How much text the delimiter is found from, in octets of UTF-8.
const SAMPLE_OCTETS: usize = 64 << 10;

/// A text file whose encoding and delimiter are known.
pub(crate) struct Csv<R> {
    reader: R,
    pub(crate) encoding: Detected,
    pub(crate) delimiter: Delimiter,
}

impl<R: Read + Seek> Csv<R> {
    pub(crate) fn open(mut reader: R, encoding: Detected) -> Result<Self, ImportError> {
        let mut sample = String::new();
        let whole = decode(&mut reader, encoding, |text| {
            sample.push_str(text);
            Ok(if sample.len() < SAMPLE_OCTETS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        });
        let whole = match whole {
            Ok(flow) => flow.is_continue(),
            Err(Undecodable::Import(error)) => return Err(error),
            // The row is known only once there is a delimiter: the reading that follows says which.
            Err(Undecodable::Malformed) => false,
        };
        let delimiter = delimiter::find(&sample, whole)?;
        Ok(Self { reader, encoding, delimiter })
    }

    /// Every row in its order.
    pub(crate) fn each_row(&mut self, each: &mut Each<'_>) -> Result<(), ImportError> {
        let mut records = Records::new(self.delimiter.octet, self.delimiter.sep_line);
        match decode(&mut self.reader, self.encoding, |text| records.feed(text, each)) {
            Ok(ControlFlow::Break(())) => Ok(()),
            Ok(ControlFlow::Continue(())) => records.finish(each).map(|_| ()),
            Err(Undecodable::Import(error)) => Err(error),
            Err(Undecodable::Malformed) => Err(ImportError::Encoding {
                row: records.row_number(),
                encoding: self.encoding.encoding.name(),
            }),
        }
    }
}

enum Undecodable {
    Import(ImportError),
    Malformed,
}

/// Decodes from the beginning, piece by piece. Nothing is replaced: a name with a character lost would be sent.
fn decode<R: Read + Seek>(
    reader: &mut R,
    detected: Detected,
    mut each: impl FnMut(&str) -> Result<ControlFlow<()>, ImportError>,
) -> Result<ControlFlow<()>, Undecodable> {
    let import = Undecodable::Import;
    let start = u64::try_from(detected.bom_octets).unwrap_or(0);
    reader.seek(SeekFrom::Start(start)).map_err(|error| import(ImportError::Read(error)))?;
    let mut decoder = detected.encoding.new_decoder_without_bom_handling();
    let mut chunk = vec![0; CHUNK_OCTETS];
    let mut text = String::with_capacity(CHUNK_OCTETS);
    loop {
        let read = read_some(reader, &mut chunk).map_err(|error| import(ImportError::Read(error)))?;
        let last = read == 0;
        let mut octets = &chunk[..read];
        loop {
            text.clear();
            let (result, used) = decoder.decode_to_string_without_replacement(octets, &mut text, last);
            octets = &octets[used..];
            if each(&text).map_err(import)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return Err(Undecodable::Malformed),
            }
        }
        if last {
            return Ok(ControlFlow::Continue(()));
        }
    }
}
