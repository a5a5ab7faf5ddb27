//! What was made of the files read: layout, encoding, personal columns left out.

use std::sync::atomic::Ordering;

use crate::diagnostics::Lang;
use crate::records::Opened;
use crate::reports::{GROUP_COLUMNS, PACKET_COLUMNS};

/// How many headers stand in a line of words.
const SHOWN: usize = 12;

/// A line for each thing to be said, each after a line break (读取说明).
pub(super) fn reading_words(opened: &[Opened], lang: Lang) -> String {
    let several = opened.len() > 1;
    let mut text = String::new();
    for file in opened {
        if several {
            text.push_str(&format!("\n{}", file.file));
        }
        let mut say = |label: &str, words: &str| {
            let indent = if several { "  " } else { "" };
            text.push_str(&format!("\n{indent}{label}: {words}"));
        };
        if file.foreign || several {
            say(lang.pick("layout", "版式"), &layout_words(file, lang));
        }
        say(lang.pick("encoding", "编码"), file.encoding.name());
        if !file.personal.is_empty() {
            let label = lang.pick("personal columns left out", "已剔除的个人信息列");
            say(label, &some(&file.personal, lang));
        }
        if let Some((sheet, full)) = &file.sheet {
            say(lang.pick("sheet", "工作表"), sheet);
            if *full {
                let words = lang.pick(
                    "the sheet has as many rows as a sheet can have; some may be missing",
                    "工作表已达行数上限，可能缺少部分行",
                );
                say(lang.pick("warning", "警告"), words);
            }
        }
        let deleted = file.deleted.load(Ordering::Relaxed);
        if deleted > 0 {
            let label = lang.pick("rows marked as deleted, left out", "已标记删除而略去的行");
            say(label, &deleted.to_string());
        }
        let unread = file.unread();
        if !unread.is_empty() {
            let label = lang.pick("fields the layout does not know", "版式未收录的字段");
            let counted: Vec<String> = unread
                .iter()
                .map(|(name, count)| format!("{name} {count}"))
                .collect();
            say(label, &some(&counted, lang));
        }
        if let Some((label, words)) = columns_left(file, lang) {
            say(label, &words);
        }
        for (column, count) in file.differences() {
            let label = lang.pick(
                "records that differ from the joined file",
                "与关联文件不一致的记录",
            );
            say(label, &format!("{} {count}", column.name()));
        }
    }
    text
}

/// A line for each file that has columns nobody reads, each after a line break (未读取的列).
pub(super) fn unread_words(opened: &[Opened], lang: Lang) -> String {
    let mut text = String::new();
    for file in opened {
        if let Some((label, words)) = columns_left(file, lang) {
            text.push_str(&format!("\n{}: {label}: {words}", file.file));
        }
    }
    text
}

/// Columns that nobody reads: of a foreign table all of them, of a neutral one, where others are passed on, those
/// that may be slips of the pen. Columns of an earlier grouping are none.
fn columns_left(file: &Opened, lang: Lang) -> Option<(&'static str, String)> {
    let unmapped = file.unmapped();
    if !unmapped.is_empty() {
        let label = lang.pick("columns that are not read", "未读取的列");
        return Some((label, some(&unmapped, lang)));
    }
    let ours = |name: &str| GROUP_COLUMNS.contains(&name) || PACKET_COLUMNS.contains(&name);
    let near = file.misspelt().into_iter().filter(|(header, _)| !ours(header));
    let near: Vec<String> = near
        .map(|(header, known)| match lang {
            Lang::En => format!("`{header}` (did you mean `{known}`?)"),
            Lang::Zh => format!("`{header}`（是否为`{known}`？）"),
        })
        .collect();
    let label = lang.pick(
        "passed on unread, with names near one that is read",
        "原样传递、未读取，但列名接近可识别的列",
    );
    (!near.is_empty()).then(|| (label, some(&near, lang)))
}

/// The first headers, and how many there are.
pub(super) fn some(headers: &[String], lang: Lang) -> String {
    let shown: Vec<&str> = headers.iter().take(SHOWN).map(String::as_str).collect();
    let shown = shown.join(", ");
    match (headers.len().checked_sub(SHOWN), lang) {
        (None | Some(0), _) => shown,
        (Some(_), Lang::En) => format!("{shown} … ({} in all)", headers.len()),
        (Some(_), Lang::Zh) => format!("{shown} …（共{}个）", headers.len()),
    }
}

/// `hqms-811 (…), told by A48, A12C`.
fn layout_words(file: &Opened, lang: Lang) -> String {
    let layout = &file.chosen.layout;
    let why = match (file.chosen.by.as_slice(), lang) {
        ([], Lang::En) => "as --layout says".to_owned(),
        ([], Lang::Zh) => "按 --layout 指定".to_owned(),
        (by, Lang::En) => format!("told by {}", by.join(", ")),
        (by, Lang::Zh) => format!("依据列 {}", by.join("、")),
    };
    format!("{} ({}); {why}", layout.id(), layout.name())
}
