//! How text becomes the bytes of a file (写出编码).

use std::borrow::Cow;

/// How text is written as bytes (写出编码), once for a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextEncoding {
    /// Without a mark.
    Utf8,
    /// Every character there is.
    Gb18030,
    /// Of two bytes at most: rare characters are missing.
    Gbk,
    /// With a mark, the lower byte first.
    Utf16Le,
    /// With a mark, the higher byte first.
    Utf16Be,
}

impl TextEncoding {
    /// By name, as typed; the names are those that are read.
    ///
    /// # Errors
    /// It is none that is written; those that are.
    pub fn typed(name: &str) -> Result<TextEncoding, String> {
        match name.to_ascii_lowercase().replace(['-', '_', ' '], "").as_str() {
            "utf8" => Ok(TextEncoding::Utf8),
            "gb18030" => Ok(TextEncoding::Gb18030),
            "gbk" | "gb2312" => Ok(TextEncoding::Gbk),
            "utf16" | "utf16le" => Ok(TextEncoding::Utf16Le),
            "utf16be" => Ok(TextEncoding::Utf16Be),
            _ => Err(format!(
                "`{name}` is no encoding that is written; expected utf-8, gb18030, gbk, utf-16le or utf-16be"
            )),
        }
    }

    /// The name shown.
    pub const fn name(self) -> &'static str {
        match self {
            TextEncoding::Utf8 => "UTF-8",
            TextEncoding::Gb18030 => "GB18030",
            TextEncoding::Gbk => "GBK",
            TextEncoding::Utf16Le => "UTF-16 LE",
            TextEncoding::Utf16Be => "UTF-16 BE",
        }
    }

    /// Whether a letter takes two bytes.
    pub const fn is_wide(self) -> bool {
        matches!(self, TextEncoding::Utf16Le | TextEncoding::Utf16Be)
    }

    /// What stands before the first character.
    pub const fn mark(self) -> &'static str {
        if self.is_wide() { "\u{feff}" } else { "" }
    }

    /// The bytes of a text.
    ///
    /// # Errors
    /// The first character that this encoding does not have.
    pub fn encode(self, text: &str) -> Result<Cow<'_, [u8]>, char> {
        match self {
            TextEncoding::Utf8 => Ok(Cow::Borrowed(text.as_bytes())),
            TextEncoding::Utf16Le => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            TextEncoding::Utf16Be => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            TextEncoding::Gb18030 => national(encoding_rs::GB18030, text),
            TextEncoding::Gbk => national(encoding_rs::GBK, text),
        }
    }
}

fn national<'t>(encoding: &'static encoding_rs::Encoding, text: &'t str) -> Result<Cow<'t, [u8]>, char> {
    let (bytes, _, missing) = encoding.encode(text);
    if !missing {
        return Ok(bytes);
    }
    let mut characters = text.chars();
    let lacks = |c: &char| encoding.encode(c.encode_utf8(&mut [0; 4])).2;
    Err(characters.find(lacks).unwrap_or('\u{fffd}'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::Encoding;
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let text = "急性阑尾炎,K35.800|x\n";
        for (written, read) in [
            (TextEncoding::Utf8, Encoding::Utf8),
            (TextEncoding::Gb18030, Encoding::Gb18030),
            (TextEncoding::Gbk, Encoding::Gb18030),
        ] {
            let bytes = written.encode(text).unwrap();
            assert_eq!(read.decode(&bytes).unwrap(), text);
        }
        assert_eq!(TextEncoding::Utf16Be.encode("A").unwrap().as_ref(), [0, b'A']);
        assert_eq!(TextEncoding::Utf16Le.encode("A").unwrap().as_ref(), [b'A', 0]);
    }

    #[test]
    fn a_missing_character_is_named() {
        assert_eq!(TextEncoding::Gbk.encode("ab𠮷c"), Err('𠮷'));
        assert!(TextEncoding::Gb18030.encode("ab𠮷c").is_ok());
        assert!(TextEncoding::typed("big5").is_err());
    }
}
