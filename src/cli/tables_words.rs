//! `tables list`, and a scheme as a whole, in words.

use comfy_table::{Table, presets};

use crate::diagnostics::{Lang, Result};
use crate::tables::{Level, Library, OrderStep, Packets, Scheme, Selection};

/// Every scheme in a table.
pub(super) fn list(library: &Library, lang: Lang) -> Result<String> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(match lang {
        Lang::En => [
            "scheme", "name", "kind", "MDC", "ADRG", "groups", "codes", "evidence",
        ],
        Lang::Zh => [
            "方案",
            "名称",
            "类型",
            "MDC",
            "核心组",
            "病组（种）",
            "编码数",
            "证据等级",
        ],
    });
    for id in library.scheme_ids()? {
        let scheme = Scheme::load(library, &id)?;
        let count = |level| distinct(&scheme, level).to_string();
        let kind = scheme.packets().map_or("drg", |_| "dip");
        let [mdcs, adrgs, groups] = match scheme.packets() {
            None => [Level::Mdc, Level::Adrg, Level::Drg].map(count),
            Some(_) => [String::new(), String::new(), packet_count(&scheme).to_string()],
        };
        table.add_row([
            id.clone(),
            scheme.name().to_owned(),
            kind.to_owned(),
            mdcs,
            adrgs,
            groups,
            scheme.code_count().to_string(),
            scheme.evidence().as_str().to_owned(),
        ]);
    }
    Ok(format!("{table}\n"))
}

/// Packets that can be a group.
fn packet_count(scheme: &Scheme) -> usize {
    let list = scheme.packets().and_then(Packets::primary_list);
    let rules = scheme.rules().iter().take(list.unwrap_or(usize::MAX));
    rules.filter(|rule| rule.level == Level::Packet).count()
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
    if let Some(packets) = scheme.packets() {
        text.push_str(&packets_overview(scheme, packets, lang));
        return text;
    }
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

/// The levels with their packets counted, and how one of several is chosen.
fn packets_overview(scheme: &Scheme, packets: &Packets, lang: Lang) -> String {
    let mut text = String::new();
    let rules = scheme.rules();
    for (at, rule) in rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.level == Level::Layer)
    {
        let under = rules.iter().skip(at + 1);
        let count = under.take_while(|rule| rule.level == Level::Packet).count();
        let what = match (Some(at) == packets.excluded(), lang) {
            (true, _) => String::new(),
            (false, Lang::En) => format!("{count} packets"),
            (false, Lang::Zh) => format!("{count}个病种"),
        };
        text.push_str(&format!("{:<14}{} {what}\n", rule.code, rule.name));
    }
    if let Selection::Catalogue {
        pool,
        tie_break,
        order,
        ..
    } = &packets.selection
    {
        let pool: Vec<&str> = pool.iter().map(|offer| offer.word()).collect();
        let criteria: Vec<&str> = tie_break.iter().map(|criterion| criterion.word()).collect();
        let steps: Vec<String> = order.iter().map(|step| step_words(step, lang)).collect();
        let arrow = " → ";
        let (competing, order) = (criteria.join(arrow), steps.join(arrow));
        text.push_str(&match lang {
            Lang::En => format!(
                "rows that hold compete within {}: {competing}\norder: {order}\n",
                pool.join(" + ")
            ),
            Lang::Zh => format!(
                "同时满足时在{}内择优：{competing}\n选取次序：{order}\n",
                pool.join("、")
            ),
        });
    }
    let typed = packets.procedures.typed();
    text.push_str(&match lang {
        Lang::En => format!("procedures with a treatment type: {typed}\n"),
        Lang::Zh => format!("有操作类型的手术操作：{typed}个\n"),
    });
    text
}

fn step_words(step: &OrderStep, lang: Lang) -> String {
    match step.if_core_leaves_surgery {
        false => step.written.clone(),
        true => format!(
            "{} {}",
            step.written,
            lang.pick("(if every core row leaves a surgery)", "（核心病种均遗漏手术时）")
        ),
    }
}
