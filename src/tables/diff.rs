//! Two schemes compared in clinical terms: what a new edition changes.
//!
//! Rows are matched by level and code; of several rows of one code those with the same condition
//! first, then those under the same row, the others in order. A code that stands in more or fewer
//! rows than before was neither added nor removed: it has a row more, or fewer. Code lists are compared as sets, inherited ones included, and only
//! those a rule names. Exclusion lists are compared by what they hold: a list that was only
//! renumbered is no change.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{Atom, Condition, SetRef, Subject};
use super::scheme::{Complication, ComplicationLevel, Level, OPERATIONS, Otherwise, Rule, Scheme};
use super::words::{Wording, folded};
use crate::diagnostics::Words;

/// What kind of thing changed (变化种类).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// A row of a code that was not there.
    RowAdded(Level),
    /// A row that is gone.
    RowRemoved(Level),
    /// One more row of a code that stands in both.
    RowMore(Level),
    /// One row fewer of a code that stands in both.
    RowFewer(Level),
    /// Another name.
    Renamed(Level),
    /// A core group or group stands under another one.
    Rehung(Level),
    /// Another condition.
    Condition(Level),
    /// What a core group does when none of its groups holds.
    Otherwise,
    /// Tried earlier or later than before.
    Order(Level),
    /// A code left one list and entered another of the same kind.
    CodeMoved,
    /// A code entered a list.
    CodeEntered,
    /// A code left a list.
    CodeLeft,
    /// A code counts for another body region.
    Site,
    /// A procedure that counts as an operation now.
    OperationAdded,
    /// A procedure that counts as an operation no more.
    OperationRemoved,
    /// A diagnosis that is an MCC or CC now.
    ComplicationAdded,
    /// A diagnosis that is neither any more.
    ComplicationRemoved,
    /// MCC to CC or back.
    ComplicationLevel,
    /// Another exclusion list.
    ComplicationExclusion,
    /// A principal diagnosis that now excludes the complications of a list.
    ExclusionEntered,
    /// A principal diagnosis that excludes them no more.
    ExclusionLeft,
}

impl ChangeKind {
    /// The word used in files.
    pub fn word(self) -> String {
        let of = |level: Level, what: &str| format!("{}_{what}", level_word(level));
        match self {
            ChangeKind::RowAdded(level) => of(level, "added"),
            ChangeKind::RowRemoved(level) => of(level, "removed"),
            ChangeKind::RowMore(level) => of(level, "row_added"),
            ChangeKind::RowFewer(level) => of(level, "row_removed"),
            ChangeKind::Renamed(level) => of(level, "renamed"),
            ChangeKind::Rehung(level) => of(level, "moved"),
            ChangeKind::Condition(level) => of(level, "condition"),
            ChangeKind::Order(level) => of(level, "order"),
            ChangeKind::Otherwise => "adrg_otherwise".to_owned(),
            ChangeKind::CodeMoved => "code_moved".to_owned(),
            ChangeKind::CodeEntered => "code_entered".to_owned(),
            ChangeKind::CodeLeft => "code_left".to_owned(),
            ChangeKind::Site => "site".to_owned(),
            ChangeKind::OperationAdded => "operation_added".to_owned(),
            ChangeKind::OperationRemoved => "operation_removed".to_owned(),
            ChangeKind::ComplicationAdded => "complication_added".to_owned(),
            ChangeKind::ComplicationRemoved => "complication_removed".to_owned(),
            ChangeKind::ComplicationLevel => "complication_level".to_owned(),
            ChangeKind::ComplicationExclusion => "complication_exclusion".to_owned(),
            ChangeKind::ExclusionEntered => "exclusion_entered".to_owned(),
            ChangeKind::ExclusionLeft => "exclusion_left".to_owned(),
        }
    }

    /// What it says, without the level.
    pub const fn words(self) -> Words {
        let (en, zh) = match self {
            ChangeKind::RowAdded(_) => ("added", "新增"),
            ChangeKind::RowRemoved(_) => ("removed", "删除"),
            ChangeKind::RowMore(_) => ("one more row of the same code", "同一编码新增一行"),
            ChangeKind::RowFewer(_) => ("one row fewer of the same code", "同一编码减少一行"),
            ChangeKind::Renamed(_) => ("renamed", "更名"),
            ChangeKind::Rehung(_) => ("moved under another", "改归属"),
            ChangeKind::Condition(_) => ("condition changed", "入组条件变化"),
            ChangeKind::Order(_) => ("order changed", "判定顺序变化"),
            ChangeKind::Otherwise => ("if none of its groups holds", "细分组均不满足时的处理变化"),
            ChangeKind::CodeMoved => ("codes moved from list to list", "编码在列表间移动"),
            ChangeKind::CodeEntered => ("codes entered a list", "编码新入列表"),
            ChangeKind::CodeLeft => ("codes left a list", "编码移出列表"),
            ChangeKind::Site => ("body region changed", "损伤部位变化"),
            ChangeKind::OperationAdded => ("operations added", "新增手术"),
            ChangeKind::OperationRemoved => ("operations removed", "删除手术"),
            ChangeKind::ComplicationAdded => ("MCC/CC added", "新增MCC/CC"),
            ChangeKind::ComplicationRemoved => ("MCC/CC removed", "删除MCC/CC"),
            ChangeKind::ComplicationLevel => ("MCC/CC level changed", "MCC/CC级别变化"),
            ChangeKind::ComplicationExclusion => ("exclusion list changed", "所属排除表变化"),
            ChangeKind::ExclusionEntered => (
                "principal diagnoses entered an exclusion list",
                "主要诊断新入排除表",
            ),
            ChangeKind::ExclusionLeft => ("principal diagnoses left an exclusion list", "主要诊断移出排除表"),
        };
        Words { en, zh }
    }
}

const fn level_word(level: Level) -> &'static str {
    match level {
        Level::Mdc => "mdc",
        Level::Adrg => "adrg",
        Level::Ambiguous => "ambiguous",
        Level::Drg => "drg",
        Level::Layer => "layer",
        Level::Packet => "packet",
    }
}

/// One change (变化), placed where a reader of the tables looks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind.
    pub kind: ChangeKind,
    /// MDC; empty for lists of the whole scheme.
    pub mdc: String,
    /// Core group; empty above it.
    pub adrg: String,
    /// Group or ambiguous code; empty above it.
    pub group: String,
    /// ICD code of a list; empty for rows.
    pub code: String,
    /// Name of the code, or of the row.
    pub name: String,
    /// As written before.
    pub before: String,
    /// As written now.
    pub after: String,
    /// `before` and `after` in words, where they are conditions.
    pub words: Option<(String, String)>,
    /// MDC and core group of the list a moved code left.
    pub from: Option<(String, String)>,
}

/// Everything that differs between two schemes (方案差异), in the order of the newer one.
pub fn compare(old: Wording<'_>, new: Wording<'_>) -> Vec<Change> {
    let sides = Sides {
        old: Side::new(old),
        new: Side::new(new),
    };
    let mut changes = sides.row_changes();
    changes.extend(sides.order_changes());
    changes.extend(sides.list_changes());
    changes.extend(sides.operation_changes());
    changes.extend(sides.complication_changes());
    let order = sides.reading_order();
    let place = |code: &str| order.get(code).copied().unwrap_or(usize::MAX);
    changes.sort_by(|a, b| {
        let key = |c: &Change| {
            let section = if c.mdc.is_empty() {
                usize::MAX
            } else {
                place(&c.mdc)
            };
            (section, at_or_first(&c.adrg, place), at_or_first(&c.group, place))
        };
        (key(a), a.kind, &a.adrg, &a.group, &a.code, &a.before, &a.after).cmp(&(
            key(b),
            b.kind,
            &b.adrg,
            &b.group,
            &b.code,
            &b.before,
            &b.after,
        ))
    });
    changes
}

fn at_or_first(code: &str, place: impl Fn(&str) -> usize) -> usize {
    if code.is_empty() { 0 } else { place(code) + 1 }
}

/// A rule row with what it stands under.
#[derive(Clone, Copy)]
struct Row<'a> {
    rule: &'a Rule,
    mdc: &'a str,
    adrg: &'a str,
}

impl<'a> Row<'a> {
    fn key(&self) -> (Level, &'a str) {
        (self.rule.level, &self.rule.code)
    }

    fn group(&self) -> &'a str {
        match self.rule.level {
            Level::Drg | Level::Ambiguous | Level::Packet => &self.rule.code,
            _ => "",
        }
    }

    /// The row it stands under.
    fn parent(&self) -> &'a str {
        match self.rule.level {
            Level::Mdc | Level::Layer => "",
            Level::Adrg | Level::Ambiguous | Level::Packet => self.mdc,
            Level::Drg => self.adrg,
        }
    }
}

/// One of the two schemes.
struct Side<'a> {
    words: Wording<'a>,
    scheme: &'a Scheme,
    rows: Vec<Row<'a>>,
}

impl<'a> Side<'a> {
    fn new(words: Wording<'a>) -> Side<'a> {
        let scheme = words.scheme;
        let (mut mdc, mut adrg) = ("", "");
        let mut rows = Vec::new();
        for rule in scheme.rules() {
            match rule.level {
                Level::Mdc | Level::Layer => (mdc, adrg) = (rule.code.as_str(), ""),
                Level::Adrg => adrg = &rule.code,
                Level::Ambiguous | Level::Packet => adrg = "",
                Level::Drg => {}
            }
            rows.push(Row { rule, mdc, adrg });
        }
        Side { words, scheme, rows }
    }

    fn by_key(&self) -> BTreeMap<(Level, &'a str), Vec<Row<'a>>> {
        let mut found: BTreeMap<_, Vec<Row<'a>>> = BTreeMap::new();
        for row in &self.rows {
            found.entry(row.key()).or_default().push(*row);
        }
        found
    }

    fn change(&self, kind: ChangeKind, row: &Row<'a>) -> Change {
        Change {
            kind,
            mdc: row.mdc.to_owned(),
            adrg: row.adrg.to_owned(),
            group: row.group().to_owned(),
            code: String::new(),
            name: self.words.rule_name(row.rule),
            before: String::new(),
            after: String::new(),
            words: None,
            from: None,
        }
    }

    /// The named lists the rules look into.
    fn lists(&self) -> BTreeMap<&'a str, List<'a>> {
        let mut found: BTreeMap<&str, List<'a>> = BTreeMap::new();
        for row in &self.rows {
            for atom in row.rule.when.atoms() {
                let (set, procedures) = match atom {
                    Atom::In { subject, set, .. } => (set, looks_at_procedures(*subject)),
                    Atom::Sites(set, ..) => (set, false),
                    _ => continue,
                };
                let SetRef::Named { name, .. } = set else { continue };
                if name != OPERATIONS && !found.contains_key(name.as_str()) {
                    found.insert(name, self.list(name, procedures, row));
                }
            }
        }
        found
    }

    /// A list belongs to the row its name begins with; else to the first row that names it.
    fn list(&self, name: &'a str, procedures: bool, first: &Row<'a>) -> List<'a> {
        let owner = name.split_once('.').map_or(name, |(owner, _)| owner);
        let named = self.rows.iter().find(|row| match row.rule.level {
            Level::Mdc => owner.strip_prefix("MDC") == Some(row.mdc),
            Level::Adrg => owner == row.adrg,
            _ => false,
        });
        let row = named.unwrap_or(first);
        let set = self.scheme.named_set(name);
        let codes = set.map_or(&[][..], |set| &set.codes);
        let mut sites: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (code, site) in set.map_or(&[][..], |set| &set.sites) {
            let of_code = sites.entry(self.scheme.code(*code)).or_default();
            of_code.insert(self.scheme.site(*site));
        }
        List {
            mdc: row.mdc,
            adrg: row.adrg,
            procedures,
            codes: codes.iter().map(|code| self.scheme.code(*code)).collect(),
            sites,
        }
    }

    fn operations(&self) -> BTreeSet<&'a str> {
        let set = self.scheme.named_set(OPERATIONS);
        let codes = set.map_or(&[][..], |set| &set.codes);
        codes.iter().map(|code| self.scheme.code(*code)).collect()
    }

    fn complications(&self) -> BTreeMap<&'a str, Complication> {
        let rows = self.scheme.complications().into_iter();
        rows.map(|(code, row)| (self.scheme.code(code), row)).collect()
    }

    /// Each exclusion list with its principal diagnoses.
    fn exclusion_lists(&self) -> BTreeMap<u32, BTreeSet<&'a str>> {
        let mut lists: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
        for code in self.scheme.codes() {
            let Some(id) = self.scheme.code_id(code) else {
                continue;
            };
            for list in self.scheme.exclusions(id) {
                lists.entry(*list).or_default().insert(code);
            }
        }
        lists
    }
}

/// A code list a rule names.
struct List<'a> {
    mdc: &'a str,
    adrg: &'a str,
    procedures: bool,
    codes: BTreeSet<&'a str>,
    sites: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

const fn looks_at_procedures(subject: Subject) -> bool {
    matches!(
        subject,
        Subject::PrincipalProcedure | Subject::AnyProcedure | Subject::OtherProcedure
    )
}

/// A code that entered or left a list.
#[derive(Clone, Copy)]
struct Crossing<'a> {
    list: &'a str,
    mdc: &'a str,
    adrg: &'a str,
}

/// Of one code and one kind of list: what it left, what it entered.
#[derive(Default)]
struct Crossings<'a> {
    left: Vec<Crossing<'a>>,
    entered: Vec<Crossing<'a>>,
}

/// The rows of one code in both schemes.
struct Matched<'a> {
    pairs: Vec<(Row<'a>, Row<'a>)>,
    /// Those of the older scheme that are left over, or those of the newer one.
    old: Vec<Row<'a>>,
    new: Vec<Row<'a>>,
}

impl<'a> Matched<'a> {
    /// Rows that say the same are a pair, then rows under the same row, then any two in order.
    fn of(old: Vec<Row<'a>>, new: Vec<Row<'a>>) -> Matched<'a> {
        let mut matched = Matched {
            pairs: Vec::new(),
            old,
            new,
        };
        let same_parent = |old: &Row<'_>, new: &Row<'_>| old.parent() == new.parent();
        let same = |old: &Row<'_>, new: &Row<'_>| same_condition(old.rule, new.rule);
        matched.pair(|old, new| same_parent(old, new) && same(old, new));
        matched.pair(same);
        matched.pair(same_parent);
        matched.pair(|_, _| true);
        matched
    }

    fn pair(&mut self, fits: impl Fn(&Row<'a>, &Row<'a>) -> bool) {
        let Matched { pairs, old, new } = self;
        new.retain(|row| match old.iter().position(|before| fits(before, row)) {
            Some(at) => {
                pairs.push((old.remove(at), *row));
                false
            }
            None => true,
        });
    }

    /// Rows left over, without the groups that say what a row of a pair says: they stand under a
    /// second row of their core group, which is told itself.
    fn unlike_pairs(&self, rows: &[Row<'a>], side: impl Fn(&(Row<'a>, Row<'a>)) -> Row<'a>) -> Vec<Row<'a>> {
        let mut kept: Vec<Row<'a>> = Vec::new();
        for row in rows {
            let said = |other: Row<'a>| {
                row.rule.level == Level::Drg
                    && other.parent() == row.parent()
                    && same_condition(other.rule, row.rule)
            };
            if !self.pairs.iter().map(&side).any(said) && !kept.iter().copied().any(said) {
                kept.push(*row);
            }
        }
        kept
    }
}

struct Sides<'a> {
    old: Side<'a>,
    new: Side<'a>,
}

impl<'a> Sides<'a> {
    /// Every code of a row by its place in the newer scheme; those of the older one follow.
    fn reading_order(&self) -> BTreeMap<&'a str, usize> {
        let mut order = BTreeMap::new();
        for row in self.new.rows.iter().chain(&self.old.rows) {
            let next = order.len();
            order.entry(row.rule.code.as_str()).or_insert(next);
        }
        order
    }

    fn code_name(&self, code: &str) -> String {
        match self.new.words.code_name(code) {
            "" => self.old.words.code_name(code).to_owned(),
            name => name.to_owned(),
        }
    }

    // ---- rows ---------------------------------------------------------------------------------

    /// The rows of each code, those of both schemes in pairs.
    fn matched(&self) -> Vec<Matched<'a>> {
        let (mut old, mut new) = (self.old.by_key(), self.new.by_key());
        let keys: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
        let of_key = |key| {
            let before = old.remove(&key).unwrap_or_default();
            let after = new.remove(&key).unwrap_or_default();
            Matched::of(before, after)
        };
        keys.into_iter().map(of_key).collect()
    }

    fn row_changes(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for matched in self.matched() {
            for (old, new) in &matched.pairs {
                self.compare_rows(old, new, &mut changes);
            }
            let stands = !matched.pairs.is_empty();
            let gone = matched.unlike_pairs(&matched.old, |(old, _)| *old);
            for (nth, old) in gone.iter().enumerate() {
                changes.push(self.removed(old, stands || nth > 0));
            }
            let come = matched.unlike_pairs(&matched.new, |(_, new)| *new);
            for (nth, new) in come.iter().enumerate() {
                changes.push(self.added(new, stands || nth > 0));
            }
        }
        changes
    }

    /// A row that is gone; `told` if its code still stands, or is told as removed already.
    fn removed(&self, old: &Row<'a>, told: bool) -> Change {
        let level = old.rule.level;
        if !told {
            return self.old.change(ChangeKind::RowRemoved(level), old);
        }
        Change {
            before: old.rule.written.clone(),
            words: Some((self.old.words.condition(&old.rule.when), String::new())),
            ..self.old.change(ChangeKind::RowFewer(level), old)
        }
    }

    /// A new row; `told` if its code stood before, or is told as added already.
    fn added(&self, new: &Row<'a>, told: bool) -> Change {
        let level = new.rule.level;
        let kind = if told {
            ChangeKind::RowMore(level)
        } else {
            ChangeKind::RowAdded(level)
        };
        Change {
            after: new.rule.written.clone(),
            words: Some((String::new(), self.new.words.condition(&new.rule.when))),
            ..self.new.change(kind, new)
        }
    }

    fn compare_rows(&self, old: &Row<'a>, new: &Row<'a>, changes: &mut Vec<Change>) {
        let level = new.rule.level;
        let mut push = |kind, before: String, after: String, words| {
            changes.push(Change {
                before,
                after,
                words,
                ..self.new.change(kind, new)
            });
        };
        let names = (
            self.old.words.rule_name(old.rule),
            self.new.words.rule_name(new.rule),
        );
        if folded(&names.0) != folded(&names.1) {
            push(ChangeKind::Renamed(level), names.0, names.1, None);
        }
        if old.parent() != new.parent() {
            let (before, after) = (old.parent().to_owned(), new.parent().to_owned());
            push(ChangeKind::Rehung(level), before, after, None);
        }
        if !same_condition(old.rule, new.rule) {
            let words = (
                self.old.words.condition(&old.rule.when),
                self.new.words.condition(&new.rule.when),
            );
            let written = (old.rule.written.clone(), new.rule.written.clone());
            push(ChangeKind::Condition(level), written.0, written.1, Some(words));
        }
        if old.rule.otherwise != new.rule.otherwise {
            let word = |rule: &Rule| otherwise_word(rule.otherwise).to_owned();
            push(ChangeKind::Otherwise, word(old.rule), word(new.rule), None);
        }
    }

    // ---- order --------------------------------------------------------------------------------

    /// Rows that are tried earlier or later among the rows both schemes have, as few as possible.
    fn order_changes(&self) -> Vec<Change> {
        let (old, new) = (self.siblings(&self.old), self.siblings(&self.new));
        let mut changes = Vec::new();
        for (parent, after) in &new {
            let Some(before) = old.get(parent) else { continue };
            let common = |rows: &[Row<'a>], others: &[Row<'a>]| -> Vec<Row<'a>> {
                let known: BTreeSet<_> = others.iter().map(Row::key).collect();
                rows.iter()
                    .filter(|row| known.contains(&row.key()))
                    .copied()
                    .collect()
            };
            let (before, after) = (common(before, after), common(after, before));
            for row in moved(&before, &after) {
                let neighbour = |rows: &[Row<'a>]| predecessor(rows, row.key());
                changes.push(Change {
                    before: neighbour(&before),
                    after: neighbour(&after),
                    ..self.new.change(ChangeKind::Order(row.rule.level), &row)
                });
            }
        }
        changes
    }

    /// The rows under each parent, the first of each code.
    fn siblings(&self, side: &Side<'a>) -> BTreeMap<(&'a str, &'a str), Vec<Row<'a>>> {
        let mut found: BTreeMap<_, Vec<Row<'a>>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for row in &side.rows {
            let under = match row.rule.level {
                Level::Mdc | Level::Layer => ("", ""),
                Level::Adrg | Level::Ambiguous | Level::Packet => (row.mdc, ""),
                Level::Drg => (row.mdc, row.adrg),
            };
            if seen.insert((under, row.key())) {
                found.entry(under).or_default().push(*row);
            }
        }
        found
    }

    // ---- code lists ---------------------------------------------------------------------------

    fn list_changes(&self) -> Vec<Change> {
        let (old, new) = (self.old.lists(), self.new.lists());
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        let mut crossings: BTreeMap<(&str, bool, bool), Crossings<'a>> = BTreeMap::new();
        let mut changes = Vec::new();
        for name in names {
            let (before, after) = (old.get(name), new.get(name));
            let codes = |list: Option<&'_ List<'a>>| list.map_or_else(BTreeSet::new, |l| l.codes.clone());
            let (was, is) = (codes(before), codes(after));
            let sides = [(before, was.difference(&is)), (after, is.difference(&was))];
            for (entered, (list, codes)) in sides.into_iter().enumerate() {
                let Some(list) = list else { continue };
                let crossing = Crossing {
                    list: name,
                    mdc: list.mdc,
                    adrg: list.adrg,
                };
                for code in codes {
                    let kind = (*code, list.procedures, list.adrg.is_empty());
                    let crossings = crossings.entry(kind).or_default();
                    match entered {
                        0 => crossings.left.push(crossing),
                        _ => crossings.entered.push(crossing),
                    }
                }
            }
            if let (Some(before), Some(after)) = (before, after) {
                self.site_changes(name, before, after, &mut changes);
            }
        }
        for ((code, ..), crossed) in crossings {
            self.crossing_changes(code, crossed, &mut changes);
        }
        changes
    }

    fn crossing_changes(&self, code: &str, crossed: Crossings<'a>, changes: &mut Vec<Change>) {
        let (mut left, mut entered) = (crossed.left.into_iter(), crossed.entered.into_iter());
        let name = self.code_name(code);
        loop {
            let (kind, from, to) = match (left.next(), entered.next()) {
                (Some(from), Some(to)) => (ChangeKind::CodeMoved, Some(from), Some(to)),
                (Some(from), None) => (ChangeKind::CodeLeft, Some(from), None),
                (None, Some(to)) => (ChangeKind::CodeEntered, None, Some(to)),
                (None, None) => break,
            };
            let list = |side: Option<Crossing<'_>>| side.map_or_else(String::new, |c| format!("@{}", c.list));
            let Some(place) = to.or(from) else { continue };
            changes.push(Change {
                kind,
                mdc: place.mdc.to_owned(),
                adrg: place.adrg.to_owned(),
                group: String::new(),
                code: code.to_owned(),
                name: name.clone(),
                before: list(from),
                after: list(to),
                words: None,
                from: from
                    .filter(|_| to.is_some())
                    .map(|list| (list.mdc.to_owned(), list.adrg.to_owned())),
            });
        }
    }

    fn site_changes(&self, name: &str, old: &List<'a>, new: &List<'a>, changes: &mut Vec<Change>) {
        let none = BTreeSet::new();
        for code in old.codes.intersection(&new.codes) {
            let of = |list: &List<'a>| {
                let sites = list.sites.get(code).unwrap_or(&none);
                sites.iter().copied().collect::<Vec<_>>().join("|")
            };
            let (before, after) = (of(old), of(new));
            if before != after {
                changes.push(Change {
                    kind: ChangeKind::Site,
                    mdc: new.mdc.to_owned(),
                    adrg: new.adrg.to_owned(),
                    group: String::new(),
                    code: (*code).to_owned(),
                    name: self.code_name(code),
                    before: format!("@{name}: {before}"),
                    after: format!("@{name}: {after}"),
                    words: None,
                    from: None,
                });
            }
        }
    }

    fn operation_changes(&self) -> Vec<Change> {
        let (old, new) = (self.old.operations(), self.new.operations());
        let mark = format!("@{OPERATIONS}");
        let added = new
            .difference(&old)
            .map(|code| self.of_code(ChangeKind::OperationAdded, code, String::new(), mark.clone()));
        let removed = old
            .difference(&new)
            .map(|code| self.of_code(ChangeKind::OperationRemoved, code, mark.clone(), String::new()));
        added.chain(removed).collect()
    }

    /// A change of a list of the whole scheme.
    fn of_code(&self, kind: ChangeKind, code: &str, before: String, after: String) -> Change {
        Change {
            kind,
            mdc: String::new(),
            adrg: String::new(),
            group: String::new(),
            code: code.to_owned(),
            name: self.code_name(code),
            before,
            after,
            words: None,
            from: None,
        }
    }

    // ---- complications ------------------------------------------------------------------------

    fn complication_changes(&self) -> Vec<Change> {
        let (old, new) = (self.old.complications(), self.new.complications());
        let same_list = counterparts(&old, &new);
        let codes: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        let mut changes = Vec::new();
        for code in codes {
            let mut push = |kind, before, after| changes.push(self.of_code(kind, code, before, after));
            match (old.get(code), new.get(code)) {
                (Some(before), Some(after)) => {
                    if before.level != after.level {
                        push(ChangeKind::ComplicationLevel, level_of(before), level_of(after));
                    }
                    let same = match (before.exclusion, after.exclusion) {
                        (Some(was), Some(is)) => same_list.get(&was) == Some(&is),
                        (was, is) => was == is,
                    };
                    if !same {
                        let words = (exclusion_of(before), exclusion_of(after));
                        push(ChangeKind::ComplicationExclusion, words.0, words.1);
                    }
                }
                (None, Some(after)) => push(ChangeKind::ComplicationAdded, String::new(), level_of(after)),
                (Some(before), None) => {
                    push(ChangeKind::ComplicationRemoved, level_of(before), String::new())
                }
                (None, None) => {}
            }
        }
        changes.extend(self.exclusion_changes(&same_list));
        changes
    }

    /// Principal diagnoses that entered or left the exclusion lists in use.
    fn exclusion_changes(&self, same_list: &BTreeMap<u32, u32>) -> Vec<Change> {
        let (old, new) = (self.old.exclusion_lists(), self.new.exclusion_lists());
        let none = BTreeSet::new();
        let mut changes = Vec::new();
        for (was, is) in same_list {
            let (before, after) = (old.get(was).unwrap_or(&none), new.get(is).unwrap_or(&none));
            for code in after.difference(before) {
                let list = is.to_string();
                changes.push(self.of_code(ChangeKind::ExclusionEntered, code, String::new(), list));
            }
            for code in before.difference(after) {
                let list = was.to_string();
                changes.push(self.of_code(ChangeKind::ExclusionLeft, code, list, String::new()));
            }
        }
        changes
    }
}

/// Which list of the newer scheme an older one became: the one most of its complications are in.
fn counterparts(
    old: &BTreeMap<&str, Complication>,
    new: &BTreeMap<&str, Complication>,
) -> BTreeMap<u32, u32> {
    let mut votes: BTreeMap<u32, BTreeMap<u32, usize>> = BTreeMap::new();
    for (code, before) in old {
        let after = new.get(code).and_then(|row| row.exclusion);
        if let (Some(was), Some(is)) = (before.exclusion, after) {
            *votes.entry(was).or_default().entry(is).or_default() += 1;
        }
    }
    let chosen = |was: u32, votes: BTreeMap<u32, usize>| {
        // of equals the same number, then the smallest
        let best = votes
            .into_iter()
            .max_by_key(|(is, count)| (*count, *is == was, std::cmp::Reverse(*is)));
        best.map(|(is, _)| (was, is))
    };
    votes
        .into_iter()
        .filter_map(|(was, votes)| chosen(was, votes))
        .collect()
}

fn level_of(row: &Complication) -> String {
    match row.level {
        ComplicationLevel::Mcc => "MCC".to_owned(),
        ComplicationLevel::Cc => "CC".to_owned(),
    }
}

fn exclusion_of(row: &Complication) -> String {
    row.exclusion.map_or_else(String::new, |list| list.to_string())
}

const fn otherwise_word(otherwise: Otherwise) -> &'static str {
    match otherwise {
        Otherwise::Group => "group",
        Otherwise::Continue => "continue",
    }
}

/// The same test, whatever the blanks and needless parentheses.
fn same_condition(old: &Rule, new: &Rule) -> bool {
    without_places(&old.when) == without_places(&new.when)
}

/// A condition whose sets do not remember where in the cell they stood.
fn without_places(condition: &Condition) -> Condition {
    match condition {
        Condition::All(parts) => Condition::All(parts.iter().map(without_places).collect()),
        Condition::Any(parts) => Condition::Any(parts.iter().map(without_places).collect()),
        Condition::Not(inner) => Condition::Not(Box::new(without_places(inner))),
        Condition::Atom(atom) => Condition::Atom(match atom.clone() {
            Atom::In {
                subject,
                negated,
                set,
            } => Atom::In {
                subject,
                negated,
                set: unplaced(set),
            },
            Atom::Sites(set, comparison, number) => Atom::Sites(unplaced(set), comparison, number),
            other => other,
        }),
    }
}

fn unplaced(set: SetRef) -> SetRef {
    match set {
        SetRef::Named { name, .. } => SetRef::Named { name, offset: 0 },
        inline => inline,
    }
}

/// The code of the row just before one, empty for the first.
fn predecessor(rows: &[Row<'_>], key: (Level, &str)) -> String {
    let at = rows.iter().position(|row| row.key() == key);
    at.and_then(|at| at.checked_sub(1))
        .and_then(|at| rows.get(at))
        .map_or_else(String::new, |row| row.rule.code.clone())
}

/// The fewest rows that must move to turn one order of the same rows into the other: those outside
/// a longest common subsequence.
fn moved<'a>(before: &[Row<'a>], after: &[Row<'a>]) -> Vec<Row<'a>> {
    let place = |row: &Row<'a>| before.iter().position(|other| other.key() == row.key());
    let places: Vec<usize> = after.iter().filter_map(place).collect();
    // longest[i]: length of the longest rising run that ends at i, and the place before it
    let mut longest: Vec<(usize, Option<usize>)> = Vec::new();
    for (i, place) in places.iter().enumerate() {
        let earlier = places.iter().zip(&longest).enumerate().take(i);
        let best = earlier
            .filter(|(_, (p, _))| *p < place)
            .map(|(j, (_, (length, _)))| (*length, j));
        let best = best.max_by_key(|(length, j)| (*length, std::cmp::Reverse(*j)));
        longest.push(best.map_or((1, None), |(length, j)| (length + 1, Some(j))));
    }
    let last = longest
        .iter()
        .enumerate()
        .max_by_key(|(i, (length, _))| (*length, std::cmp::Reverse(*i)));
    let mut stays = BTreeSet::new();
    let mut at = last.map(|(i, _)| i);
    while let Some(i) = at {
        stays.insert(i);
        at = longest.get(i).and_then(|(_, before)| *before);
    }
    let outside = after.iter().enumerate().filter(|(i, _)| !stays.contains(i));
    outside.map(|(_, row)| *row).collect()
}
