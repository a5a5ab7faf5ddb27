//! `tables list`, and a scheme as a whole, in words.

use comfy_table::{Table, presets};

use crate::diagnostics::{Lang, Result};
use crate::tables::{Level, Library, Scheme};

/// Every scheme in a table.
pub(super) fn list(library: &Library, lang: Lang) -> Result<String> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(match lang {
        Lang::En => ["scheme", "name", "MDC", "ADRG", "groups", "codes", "evidence"],
        Lang::Zh => ["方案", "名称", "MDC", "核心组", "细分组", "编码数", "证据等级"],
    });
    for id in library.scheme_ids()? {
        let scheme = Scheme::load(library, &id)?;
        let count = |level| distinct(&scheme, level).to_string();
        let groups = (distinct(&scheme, Level::Drg)).to_string();
        table.add_row([
            id.clone(),
            scheme.name().to_owned(),
            count(Level::Mdc),
            count(Level::Adrg),
            groups,
            scheme.code_count().to_string(),
            scheme.evidence().as_str().to_owned(),
        ]);
    }
    Ok(format!("{table}\n"))
}

fn distinct(scheme: &Scheme, level: Level) -> usize {
    let mut codes: Vec<&str> = scheme
        .rules()
        .iter()
        .filter(|rule| rule.level == level)
        .map(|rule| rule.code.as_str())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes.len()
}

/// The MDCs with their core groups counted.
pub(super) fn overview(scheme: &Scheme, lang: Lang) -> String {
    let mut text = format!("{} {}\n", scheme.id(), scheme.name());
    text.push_str(&format!("{}: {}\n", lang.pick("source", "来源"), scheme.source()));
    text.push_str(&format!(
        "{}: {}\n",
        lang.pick("evidence", "证据等级"),
        scheme.evidence().as_str()
    ));
    text.push_str(&format!("SHA-256: {}\n", scheme.hash()));
    for (at, rule) in scheme
        .rules()
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.level == Level::Mdc)
    {
        let under = scheme
            .rules()
            .iter()
            .skip(at + 1)
            .take_while(|rule| rule.level != Level::Mdc);
        let (mut adrgs, mut groups) = (0, 0);
        for rule in under {
            adrgs += usize::from(rule.level == Level::Adrg);
            groups += usize::from(rule.level == Level::Drg);
        }
        text.push_str(&match lang {
            Lang::En => format!(
                "{} {} — {adrgs} core group rows, {groups} group rows: {}\n",
                rule.code, rule.name, rule.written
            ),
            Lang::Zh => format!(
                "{} {} — 核心组{adrgs}行，细分组{groups}行：{}\n",
                rule.code, rule.name, rule.written
            ),
        });
    }
    text
}
