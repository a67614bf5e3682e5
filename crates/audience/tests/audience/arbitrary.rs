//! Any octets can be read, and what a spreadsheet program writes reads back exactly.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use proptest::prelude::*;

use crate::workbook::{Sheet, packed};
use crate::{import, options};

fn encode(text: &str, encoding: &'static Encoding, bom: bool) -> Vec<u8> {
    let text = if bom { format!("\u{feff}{text}") } else { text.to_owned() };
    if encoding == UTF_16LE {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    } else if encoding == UTF_16BE {
        text.encode_utf16().flat_map(u16::to_be_bytes).collect()
    } else {
        text.into_bytes()
    }
}

/// A cell as people fill it in: anything but what is refused, and no white space around it, which goes.
fn cell() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 ,;|^:\t\"'£éłя中\n-]{0,12}".prop_map(|cell| cell.trim().to_owned())
}

proptest! {
    #[test]
    fn any_octets(octets in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = import(&octets, &options());
    }

    #[test]
    fn any_text(text in "(email|[a-c@.,;\t\"'= \r\n\u{feff}é]|\r\n|a@x\\.test){0,60}") {
        let _ = import(text.as_bytes(), &options());
    }

    #[test]
    fn any_damage_to_a_workbook(place in 0_usize..4096, octet in any::<u8>(), cut in 0_usize..4096) {
        for sample in [&include_bytes!("../data/values.xlsx")[..], include_bytes!("../data/shared.xlsx")] {
            let mut octets = sample.to_vec();
            let length = octets.len();
            octets[place % length] = octet;
            let _ = import(&octets, &options());
            octets.truncate(cut % length);
            let _ = import(&octets, &options());
        }
    }

    #[test]
    fn any_xml_in_a_sheet(xml in "(<c>|</c>|<c r=\"[A-C][1-3]\" t=\"[a-z]{1,3}\">|<v>|</v>|<f/>|<is>|</is>|<t>|</t>|<row>|</row>|<row r=\"[0-9]{1,12}\">|&amp;|&x;|[a-z0-9]{1,3}){0,40}") {
        let _ = import(&packed(&[Sheet { name: "People", rows: &xml }], None), &options());
    }

    #[test]
    fn what_is_written_reads_back(
        rows in prop::collection::vec(prop::collection::vec(cell(), 3), 1..20),
        delimiter in prop::sample::select(b",;\t|^:~".to_vec()),
        always in any::<bool>(),
        crlf in any::<bool>(),
        encoding in prop::sample::select(vec![UTF_8, UTF_16LE, UTF_16BE]),
        bom in any::<bool>(),
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .quote_style(if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(Vec::new());
        writer.write_record(["email", "one", "two", "three"]).unwrap();
        for (number, row) in rows.iter().enumerate() {
            let mut record = vec![format!("person{number}@x.test")];
            record.extend(row.iter().cloned());
            writer.write_record(&record).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let (inspection, people, problems) = import(&encode(&text, encoding, bom), &options()).unwrap();
        prop_assert!(problems.is_empty());
        prop_assert_eq!(inspection.columns.len(), 4);
        prop_assert_eq!(people.len(), rows.len());
        for ((number, row), person) in rows.iter().enumerate().zip(&people) {
            prop_assert_eq!(person.row, number as u64 + 2);
            prop_assert_eq!(person.address.expose(), format!("person{number}@x.test"));
            prop_assert_eq!(&person.values[1..], &row[..]);
        }
    }
}
