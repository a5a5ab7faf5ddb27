//! Tables of the dBASE kind (DBF): cells of fixed width, mostly in GBK.
//!
//! A reader of its own: those at hand turn cells into numbers and dates, which loses what was
//! written, and stop at the first unsound one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::encoding::Encoding;
use super::transcode::{Cells, NeutralRows, Note, Transcoder};
use crate::diagnostics::{Error, Lang, Place, Result};

/// What stands before the descriptions of the fields.
const HEAD: usize = 32;

/// The flag of a row that was deleted.
const DELETED: u8 = b'*';

/// Behind the last row.
const END: u8 = 0x1a;

/// Where the cells of a row stand (字段位置).
#[derive(Clone, Debug)]
pub(in crate::records) struct DbfShape {
    pub headers: Vec<String>,
    /// From and to in a row, the flag before them counted.
    spans: Vec<(usize, usize)>,
    /// Bytes of a row with its flag.
    pub row: usize,
    /// Bytes before the first row.
    pub start: usize,
    /// Rows left out so far.
    pub deleted: Arc<AtomicU64>,
}

/// Whether bytes are the beginning of such a table.
pub(in crate::records) fn is_dbf(sample: &[u8]) -> bool {
    let sound = |version: u8| {
        matches!(
            version,
            0x02 | 0x03
                | 0x04
                | 0x05
                | 0x30
                | 0x31
                | 0x32
                | 0x43
                | 0x63
                | 0x83
                | 0x8b
                | 0x8e
                | 0xcb
                | 0xf5
                | 0xfb
        )
    };
    match sample {
        [version, _, month, day, _, _, _, _, low, high, ..] => {
            let start = usize::from(u16::from_le_bytes([*low, *high]));
            sound(*version)
                && *month <= 12
                && *day <= 31
                && start > HEAD
                && sample.get(HEAD).is_some_and(u8::is_ascii_graphic)
        }
        _ => false,
    }
}

impl DbfShape {
    /// Reads the head of a table.
    ///
    /// # Errors
    /// F001: it is damaged.
    pub(in crate::records) fn read(place: &Place, sample: &[u8], encoding: Encoding) -> Result<DbfShape> {
        let damaged = || Error::at(place.clone(), "F001: the head of this DBF file is damaged");
        let number = |at: usize| match (sample.get(at), sample.get(at + 1)) {
            (Some(low), Some(high)) => Some(usize::from(u16::from_le_bytes([*low, *high]))),
            _ => None,
        };
        let (start, row) = number(8).zip(number(10)).ok_or_else(damaged)?;
        let mut shape = DbfShape {
            headers: Vec::new(),
            spans: Vec::new(),
            row,
            start,
            deleted: Arc::default(),
        };
        let mut offset = 1;
        for field in sample.get(HEAD..start).ok_or_else(damaged)?.chunks_exact(HEAD) {
            let Some(name) = field.get(..11).filter(|name| name.first() != Some(&0x0d)) else {
                break;
            };
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            let name = encoding.decode(name).ok_or_else(damaged)?;
            let length = usize::from(field.get(16).copied().ok_or_else(damaged)?);
            shape.headers.push(name.trim().to_owned());
            shape.spans.push((offset, offset + length));
            offset += length;
        }
        if shape.headers.is_empty() || offset != row {
            return Err(damaged());
        }
        Ok(shape)
    }
}

impl Transcoder {
    /// The rows of bytes that begin with row number `first`; deleted ones are counted.
    pub(in crate::records) fn dbf_rows(
        &self,
        shape: &DbfShape,
        encoding: Encoding,
        (bytes, first): (&[u8], u64),
        lang: Lang,
        out: &mut NeutralRows,
    ) {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for (number, row) in (first..).zip(bytes.chunks(shape.row)) {
            match row.first() {
                Some(&DELETED) => {
                    shape.deleted.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                Some(&END) if row.len() < shape.row => return,
                _ if row.len() < shape.row => {
                    let expected = lang.pick(
                        "a whole row; the file ends inside it",
                        "完整的一行；文件在行中截断",
                    );
                    out.unreadable(
                        number,
                        Note::shapeless("F003", String::new(), expected.to_owned()),
                    );
                    return;
                }
                _ => {}
            }
            text.clear();
            ends.clear();
            ends.push(u32::MAX);
            let sound = shape.spans.iter().enumerate().all(|(field, (from, to))| {
                let cell = row.get(*from..*to).unwrap_or_default();
                let cell = if self.plan.reads(field) { cell } else { &[] };
                let cell = encoding.decode(cell.trim_ascii_end());
                text.push_str(cell.as_deref().unwrap_or("").trim_end_matches('\0'));
                ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
                text.push('\u{1f}');
                cell.is_some()
            });
            if !sound {
                out.unreadable(number, encoding.undecodable(row, lang));
                continue;
            }
            let cells = Cells {
                text: &text,
                ends: &ends,
                nodes: &[],
                clean: false,
                quoted: false,
            };
            self.row(&cells, number, lang, out);
        }
    }
}
