//! What was made of the files read: layout, encoding, personal columns left out.

use crate::diagnostics::Lang;
use crate::records::Opened;

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
            say(label, &file.personal.join(", "));
        }
    }
    text
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
