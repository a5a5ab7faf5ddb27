//! `tables list` and `tables show` in words.

use comfy_table::{Table, presets};

use crate::diagnostics::{Error, Lang, Result, suggestion};
use crate::tables::{CodeLists, Level, Library, Otherwise, Rule, Scheme, SetRef};

/// How many codes of a list are shown.
const SHOWN_CODES: usize = 12;

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

/// A scheme, or what stands under one code of it.
pub(super) fn show(library: &Library, id: &str, code: Option<&str>, lang: Lang) -> Result<String> {
    let scheme = Scheme::load(library, id)?;
    let Some(code) = code else {
        return Ok(overview(&scheme, lang));
    };
    let rows = rows_of(&scheme, code);
    if rows.is_empty() {
        let known = scheme.rules().iter().map(|rule| rule.code.as_str());
        let hint = suggestion(code, known);
        return Err(Error::new(format!(
            "scheme `{id}` has no MDC, core group or group `{code}`{hint}"
        )));
    }
    let lists = CodeLists::of(library, &scheme)?;
    let mut text = String::new();
    let mut shown_sets: Vec<&str> = Vec::new();
    for rule in &rows {
        text.push_str(&rule_line(&scheme, rule, lang));
        for set in rule.when.sets() {
            if let SetRef::Named { name, .. } = set
                && !shown_sets.contains(&name.as_str())
            {
                shown_sets.push(name);
            }
        }
    }
    for name in shown_sets {
        text.push_str(&set_words(&scheme, &lists, name, lang));
    }
    Ok(text)
}

/// The MDCs with their core groups counted.
fn overview(scheme: &Scheme, lang: Lang) -> String {
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

/// The rows of a code with what stands above and below them.
fn rows_of<'s>(scheme: &'s Scheme, code: &str) -> Vec<&'s Rule> {
    let rules = scheme.rules();
    let mut keep = vec![false; rules.len()];
    let mut above: [Option<usize>; 2] = [None, None];
    let mut open: Option<Level> = None;
    for (index, rule) in rules.iter().enumerate() {
        let ends = match open {
            Some(Level::Mdc) => rule.level == Level::Mdc,
            Some(_) => rule.level != Level::Drg,
            None => false,
        };
        if ends {
            open = None;
        }
        match rule.level {
            Level::Mdc => above = [Some(index), None],
            Level::Adrg => above[1] = Some(index),
            _ => {}
        }
        let hit = rule.code == code;
        if hit && open.is_none() {
            open = (rule.level != Level::Drg).then_some(rule.level);
            above
                .iter()
                .flatten()
                .for_each(|row| keep.iter_mut().skip(*row).take(1).for_each(|k| *k = true));
        }
        if hit || open.is_some() {
            keep.iter_mut().skip(index).take(1).for_each(|k| *k = true);
        }
    }
    rules
        .iter()
        .zip(keep)
        .filter(|(_, keep)| *keep)
        .map(|(rule, _)| rule)
        .collect()
}

fn rule_line(scheme: &Scheme, rule: &Rule, lang: Lang) -> String {
    let indent = match rule.level {
        Level::Mdc => "",
        Level::Adrg | Level::Ambiguous => "  ",
        Level::Drg => "    ",
    };
    let otherwise = match (rule.level, rule.otherwise, lang) {
        (Level::Adrg, Otherwise::Group, Lang::En) => "; if none of its groups holds: this code is the group",
        (Level::Adrg, Otherwise::Group, Lang::Zh) => "；细分组均不满足时以本核心组为组",
        (Level::Adrg, Otherwise::Continue, Lang::En) => "; if none of its groups holds: the next core group",
        (Level::Adrg, Otherwise::Continue, Lang::Zh) => "；细分组均不满足时继续下一核心组",
        (Level::Ambiguous, _, Lang::En) => "; the case is ambiguous",
        (Level::Ambiguous, _, Lang::Zh) => "；病例为歧义",
        _ => "",
    };
    let name = match scheme.group_name(&rule.code) {
        "" => &rule.name,
        name => name,
    };
    let line = scheme.place(rule).line.unwrap_or(0);
    format!(
        "{indent}{} {name}: {}{otherwise} (rules.csv:{line})\n",
        rule.code, rule.written
    )
}

fn set_words(scheme: &Scheme, lists: &CodeLists, name: &str, lang: Lang) -> String {
    let Some(set) = scheme.named_set(name) else {
        return String::new();
    };
    let mut text = match lang {
        Lang::En => format!("@{name}: {} codes\n", set.codes.len()),
        Lang::Zh => format!("@{name}：{}个编码\n", set.codes.len()),
    };
    for id in set.codes.iter().take(SHOWN_CODES) {
        let code = scheme.code(*id);
        let name = lists
            .diagnoses
            .name(code)
            .or_else(|| lists.procedures.name(code))
            .unwrap_or("");
        text.push_str(&format!("    {code} {name}\n"));
    }
    let more = set.codes.len().saturating_sub(SHOWN_CODES);
    if more > 0 {
        text.push_str(&match lang {
            Lang::En => format!("    … and {more} more\n"),
            Lang::Zh => format!("    …等，另有{more}个\n"),
        });
    }
    text
}
