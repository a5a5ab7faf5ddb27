//! What differs between two schemes: words for a reader, rows for a spreadsheet.

use std::collections::BTreeMap;

use super::CsvText;
use crate::diagnostics::Lang;
use crate::tables::{Change, ChangeKind, Level, Scheme, Wording};

/// Columns of the list of changes.
pub const CHANGE_COLUMNS: [&str; 8] = ["kind", "mdc", "adrg", "group", "code", "name", "before", "after"];

/// How many codes of one kind are shown under one group.
const SHOWN_CODES: usize = 12;

/// The changes as CSV, a row each (方案差异清单).
pub fn changes_csv(changes: &[Change]) -> CsvText {
    let mut text = CsvText::with_header(&CHANGE_COLUMNS);
    for change in changes {
        let Change {
            mdc,
            adrg,
            group,
            code,
            name,
            before,
            after,
            ..
        } = change;
        text.cell(&change.kind.word());
        [mdc, adrg, group, code, name, before, after]
            .into_iter()
            .for_each(|cell| text.cell(cell));
        text.end_row();
    }
    text
}

/// The changes in words (方案差异说明): counts first, then by MDC and core group; long lists of
/// codes cut unless `all`.
pub fn changes_text(old: Wording<'_>, new: Wording<'_>, changes: &[Change], all: bool) -> String {
    let lang = new.lang;
    let mut text = heading(old.scheme, new.scheme, lang);
    if changes.is_empty() {
        text.push_str(lang.pick("no difference\n", "无差异\n"));
        return text;
    }
    text.push_str(&counts(changes, lang));
    let teller = Teller { old, new, lang, all };
    let mut mdc = None;
    for block in teller.blocks(changes) {
        if mdc != Some(block.mdc) {
            mdc = Some(block.mdc);
            text.push_str(&teller.mdc_line(block.mdc));
        }
        text.push_str(&teller.block(&block));
    }
    text
}

fn heading(old: &Scheme, new: &Scheme, lang: Lang) -> String {
    let one = |scheme: &Scheme| format!("{} {}", scheme.id(), scheme.name());
    let mut text = format!("{} → {}\n", one(old), one(new));
    let facts = |s: &Scheme| {
        [
            (lang.pick("source", "来源"), s.source().to_owned()),
            (
                lang.pick("evidence", "证据等级"),
                s.evidence().as_str().to_owned(),
            ),
            (
                lang.pick("diagnosis codes", "诊断编码"),
                s.code_lists().diagnosis.clone(),
            ),
            (
                lang.pick("procedure codes", "手术操作编码"),
                s.code_lists().procedure.clone(),
            ),
        ]
    };
    for ((label, before), (_, after)) in facts(old).into_iter().zip(facts(new)) {
        if before != after {
            text.push_str(&format!("{label}: {before} → {after}\n"));
        }
    }
    text
}

/// How many changes of each kind.
fn counts(changes: &[Change], lang: Lang) -> String {
    let mut counted: BTreeMap<ChangeKind, usize> = BTreeMap::new();
    for change in changes {
        *counted.entry(change.kind).or_default() += 1;
    }
    let total = changes.len();
    let mut text = match lang {
        Lang::En => format!("{total} changes:\n"),
        Lang::Zh => format!("共{total}处变化：\n"),
    };
    for (kind, count) in counted {
        text.push_str(&format!("  {count:>6}  {}\n", kind_words(kind, lang)));
    }
    text
}

fn kind_words(kind: ChangeKind, lang: Lang) -> String {
    let level = match kind {
        ChangeKind::RowAdded(level)
        | ChangeKind::RowRemoved(level)
        | ChangeKind::RowMore(level)
        | ChangeKind::RowFewer(level)
        | ChangeKind::Renamed(level)
        | ChangeKind::Rehung(level)
        | ChangeKind::Condition(level)
        | ChangeKind::Order(level) => level_words(level, lang),
        ChangeKind::Otherwise => level_words(Level::Adrg, lang),
        _ => return kind.words().in_lang(lang).to_owned(),
    };
    match lang {
        Lang::En => format!("{level}: {}", kind.words().en),
        Lang::Zh => format!("{level}{}", kind.words().zh),
    }
}

const fn level_words(level: Level, lang: Lang) -> &'static str {
    match level {
        Level::Mdc => "MDC",
        Level::Adrg => lang.pick("core group (ADRG)", "核心组（ADRG）"),
        Level::Ambiguous => lang.pick("ambiguous group", "歧义组"),
        Level::Drg => lang.pick("group (DRG)", "细分组（DRG）"),
        Level::Layer => lang.pick("level", "层级"),
        Level::Packet => lang.pick("packet", "病种"),
    }
}

/// What changed under one core group, or of one MDC itself.
struct Block<'c> {
    mdc: &'c str,
    adrg: &'c str,
    changes: Vec<&'c Change>,
    /// Codes that moved to a list elsewhere, counted by it.
    gone: BTreeMap<&'c str, usize>,
}

struct Teller<'a> {
    old: Wording<'a>,
    new: Wording<'a>,
    lang: Lang,
    all: bool,
}

impl Teller<'_> {
    /// The changes by MDC and core group, in the order of the newer scheme; a code that moved is
    /// told where it went, and counted where it was.
    fn blocks<'c>(&self, changes: &'c [Change]) -> Vec<Block<'c>> {
        let order = self.reading_order();
        let mut blocks: BTreeMap<(usize, &str, usize, &str), Block<'c>> = BTreeMap::new();
        let key = |mdc: &'c str, adrg: &'c str| {
            let place = |level, code| order.get(&(level, code)).map_or(usize::MAX, |at| at + 1);
            let mdc_place = place(Level::Mdc, mdc);
            let adrg_place = if adrg.is_empty() {
                0
            } else {
                place(Level::Adrg, adrg)
            };
            (mdc_place, mdc, adrg_place, adrg)
        };
        let new = |mdc, adrg| Block {
            mdc,
            adrg,
            changes: Vec::new(),
            gone: BTreeMap::new(),
        };
        for change in changes {
            let (mdc, adrg) = (change.mdc.as_str(), change.adrg.as_str());
            let block = blocks.entry(key(mdc, adrg)).or_insert_with(|| new(mdc, adrg));
            block.changes.push(change);
            let Some((mdc, adrg)) = &change.from else { continue };
            if (mdc, adrg) != (&change.mdc, &change.adrg) {
                let block = blocks.entry(key(mdc, adrg)).or_insert_with(|| new(mdc, adrg));
                *block.gone.entry(&change.after).or_default() += 1;
            }
        }
        blocks.into_values().collect()
    }

    /// The place of every MDC and core group, those of the newer scheme first.
    fn reading_order(&self) -> BTreeMap<(Level, &str), usize> {
        let rules = self.new.scheme.rules().iter().chain(self.old.scheme.rules());
        let mut order = BTreeMap::new();
        for rule in rules {
            let next = order.len();
            order.entry((rule.level, rule.code.as_str())).or_insert(next);
        }
        order
    }

    fn mdc_line(&self, mdc: &str) -> String {
        match mdc {
            "" => format!("\n{}\n", self.lang.pick("the whole scheme", "全方案")),
            mdc => format!("\nMDC {mdc} {}\n", self.row_name(Level::Mdc, mdc)),
        }
    }

    fn row_name(&self, level: Level, code: &str) -> String {
        let find = |words: &Wording<'_>| {
            let rules = words.scheme.rules().iter();
            let mut found = rules.filter(|rule| rule.level == level && rule.code == code);
            found.next().map(|rule| words.rule_name(rule))
        };
        find(&self.new).or_else(|| find(&self.old)).unwrap_or_default()
    }

    /// The changes of one core group: rows one by one, codes by kind.
    fn block(&self, block: &Block<'_>) -> String {
        let mut text = String::new();
        if !block.adrg.is_empty() {
            let name = self.row_name(Level::Adrg, block.adrg);
            text.push_str(&format!("  {} {name}\n", block.adrg));
        }
        let mut rest = block.changes.as_slice();
        while let Some((first, others)) = rest.split_first() {
            if first.code.is_empty() {
                text.push_str(&self.row(first));
                rest = others;
                continue;
            }
            let same = |change: &&&Change| change.kind == first.kind && change.group == first.group;
            let (codes, after) = rest.split_at(rest.iter().take_while(same).count());
            text.push_str(&self.codes(first.kind, codes));
            rest = after;
        }
        for (list, count) in &block.gone {
            text.push_str(&match self.lang {
                Lang::En => format!("    codes gone to {list}: {count}\n"),
                Lang::Zh => format!("    移至{list}的编码：{count}\n"),
            });
        }
        text
    }

    fn row(&self, change: &Change) -> String {
        let what = kind_words(change.kind, self.lang);
        let code = [&change.group, &change.adrg, &change.mdc];
        let code = code.into_iter().find(|code| !code.is_empty());
        let code = code.map_or("", String::as_str);
        let subject = format!("{code} {}", change.name).trim_end().to_owned();
        let colon = self.lang.pick(": ", "：");
        let line = match change.kind {
            ChangeKind::Order(_) => format!(
                "{what}{colon}{subject}{}{}",
                self.lang.pick("; ", "；"),
                self.neighbours(&change.before, &change.after)
            ),
            ChangeKind::Condition(_) => {
                let (before, after) = self.conditions(change);
                return format!(
                    "    {what}{colon}{subject}\n      {} {before}\n      {} {after}\n",
                    self.lang.pick("was", "原"),
                    self.lang.pick("now", "现")
                );
            }
            ChangeKind::RowAdded(_) | ChangeKind::RowMore(_) => {
                let (_, after) = self.conditions(change);
                format!("{what}{colon}{subject}{}{after}", self.lang.pick(" — ", "——"))
            }
            ChangeKind::RowFewer(_) => {
                let (before, _) = self.conditions(change);
                format!("{what}{colon}{subject}{}{before}", self.lang.pick(" — ", "——"))
            }
            ChangeKind::RowRemoved(_) => format!("{what}{colon}{subject}"),
            _ => format!("{what}{colon}{code} {} → {}", change.before, change.after),
        };
        format!("    {line}\n")
    }

    fn conditions(&self, change: &Change) -> (String, String) {
        let written = || (change.before.clone(), change.after.clone());
        change.words.clone().unwrap_or_else(written)
    }

    fn neighbours(&self, before: &str, after: &str) -> String {
        let place = |code: &str, lang: Lang| match (code, lang) {
            ("", Lang::En) => "first".to_owned(),
            ("", Lang::Zh) => "最先".to_owned(),
            (code, Lang::En) => format!("right after {code}"),
            (code, Lang::Zh) => format!("紧接{code}之后"),
        };
        let (before, after) = (place(before, self.lang), place(after, self.lang));
        match self.lang {
            Lang::En => format!("was tried {before}, is tried {after}"),
            Lang::Zh => format!("原{before}判定，现{after}判定"),
        }
    }

    /// Codes of one kind, cut to what a reader takes in.
    fn codes(&self, kind: ChangeKind, codes: &[&Change]) -> String {
        let colon = self.lang.pick(": ", "：");
        let count = codes.len();
        let mut text = format!("    {}{colon}{count}\n", kind_words(kind, self.lang));
        let shown = if self.all { count } else { SHOWN_CODES };
        for change in codes.iter().take(shown) {
            let crossing = match (change.before.as_str(), change.after.as_str()) {
                ("", after) => after.to_owned(),
                (before, "") => before.to_owned(),
                (before, after) => format!("{before} → {after}"),
            };
            let code = format!("{} {}", change.code, change.name);
            text.push_str(&format!("      {}  [{crossing}]\n", code.trim_end()));
        }
        text.push_str(&self.more(count.saturating_sub(shown)));
        text
    }

    fn more(&self, more: usize) -> String {
        match (more, self.lang) {
            (0, _) => String::new(),
            (more, Lang::En) => format!("      … and {more} more (--all, or -o FILE for a list)\n"),
            (more, Lang::Zh) => format!("      ……另有{more}个（--all全列，-o FILE写成清单）\n"),
        }
    }
}
