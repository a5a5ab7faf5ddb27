//! Columns of text on a terminal, wrapped where Chinese and English may be.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Blanks between two columns.
const GAP: usize = 2;

/// Appends a row: cells of the given widths, the last one in what is left of `width`.
pub(super) fn columns(out: &mut String, width: usize, indent: usize, widths: &[usize], cells: &[String]) {
    let mut starts = Vec::new();
    let mut wrapped: Vec<Vec<&str>> = Vec::new();
    let mut start = indent;
    for (at, cell) in cells.iter().enumerate() {
        let room = match widths.get(at).filter(|_| at + 1 < cells.len()) {
            Some(room) => *room,
            None => width.saturating_sub(start),
        };
        wrapped.push(wrap(cell, room));
        starts.push(start);
        start += room + GAP;
    }
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let mut written = 0;
        for (cell, start) in wrapped.iter().zip(&starts) {
            let Some(piece) = cell.get(line).filter(|piece| !piece.is_empty()) else {
                continue;
            };
            out.push_str(&" ".repeat(start.saturating_sub(written)));
            out.push_str(piece);
            written = start + piece.width();
        }
        out.push('\n');
    }
}

/// The text in pieces of at most `room` columns: broken at blanks and between Chinese characters,
/// elsewhere only if a word is longer than a line.
fn wrap(text: &str, room: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while rest.width() > room {
        let cut = last_break(rest, room);
        let (piece, after) = rest.split_at_checked(cut).unwrap_or((rest, ""));
        pieces.push(piece.trim_end());
        rest = after.trim_start();
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// Where to break a text that is wider than `room`; never at its beginning.
fn last_break(text: &str, room: usize) -> usize {
    let (mut width, mut allowed, mut forced) = (0, 0, 0);
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        if at > 0 && before.is_some_and(|before| may_break(before, c)) {
            allowed = at;
        }
        width += c.width().unwrap_or(0);
        if width > room {
            break;
        }
        forced = at + c.len_utf8();
        before = Some(c);
    }
    let first = text.chars().next().map_or(0, char::len_utf8);
    if allowed > 0 { allowed } else { forced.max(first) }
}

/// Whether a line may end between two characters.
fn may_break(before: char, after: char) -> bool {
    let wide = |c: char| c.width() == Some(2);
    let opens = |c: char| matches!(c, '（' | '“' | '《' | '【' | '(' | '[' | '`');
    let closes = |c: char| "，。；：？！、）”》】,.;:?!)]`".contains(c);
    if before == ' ' || after == ' ' {
        return true;
    }
    (wide(before) || wide(after)) && !opens(before) && !closes(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_where_they_may() {
        let cases: [(&str, usize, &[&str]); 8] = [
            ("one two three", 7, &["one two", "three"]),
            ("I10.x00x002 高血压", 11, &["I10.x00x002", "高血压"]),
            ("原发性高血压", 5, &["原发", "性高", "血压"]),
            ("高血压，三级", 6, &["高血", "压，三", "级"]),
            ("abcdefgh", 3, &["abc", "def", "gh"]),
            ("病（轻）", 4, &["病", "（轻", "）"]),
            ("", 5, &[""]),
            ("中", 1, &["中"]),
        ];
        for (text, room, expected) in cases {
            assert_eq!(wrap(text, room), expected, "{text} in {room}");
        }
    }

    #[test]
    fn columns_stand_below_each_other() {
        let mut out = String::new();
        let row = |cells: [&str; 2]| cells.map(str::to_owned);
        columns(&mut out, 14, 1, &[4], &row(["诊断", "a b c d e f"]));
        columns(&mut out, 14, 1, &[4], &row(["x", ""]));
        assert_eq!(out, " 诊断  a b c d\n       e f\n x\n");
    }
}
