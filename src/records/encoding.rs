//! How the bytes of a file are text (字符编码).

use std::borrow::Cow;
use std::io::Read;

use encoding_rs::{Decoder, DecoderResult};

use super::layout::Note;
use super::packed::PACKED_MAGIC;
use crate::diagnostics::{Error, Lang, Place, Result};

/// How bytes are read as text (字符编码), once for a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// With or without byte order mark.
    Utf8,
    /// Also reads GBK and GB2312.
    Gb18030,
    /// Two bytes a letter, the lower first.
    Utf16Le,
    /// Two bytes a letter, the higher first.
    Utf16Be,
}

impl Encoding {
    /// The name shown.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Gb18030 => "GB18030",
            Encoding::Utf16Le => "UTF-16 LE",
            Encoding::Utf16Be => "UTF-16 BE",
        }
    }

    /// By name, as typed.
    ///
    /// # Errors
    /// It is none that is read; those that are.
    pub fn typed(name: &str) -> std::result::Result<Encoding, String> {
        match name.to_ascii_lowercase().replace(['-', '_', ' '], "").as_str() {
            "utf8" => Ok(Encoding::Utf8),
            "gb18030" | "gbk" | "gb2312" => Ok(Encoding::Gb18030),
            "utf16" | "utf16le" => Ok(Encoding::Utf16Le),
            "utf16be" => Ok(Encoding::Utf16Be),
            _ => Err(format!(
                "`{name}` is no encoding that is read; expected utf-8, gb18030, gbk, utf-16le or utf-16be"
            )),
        }
    }

    /// Of two bytes a letter: made UTF-8 before anything else is read.
    pub(super) fn is_wide(self) -> bool {
        matches!(self, Encoding::Utf16Le | Encoding::Utf16Be)
    }

    /// The finding about a row with bytes that are no text, with the place of the first one.
    pub(super) fn undecodable(self, row: &[u8], lang: Lang) -> Note {
        let at = match self {
            Encoding::Gb18030 => {
                let mut decoder = encoding_rs::GB18030.new_decoder_without_bom_handling();
                let mut text = vec![0; row.len() * 3 + 16];
                let (_, read, _) = decoder.decode_to_utf8_without_replacement(row, &mut text, true);
                read
            }
            _ => std::str::from_utf8(row).map_or_else(|e| e.valid_up_to() + 1, |_| row.len()),
        };
        let expected = match lang {
            Lang::En => format!("{} text in every byte of the row; byte {at} is none", self.name()),
            Lang::Zh => format!("整行均为{}编码的文字；第{at}个字节不是", self.name()),
        };
        Note::shapeless("F002", String::new(), expected)
    }

    /// The text of a row, or nothing if some byte is none.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Encoding::Utf8 | Encoding::Utf16Le | Encoding::Utf16Be => {
                std::str::from_utf8(bytes).ok().map(Cow::Borrowed)
            }
            Encoding::Gb18030 => {
                encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes)
            }
        }
    }

    /// From the first bytes: most of the lines with non-ASCII bytes decide.
    pub(super) fn of_sample(place: &Place, sample: &[u8]) -> Result<Encoding> {
        if sample.starts_with(b"PK\x03\x04") {
            let message = "F001: this is an archive where one file was expected; unpack it first";
            return Err(Error::at(place.clone(), message));
        }
        if sample.starts_with(&PACKED_MAGIC) {
            let message = "F001: this is a packed file; only `group` and `regroup` read it, expected CSV";
            return Err(Error::at(place.clone(), message));
        }
        if let Some(wide) = wide_encoding(sample) {
            return Ok(wide);
        }
        let lines = sample
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_ascii());
        let (mut utf8, mut other) = (0_usize, 0_usize);
        for line in lines {
            match std::str::from_utf8(line) {
                Ok(_) => utf8 += 1,
                Err(_) => other += 1,
            }
        }
        Ok(if other > utf8 {
            Encoding::Gb18030
        } else {
            Encoding::Utf8
        })
    }
}

/// UTF-16 by its mark, or by the zero bytes of a first line in Latin letters.
fn wide_encoding(sample: &[u8]) -> Option<Encoding> {
    let zeros = |first: usize| {
        let bytes = sample.get(first..).unwrap_or_default().iter().step_by(2).take(16);
        !sample.is_empty() && bytes.clone().count() == 16 && bytes.clone().all(|byte| *byte == 0)
    };
    match sample {
        [0xff, 0xfe, ..] => Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => Some(Encoding::Utf16Be),
        _ if zeros(1) => Some(Encoding::Utf16Le),
        _ if zeros(0) => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// Half a letter is no text: in its place stands a byte that is no UTF-8 either, so that its row
/// is found.
const NO_TEXT: u8 = 0xff;

/// UTF-16 as UTF-8 (编码转换), without its mark.
pub(super) struct Utf16 {
    source: Box<dyn Read + Send>,
    decoder: Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl Utf16 {
    pub(super) fn new(source: Box<dyn Read + Send>, encoding: Encoding) -> Utf16 {
        let decoder = match encoding {
            Encoding::Utf16Be => encoding_rs::UTF_16BE,
            _ => encoding_rs::UTF_16LE,
        };
        Utf16 {
            source,
            decoder: decoder.new_decoder_with_bom_removal(),
            raw: vec![0; 1 << 15],
            text: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    fn decode_more(&mut self) -> std::io::Result<()> {
        let length = self.source.read(&mut self.raw)?;
        self.ended = length == 0;
        self.text.clear();
        self.given = 0;
        let mut from = self.raw.get(..length).unwrap_or_default();
        let mut part = vec![0; length * 3 + 16];
        loop {
            let (result, read, written) = self
                .decoder
                .decode_to_utf8_without_replacement(from, &mut part, self.ended);
            self.text
                .extend_from_slice(part.get(..written).unwrap_or_default());
            from = from.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.text.push(NO_TEXT),
            }
        }
    }
}

impl Read for Utf16 {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.given == self.text.len() {
            if self.ended {
                return Ok(0);
            }
            self.decode_more()?;
        }
        let waiting = self.text.get(self.given..).unwrap_or_default();
        let length = waiting.len().min(buffer.len());
        let (to, from) = (buffer.get_mut(..length), waiting.get(..length));
        if let (Some(to), Some(from)) = (to, from) {
            to.copy_from_slice(from);
        }
        self.given += length;
        Ok(length)
    }
}
