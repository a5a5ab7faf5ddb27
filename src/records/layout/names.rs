//! Headers as a layout writes them: single names and numbered runs.

use super::super::columns::fold;

/// The most headers that one run may stand for.
const LONGEST_RUN: u32 = 200;

/// The headers a name stands for: `C06x{01..40}C` for forty, any other for itself (编号列).
///
/// A number with leading zeros keeps its width.
///
/// # Errors
/// What is wrong with the run, in words.
pub(super) fn expanded(written: &str) -> Result<Vec<String>, String> {
    let Some((before, rest)) = written.split_once('{') else {
        return Ok(vec![written.to_owned()]);
    };
    let run = || format!("`{written}` is no numbered run; expected e.g. `C06x{{01..40}}C`");
    let (range, after) = rest.split_once('}').ok_or_else(run)?;
    let (first, last) = range.split_once("..").ok_or_else(run)?;
    let (from, to) = (number(first).ok_or_else(run)?, number(last).ok_or_else(run)?);
    if from > to || to - from >= LONGEST_RUN {
        return Err(format!(
            "`{written}` runs from {from} to {to}; expected 1 to {LONGEST_RUN} headers"
        ));
    }
    let width = if first.starts_with('0') { first.len() } else { 0 };
    Ok((from..=to)
        .map(|number| format!("{before}{number:0width$}{after}"))
        .collect())
}

fn number(digits: &str) -> Option<u32> {
    let plain = digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// A header as headers are compared: trimmed, of usual width, without regard to case.
pub(super) fn compared(header: &str) -> String {
    fold(header)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn runs_keep_their_width() {
        assert_eq!(
            expanded("C06x{08..10}C").unwrap(),
            ["C06x08C", "C06x09C", "C06x10C"]
        );
        assert_eq!(expanded("JBDM{9..10}").unwrap(), ["JBDM9", "JBDM10"]);
        assert_eq!(expanded("plain").unwrap(), ["plain"]);
        for wrong in ["a{1..", "a{1}", "a{2..1}", "a{1..9999}", "a{x..y}", "a{-1..2}"] {
            assert!(expanded(wrong).is_err(), "{wrong}");
        }
    }
}
