//! `tables show`: how a case gets to a group, in words, with the lists it needs.

use std::collections::BTreeSet;

use super::tables_words::overview;
use crate::diagnostics::{Error, Lang, Result, did_you_mean};
use crate::tables::{
    Atom, CodeLists, ComplicationLevel, Level, Library, Otherwise, Rule, Scheme, SetRef, Wording, folded,
};

/// How many codes of a list are shown.
const SHOWN_CODES: usize = 12;

/// How many rows that come first are named.
const SHOWN_ROWS: usize = 8;

/// How many rows are named whose name holds the words that are no code.
const SHOWN_NAMES: usize = 5;

/// A shorter part stands in too many names.
const SHORTEST_NAME_PART: usize = 2;

/// A scheme, or how a case gets to one code of it.
pub(super) fn show(library: &Library, id: &str, code: Option<&str>, all: bool, lang: Lang) -> Result<String> {
    let scheme = Scheme::load(library, id)?;
    let Some(code) = code else {
        return Ok(overview(&scheme, lang));
    };
    let lists = CodeLists::of(library, &scheme)?;
    let teller = Teller {
        words: Wording {
            scheme: &scheme,
            lists: &lists,
            lang,
        },
        rules: scheme.rules(),
        lang,
        all,
    };
    let hits: Vec<usize> = (0..teller.rules.len())
        .filter(|at| teller.rules.get(*at).is_some_and(|rule| rule.code == code))
        .collect();
    if hits.is_empty() {
        let hint = teller.nearest(code);
        return Err(Error::new(format!(
            "scheme `{id}` has no MDC, core group or group `{code}`{hint}"
        )));
    }
    Ok(teller.tell(code, &hits))
}

pub(super) struct Teller<'a> {
    pub(super) words: Wording<'a>,
    pub(super) rules: &'a [Rule],
    pub(super) lang: Lang,
    all: bool,
}

impl<'a> Teller<'a> {
    /// `; did you mean …`: the codes that are near in letters, and those whose name holds the words.
    fn nearest(&self, written: &str) -> String {
        let mut near = self.by_code(written);
        let by_name = self.by_name(written);
        let more = by_name.len().saturating_sub(SHOWN_NAMES);
        near.extend(by_name.into_iter().take(SHOWN_NAMES));
        let mut seen = BTreeSet::new();
        near.retain(|rule| seen.insert(rule.code.as_str()));
        if near.is_empty() {
            return String::new();
        }
        let shown = near.iter().map(|rule| {
            let name = self.words.rule_name(rule);
            format!("`{}` {name}", rule.code).trim_end().to_owned()
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        let more = match more {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        format!("; did you mean {shown}{more}?")
    }

    /// The nearest code, at its first row.
    fn by_code(&self, written: &str) -> Vec<&'a Rule> {
        let known = self.rules.iter().map(|rule| rule.code.as_str());
        let nearest = did_you_mean(written, known);
        let rules = self.rules.iter();
        rules
            .filter(|rule| Some(rule.code.as_str()) == nearest)
            .take(1)
            .collect()
    }

    /// The rows whose name holds what was written, the first of each code.
    fn by_name(&self, written: &str) -> Vec<&'a Rule> {
        let part = folded(written);
        if part.chars().count() < SHORTEST_NAME_PART {
            return Vec::new();
        }
        let mut seen = BTreeSet::new();
        let rules = self.rules.iter();
        let named = rules.filter(|rule| folded(&self.words.rule_name(rule)).contains(&part));
        named.filter(|rule| seen.insert(rule.code.as_str())).collect()
    }

    fn tell(&self, code: &str, hits: &[usize]) -> String {
        let scheme = self.words.scheme;
        let mut text = format!("{code} — {} {}\n", scheme.id(), scheme.name());
        let mut shown: Vec<&Rule> = Vec::new();
        for (nth, hit) in hits.iter().enumerate() {
            if hits.len() > 1 {
                let (nth, all) = (nth + 1, hits.len());
                text.push_str(&match self.lang {
                    Lang::En => format!("\nway {nth} of {all}\n"),
                    Lang::Zh => format!("\n途径{nth}（共{all}条）\n"),
                });
            }
            let path = self.path(*hit);
            for at in &path {
                text.push_str(&self.step(*at));
                shown.extend(self.rules.get(*at));
            }
            let below = self.below(*hit);
            text.push_str(&self.children(&below));
            shown.extend(below.into_iter().filter(|rule| rule.level == Level::Drg));
        }
        text.push_str(&self.complications(&shown));
        text.push_str(&self.lists(&shown));
        text
    }

    /// The rows above a row, outermost first, and the row itself.
    fn path(&self, hit: usize) -> Vec<usize> {
        let mut path = Vec::new();
        let mut wanted = Some(hit);
        while let Some(at) = wanted {
            path.push(at);
            wanted = self.above(at);
        }
        path.reverse();
        path
    }

    pub(super) fn above(&self, at: usize) -> Option<usize> {
        let parent = match self.rules.get(at)?.level {
            Level::Mdc | Level::Layer => return None,
            Level::Packet => Level::Layer,
            Level::Adrg | Level::Ambiguous => Level::Mdc,
            Level::Drg => Level::Adrg,
        };
        (0..at)
            .rev()
            .find(|i| self.rules.get(*i).is_some_and(|rule| rule.level == parent))
    }

    /// The rows under a row.
    fn below(&self, hit: usize) -> Vec<&'a Rule> {
        let level = self.rules.get(hit).map(|rule| rule.level);
        let under = self.rules.iter().skip(hit + 1);
        match level {
            Some(Level::Mdc) => under
                .take_while(|rule| rule.level != Level::Mdc)
                .filter(|rule| rule.level != Level::Drg)
                .collect(),
            Some(Level::Adrg) => under.take_while(|rule| rule.level == Level::Drg).collect(),
            _ => Vec::new(),
        }
    }

    /// One row of the path: code, name, condition, what is tried before it.
    fn step(&self, at: usize) -> String {
        let Some(rule) = self.rules.get(at) else {
            return String::new();
        };
        let indent = indent_of(rule.level);
        let mut text = format!("{indent}{} {}\n", self.title(rule), self.place(rule));
        let colon = self.lang.pick(": ", "：");
        let label = self.lang.pick("if", "条件");
        let condition = self.words.condition(&rule.when);
        text.push_str(&format!("{indent}  {label}{colon}{condition}\n"));
        match self.words.scheme.packets() {
            None => {
                let label = self.lang.pick("tried before it", "先于本行判定");
                let before = self.before(at);
                text.push_str(&format!("{indent}  {label}{colon}{before}\n"));
            }
            Some(packets) => {
                for line in self.competition(packets, at) {
                    text.push_str(&format!("{indent}  {line}\n"));
                }
            }
        }
        if let Some(otherwise) = self.otherwise(rule) {
            text.push_str(&format!("{indent}  {otherwise}\n"));
        }
        text
    }

    fn title(&self, rule: &Rule) -> String {
        let level = match rule.level {
            Level::Mdc => "MDC",
            Level::Adrg => self.lang.pick("core group", "核心组"),
            Level::Ambiguous => self.lang.pick("ambiguous group", "歧义组"),
            Level::Drg => self.lang.pick("group", "细分组"),
            Level::Layer => self.lang.pick("level", "层级"),
            Level::Packet => self.lang.pick("packet", "病种"),
        };
        let name = self.words.rule_name(rule);
        format!("{level} {} {name}", rule.code).trim_end().to_owned()
    }

    /// Rows beside this one that take precedence, the nearest last.
    pub(super) fn before(&self, at: usize) -> String {
        let above = self.above(at);
        let level = self.rules.get(at).map(|rule| rule.level);
        let beside = |rule: &&Rule| match level {
            Some(Level::Mdc) => rule.level == Level::Mdc,
            Some(same @ (Level::Drg | Level::Layer | Level::Packet)) => rule.level == same,
            _ => matches!(rule.level, Level::Adrg | Level::Ambiguous),
        };
        let from = above.map_or(0, |above| above + 1);
        let rows = self.rules.iter().take(at).skip(from);
        let mut codes: Vec<&str> = rows.filter(beside).map(|rule| rule.code.as_str()).collect();
        codes.dedup();
        let hidden = if self.all {
            0
        } else {
            codes.len().saturating_sub(SHOWN_ROWS)
        };
        let named = codes.split_off(hidden).join(self.lang.pick(", ", "、"));
        match (hidden, named.as_str(), self.lang) {
            (0, "", _) => self.lang.pick("nothing", "无").to_owned(),
            (0, ..) => named,
            (1, _, Lang::En) => format!("1 other, then {named}"),
            (more, _, Lang::En) => format!("{more} others, then {named}"),
            (more, _, Lang::Zh) => format!("前有{more}个，其后{named}"),
        }
    }

    fn otherwise(&self, rule: &Rule) -> Option<&'static str> {
        let (en, zh) = match (rule.level, rule.otherwise) {
            (Level::Adrg, Otherwise::Group) => (
                "if none of its groups holds: this code is the group",
                "细分组均不满足时：以本核心组为组",
            ),
            (Level::Adrg, Otherwise::Continue) => (
                "if none of its groups holds: the next core group is tried",
                "细分组均不满足时：继续判定下一核心组",
            ),
            (Level::Ambiguous, _) => ("the case is ambiguous", "病例为歧义"),
            _ => return None,
        };
        Some(self.lang.pick(en, zh))
    }

    /// The rows under the one asked for, a line each.
    fn children(&self, below: &[&Rule]) -> String {
        let mut text = String::new();
        let colon = self.lang.pick(": ", "：");
        for rule in below {
            let indent = indent_of(rule.level);
            let (title, condition) = (self.title(rule), self.words.condition(&rule.when));
            text.push_str(&format!(
                "{indent}{title}{colon}{condition} {}\n",
                self.place(rule)
            ));
        }
        text
    }

    /// How MCC and CC are counted, if a row shown asks for them.
    fn complications(&self, shown: &[&Rule]) -> String {
        let asks = |rule: &&Rule| {
            let atoms = rule.when.atoms();
            atoms.into_iter().any(|atom| matches!(atom, Atom::Mcc | Atom::Cc))
        };
        if !shown.iter().any(asks) {
            return String::new();
        }
        let rows = self.words.scheme.complications();
        let severe = rows.iter().filter(|(_, row)| row.level == ComplicationLevel::Mcc);
        let severe = severe.count();
        let other = rows.len() - severe;
        match self.lang {
            Lang::En => format!(
                "\nMCC and CC: a diagnosis other than the principal counts if it is one of the {severe} MCC or \
                 {other} CC, unless the principal diagnosis stands in the exclusion list it belongs to\n"
            ),
            Lang::Zh => format!(
                "\nMCC与CC：其他诊断属于{severe}个MCC或{other}个CC之一即计入，但主要诊断在其所属排除表中时不计\n"
            ),
        }
    }

    /// The named lists of the rows shown, each once.
    fn lists(&self, shown: &[&Rule]) -> String {
        let mut names: Vec<&str> = Vec::new();
        for set in shown.iter().flat_map(|rule| rule.when.sets()) {
            if let SetRef::Named { name, .. } = set
                && !names.contains(&name.as_str())
            {
                names.push(name);
            }
        }
        names.into_iter().map(|name| self.list(name)).collect()
    }

    fn list(&self, name: &str) -> String {
        let scheme = self.words.scheme;
        let Some(set) = scheme.named_set(name) else {
            return String::new();
        };
        let count = self.words.code_count(set.codes.len());
        let mut text = format!("\n@{name}{}{count}\n", self.lang.pick(": ", "："));
        let shown = if self.all { set.codes.len() } else { SHOWN_CODES };
        for id in set.codes.iter().take(shown) {
            let sites = set.sites.iter().filter(|(code, _)| code == id);
            let sites: Vec<&str> = sites.map(|(_, site)| scheme.site(*site)).collect();
            let code = self.words.code(scheme.code(*id));
            let line = format!("  {code}  {}", sites.join(self.lang.pick(", ", "、")));
            text.push_str(line.trim_end());
            text.push('\n');
        }
        let more = set.codes.len().saturating_sub(shown);
        if more > 0 {
            text.push_str(&match self.lang {
                Lang::En => format!("  … and {more} more (--all shows them)\n"),
                Lang::Zh => format!("  ……另有{more}个（--all全列）\n"),
            });
        }
        text
    }
}

const fn indent_of(level: Level) -> &'static str {
    match level {
        Level::Mdc | Level::Layer => "",
        Level::Adrg | Level::Ambiguous | Level::Packet => "  ",
        Level::Drg => "    ",
    }
}
