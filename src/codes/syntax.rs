//! The written form of ICD codes.

use std::borrow::Cow;

/// The normal form of a diagnosis or procedure code (编码规范化): trimmed, full-width letters
/// folded, the dagger dropped, letters upper case but the extension mark `x`.
///
/// Normalising twice changes nothing; a code already normal is returned as it is.
///
/// ```
/// use dianzhi::codes::normal_form;
/// assert_eq!(normal_form(" i10.X00x032 "), "I10.x00x032");
/// assert_eq!(normal_form("X59.900"), "X59.900"); // the chapter letter stays
/// ```
pub fn normal_form(written: &str) -> Cow<'_, str> {
    let trimmed = written.trim();
    if is_normal(trimmed.as_bytes()) {
        return Cow::Borrowed(trimmed);
    }
    let mut code = String::with_capacity(trimmed.len());
    let mut before = ' ';
    let kept = |c: &char| *c != '†';
    let folded: String = trimmed.chars().map(fold_width).filter(kept).collect();
    // a blank beside a dagger is at the end only now
    for c in folded.trim().chars() {
        let after_digit = before.is_ascii_digit() || before == '.' || before == 'x';
        let c = match c {
            'x' | 'X' if after_digit => 'x',
            _ => c.to_ascii_uppercase(),
        };
        code.push(c);
        before = c;
    }
    Cow::Owned(code)
}

/// What a cell or code may hold instead of nothing (占位符).
pub fn is_placeholder(cell: &str) -> bool {
    matches!(cell, "-" | "--" | "—" | "NULL" | "null" | "无" | "N/A")
}

/// Only bytes that normalising leaves alone.
fn is_normal(code: &[u8]) -> bool {
    let mut before = b' ';
    code.iter().all(|byte| {
        let after_digit = before.is_ascii_digit() || before == b'.' || before == b'x';
        before = *byte;
        match byte {
            b'x' => after_digit,
            b'X' => !after_digit,
            _ => byte.is_ascii() && !byte.is_ascii_lowercase(),
        }
    })
}

fn fold_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// The codes that a spreadsheet may have turned into this number (受损编码): `9.25` was `09.2500` or
/// `09.25000`, `5.123E+01` was `51.2300`. Nothing if it is no number.
///
/// ```
/// use dianzhi::codes::damaged_forms;
/// assert_eq!(damaged_forms("0.21").unwrap(), ["00.2100", "00.21000"]);
/// assert_eq!(damaged_forms("5.123E+01").unwrap(), ["51.2300", "51.23000"]);
/// assert!(damaged_forms("I10.x00").is_none());
/// ```
pub fn damaged_forms(written: &str) -> Option<Vec<String>> {
    let (number, exponent) = match written.split_once(['E', 'e']) {
        Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
        None => (written, 0),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits: String = format!("{whole}{part}");
    let is_number = !whole.is_empty() && digits.len() <= 9 && digits.bytes().all(|b| b.is_ascii_digit());
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    if !is_number || !(0..=9).contains(&point) {
        return None;
    }
    let digits = format!("{digits:0<9}");
    let (whole, part) = digits.split_at_checked(usize::try_from(point).ok()?)?;
    let whole = whole.trim_start_matches('0');
    let part = part.trim_end_matches('0');
    let fits = whole.len() <= 2 && part.len() <= 4;
    fits.then(|| {
        vec![
            format!("{whole:0>2}.{part:0<4}"),
            format!("{whole:0>2}.{part:0<5}"),
        ]
    })
}

/// `[A-Z]\d\d\.[\dx]\d\d(x\d{3})?(\+[A-Z]\d\d(\.\d)?\*)?`: an insurance-edition diagnosis code.
pub fn is_diagnosis(code: &str) -> bool {
    let (base, asterisk) = match code.split_once('+') {
        Some((base, asterisk)) => (base, Some(asterisk)),
        None => (code, None),
    };
    let (stem, extension) = match base.as_bytes().get(7..) {
        Some(extension) if !extension.is_empty() => (base.as_bytes().get(..7), Some(extension)),
        _ => (Some(base.as_bytes()), None),
    };
    stem.is_some_and(|stem| fits(stem, "Add.Xdd"))
        && extension.is_none_or(|extension| fits(extension, "xddd"))
        && asterisk.is_none_or(|code| fits(code.as_bytes(), "Add*") || fits(code.as_bytes(), "Add.d*"))
}

/// `\d\d\.[\dx]{2}[\dA-Z]{2,3}(x\d{3,4})?`: an insurance-edition procedure code.
pub fn is_procedure(code: &str) -> bool {
    // the extension mark is the `x` after the fixed seven or eight characters
    let cut = code
        .bytes()
        .enumerate()
        .skip(7)
        .find(|(_, b)| *b == b'x')
        .map_or(code.len(), |(at, _)| at);
    let Some((stem, extension)) = code.as_bytes().split_at_checked(cut) else {
        return false;
    };
    (fits(stem, "dd.XXCC") || fits(stem, "dd.XXCCC"))
        && (extension.is_empty() || fits(extension, "xddd") || fits(extension, "xdddd"))
}

/// `A` letter, `d` digit, `X` digit or x, `C` digit or letter, else the byte itself.
fn fits(text: &[u8], pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.iter().zip(pattern.bytes()).all(|(byte, class)| match class {
            b'A' => byte.is_ascii_uppercase(),
            b'd' => byte.is_ascii_digit(),
            b'X' => byte.is_ascii_digit() || *byte == b'x',
            b'C' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            _ => *byte == class,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_every_shape() {
        for code in [
            "J18.900",
            "I10.x00x032",
            "A52.000+I98.0*",
            "A17.000+G01*",
            "B33.400+J17.1*",
        ] {
            assert!(is_diagnosis(code), "{code}");
            assert_eq!(normal_form(code), code);
        }
        for code in ["J18.9", "18.900", "J18.900x01", "", "J18.900+", "j18.900"] {
            assert!(!is_diagnosis(code), "{code}");
        }
        for code in [
            "37.5100",
            "00.5500x008",
            "17.922E0",
            "38.9300x009",
            "86.700x0013",
            "00.66001",
        ] {
            let expected = code != "86.700x0013";
            assert_eq!(is_procedure(code), expected, "{code}");
        }
        assert!(!is_procedure("37.51"));
    }
}
