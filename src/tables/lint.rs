//! What is odd about tables that can be loaded (规则表检查): codes, sets, lists and names that
//! nothing uses, or that lead nowhere.
//!
//! Only the scheme's own files are looked at; what it inherits is checked where it stands. Rows
//! that no case reaches are found by the grouper's analysis, not here.

use hashbrown::{HashMap, HashSet};

use super::code_lists::CodeLists;
use super::condition::{Atom, Condition, Pattern, SetRef, Subject};
use super::scheme::{Level, LineStarts, OPERATIONS, Rule, Scheme, each_row};
use crate::codes::{CodeList, normal_form};
use crate::diagnostics::{Error, Lang, Place, Result};
use crate::library::{Library, TableFile};

/// How bad a finding in tables is (严重程度).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// The scheme cannot be loaded.
    Error,
    /// Probably not what was meant.
    Warning,
    /// Good to know.
    Note,
}

impl Grade {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Grade::Error => "error",
            Grade::Warning => "warning",
            Grade::Note => "note",
        }
    }
}

/// One thing found in tables (规则表问题); ordered by place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableFinding {
    /// Where.
    pub place: Place,
    /// How bad.
    pub grade: Grade,
    /// A stable word for what it is.
    pub kind: &'static str,
    /// In words, one line.
    pub message: String,
}

impl TableFinding {
    /// The faults that keep a scheme from being loaded; those without a place are of `file`.
    pub fn of_error(error: &Error, file: &Place) -> Vec<TableFinding> {
        let finding = |(place, message): (Option<&Place>, &str)| TableFinding {
            place: place.unwrap_or(file).clone(),
            grade: Grade::Error,
            kind: "load",
            message: message.to_owned(),
        };
        error.messages().map(finding).collect()
    }
}

/// Checks a scheme's own files row by row (检查规则表).
///
/// # Errors
/// A file that was there when the scheme was loaded cannot be read any more.
pub fn lint(
    library: &Library,
    scheme: &Scheme,
    lists: Option<&CodeLists>,
    lang: Lang,
) -> Result<Vec<TableFinding>> {
    let mut linter = Linter {
        library,
        scheme,
        lists,
        lang,
        uses: Uses::of(scheme),
        found: Vec::new(),
    };
    linter.code_sets()?;
    linter.operations()?;
    linter.complications()?;
    match scheme.packets() {
        Some(packets) => {
            linter.exclusions("complication-exclusions.csv")?;
            linter.packets(packets)?;
        }
        None => {
            linter.exclusions("exclusions.csv")?;
            linter.group_names()?;
            linter.written_out_codes()?;
            linter.repeated_rows();
        }
    }
    Ok(linter.found)
}

/// What codes a set is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Use {
    diagnoses: bool,
    procedures: bool,
}

impl Use {
    pub(super) const DIAGNOSES: Use = Use {
        diagnoses: true,
        procedures: false,
    };
    pub(super) const PROCEDURES: Use = Use {
        diagnoses: false,
        procedures: true,
    };
}

/// The sets that rules name.
struct Uses(HashMap<String, Use>);

impl Uses {
    fn of(scheme: &Scheme) -> Uses {
        let mut uses: HashMap<String, Use> = HashMap::new();
        let labels = scheme.packets().into_iter().flat_map(|packets| &packets.families);
        let labels = labels.flat_map(|family| &family.labels);
        let conditions = scheme.rules().iter().map(|rule| &rule.when);
        let conditions = conditions.chain(labels.map(|label| &label.when));
        for atom in conditions.flat_map(Condition::atoms) {
            if let Some((SetRef::Named { name, .. }, of)) = set_of(atom) {
                let known = uses.entry(name.clone()).or_default();
                known.diagnoses |= of.diagnoses;
                known.procedures |= of.procedures;
            }
        }
        Uses(uses)
    }
}

/// The set of an atom and what it is asked about.
fn set_of(atom: &Atom) -> Option<(&SetRef, Use)> {
    match atom {
        Atom::In { subject, set, .. } => Some((set, use_of(*subject))),
        Atom::Sites(set, ..) => Some((set, Use::DIAGNOSES)),
        _ => None,
    }
}

fn use_of(subject: Subject) -> Use {
    match subject {
        Subject::PrincipalDiagnosis | Subject::AnyDiagnosis | Subject::OtherDiagnosis => Use::DIAGNOSES,
        Subject::PrincipalProcedure | Subject::AnyProcedure | Subject::OtherProcedure => Use::PROCEDURES,
        Subject::DischargeStatus => Use::default(),
    }
}

/// The lines of a file on which what stood before stands again.
#[derive(Default)]
struct Repeats(HashMap<String, u64>);

impl Repeats {
    /// The line where it stood first, if it did.
    fn note(&mut self, row: &[&str], line: u64) -> Option<u64> {
        let first = *self.0.entry(row.join("\u{1f}")).or_insert(line);
        (first != line).then_some(first)
    }
}

pub(super) struct Linter<'a> {
    library: &'a Library,
    pub(super) scheme: &'a Scheme,
    pub(super) lists: Option<&'a CodeLists>,
    lang: Lang,
    uses: Uses,
    found: Vec<TableFinding>,
}

impl Linter<'_> {
    pub(super) fn own(&self, name: &str) -> Result<Option<TableFile>> {
        self.library.read(self.scheme.id(), name)
    }

    pub(super) fn say(&mut self, place: Place, grade: Grade, kind: &'static str, en: String, zh: String) {
        let message = match self.lang {
            Lang::En => en,
            Lang::Zh => zh,
        };
        self.found.push(TableFinding {
            place,
            grade,
            kind,
            message,
        });
    }

    fn code_sets(&mut self) -> Result<()> {
        let Some(file) = self.own("codesets.csv")? else {
            return Ok(());
        };
        let mut repeats = Repeats::default();
        let mut seen: HashSet<String> = HashSet::new();
        each_row(&file, ["set", "code", "site"], |[set, code, site], row| {
            let place = file.place.line(row.line());
            if seen.insert(set.to_owned()) {
                self.set_itself(set, &place);
            }
            if code.is_empty() {
                return;
            }
            if let Some(first) = repeats.note(&[set, code, site], row.line()) {
                self.repeated(place.clone(), code, first);
            }
            let asked = self.uses.0.get(set).copied().unwrap_or_default();
            if matches!(Pattern::of(code), Pattern::Exact(_)) {
                self.code(place, code, asked);
            }
        })
    }

    fn set_itself(&mut self, set: &str, place: &Place) {
        let codes = self.scheme.named_set(set).map_or(0, |set| set.codes.len());
        if !self.uses.0.contains_key(set) {
            self.say(
                place.clone(),
                Grade::Warning,
                "unused-set",
                format!("no rule uses the set `@{set}` ({codes} codes)"),
                format!("没有规则使用编码集`@{set}`（{codes}个编码）"),
            );
        } else if codes == 0 {
            self.say(
                place.clone(),
                Grade::Note,
                "empty-set",
                format!("rules use the set `@{set}`, which is empty"),
                format!("规则使用的编码集`@{set}`为空"),
            );
        }
    }

    fn operations(&mut self) -> Result<()> {
        let Some(file) = self.own("or_procedures.csv")? else {
            return Ok(());
        };
        if !self.uses.0.contains_key(OPERATIONS) {
            self.set_itself(OPERATIONS, &file.place.line(1));
        }
        let mut repeats = Repeats::default();
        each_row(&file, ["code"], |[code], row| {
            let place = file.place.line(row.line());
            if let Some(first) = repeats.note(&[code], row.line()) {
                self.repeated(place.clone(), code, first);
            }
            self.code(place, code, Use::PROCEDURES);
        })
    }

    /// Complications, and lists they name that exclude nothing.
    fn complications(&mut self) -> Result<()> {
        let Some(file) = self.own("complications.csv")? else {
            return Ok(());
        };
        let excluding = self.lists_of_principals();
        let mut repeats = Repeats::default();
        let mut told = HashSet::new();
        each_row(&file, ["code", "level", "exclusion"], |[code, _, list], row| {
            let place = file.place.line(row.line());
            if let Some(first) = repeats.note(&[code], row.line()) {
                self.repeated(place.clone(), code, first);
            }
            self.code(place.clone(), code, Use::DIAGNOSES);
            let number: Option<u32> = list.parse().ok();
            let leads_nowhere = number.filter(|number| !excluding.contains(number));
            if leads_nowhere.is_some_and(|number| told.insert(number)) {
                self.say(
                    place,
                    Grade::Warning,
                    "missing-exclusion-list",
                    format!("exclusion list `{list}` holds no principal diagnosis, so it excludes nothing"),
                    format!("排除表`{list}`没有任何主要诊断，不起排除作用"),
                );
            }
        })
    }

    /// The exclusion lists that some principal diagnosis has.
    fn lists_of_principals(&self) -> HashSet<u32> {
        let ids = self.scheme.codes().filter_map(|code| self.scheme.code_id(code));
        ids.flat_map(|id| self.scheme.exclusions(id).iter().copied())
            .collect()
    }

    /// Principal diagnoses and lists that no complication names.
    fn exclusions(&mut self, name: &str) -> Result<()> {
        let Some(file) = self.own(name)? else {
            return Ok(());
        };
        let rows = self.scheme.complications();
        let named: HashSet<u32> = rows.iter().filter_map(|(_, row)| row.exclusion).collect();
        let mut repeats = Repeats::default();
        let mut told = HashSet::new();
        each_row(&file, ["principal", "exclusion"], |[principal, list], row| {
            let place = file.place.line(row.line());
            if let Some(first) = repeats.note(&[principal, list], row.line()) {
                self.repeated(place.clone(), principal, first);
            }
            self.code(place.clone(), principal, Use::DIAGNOSES);
            let number: Option<u32> = list.parse().ok();
            let unused = number.filter(|number| !named.contains(number));
            if unused.is_some_and(|number| told.insert(number)) {
                self.say(
                    place,
                    Grade::Warning,
                    "unused-exclusion-list",
                    format!("no complication belongs to exclusion list `{list}`"),
                    format!("没有并发症合并症属于排除表`{list}`"),
                );
            }
        })
    }

    fn group_names(&mut self) -> Result<()> {
        let Some(file) = self.own("groups.csv")? else {
            return Ok(());
        };
        let rules = self.scheme.rules().iter();
        let codes: HashSet<&str> = rules.map(|rule| rule.code.as_str()).collect();
        let mut repeats = Repeats::default();
        each_row(&file, ["drg", "name"], |[group, _], row| {
            let place = file.place.line(row.line());
            if let Some(first) = repeats.note(&[group], row.line()) {
                self.repeated(place.clone(), group, first);
            }
            if !codes.contains(group) {
                self.say(
                    place,
                    Grade::Warning,
                    "unused-name",
                    format!("no rule gives the group `{group}`"),
                    format!("没有规则产生病组`{group}`"),
                );
            }
        })
    }

    /// Codes that stand in the conditions themselves.
    fn written_out_codes(&mut self) -> Result<()> {
        let Some(file) = self.own("rules.csv")? else {
            return Ok(());
        };
        let lines = LineStarts::of(&file.text);
        for rule in self.scheme.rules() {
            // the codes stand in the cell in the order of the atoms
            let (mut rest, mut column) = (rule.written.as_str(), None);
            for (set, asked) in rule.when.atoms().into_iter().filter_map(set_of) {
                let SetRef::Inline(patterns) = set else { continue };
                for pattern in patterns {
                    let (Pattern::Exact(code) | Pattern::Prefix(code)) = pattern;
                    let skipped = rest.find(code.as_str()).unwrap_or(0);
                    let (before, after) = rest.split_at(skipped);
                    rest = after;
                    let begin = || {
                        lines
                            .when_place(&file.place, &file.text, rule.line, 0)
                            .column
                            .unwrap_or(1)
                    };
                    let start = *column.get_or_insert_with(begin);
                    let here = start + before.chars().count() as u64;
                    column = Some(here);
                    // a beginning is no code, a status of discharge none of the lists
                    if matches!(pattern, Pattern::Exact(_)) && asked != Use::default() {
                        self.code(file.place.at(rule.line, here), code, asked);
                    }
                }
            }
        }
        Ok(())
    }

    /// Rows that say what a row beside them says: an MDC the one just before it, any other row an
    /// earlier one under the same row. A code may stand in several rows, each with its own condition.
    fn repeated_rows(&mut self) {
        let scheme = self.scheme;
        let (mut mdc, mut adrg) = (None::<&Rule>, 0);
        // code and condition under an MDC or core group, by its line
        let mut seen: HashMap<(Level, u64, &str, &str), u64> = HashMap::new();
        for rule in scheme.rules() {
            let same_mdc = |before: &&Rule| before.code == rule.code && before.written == rule.written;
            let first = match rule.level {
                Level::Mdc => {
                    let before = mdc.replace(rule);
                    before.filter(same_mdc).map(|before| before.line)
                }
                level => {
                    if level == Level::Adrg {
                        adrg = rule.line;
                    }
                    let above = if level == Level::Drg {
                        adrg
                    } else {
                        mdc.map_or(0, |mdc| mdc.line)
                    };
                    let row = (level, above, rule.code.as_str(), rule.written.as_str());
                    seen.insert(row, rule.line)
                }
            };
            if let Some(first) = first {
                self.repeated_row(rule, first);
            }
        }
    }

    fn repeated_row(&mut self, rule: &Rule, first: u64) {
        let code = &rule.code;
        self.say(
            self.scheme.place(rule),
            Grade::Warning,
            "duplicate-row",
            format!("`{code}` stands here again with the same condition; it is that of line {first}"),
            format!("`{code}`以相同条件重复出现，同第{first}行"),
        );
    }

    fn repeated(&mut self, place: Place, code: &str, first: u64) {
        self.say(
            place,
            Grade::Warning,
            "duplicate-code",
            format!("`{code}` stands here again; first on line {first}"),
            format!("`{code}`重复，首次出现在第{first}行"),
        );
    }

    /// A code that no record can have, or that stands in no list it should stand in.
    pub(super) fn code(&mut self, place: Place, code: &str, asked: Use) {
        let normal = normal_form(code);
        let shown = visible(code);
        if normal != code {
            return self.say(
                place,
                Grade::Warning,
                "code-form",
                format!("`{shown}` is never met: codes of records are read as `{normal}`"),
                format!("`{shown}`不会匹配任何病例：病例编码读作`{normal}`"),
            );
        }
        let Some(lists) = self.lists else { return };
        let anywhere = asked == Use::default();
        let (diagnoses, procedures) = (&lists.diagnoses, &lists.procedures);
        // of a kind without a list nothing can be said
        let asked_list = if asked.procedures { procedures } else { diagnoses };
        if asked_list.is_empty() {
            return;
        }
        let listed = (anywhere || asked.diagnoses) && diagnoses.contains(code)
            || (anywhere || asked.procedures) && procedures.contains(code);
        if listed {
            return;
        }
        let (list, other) = if asked.procedures {
            (procedures, diagnoses)
        } else {
            (diagnoses, procedures)
        };
        let hint = self.hint(code, list, other);
        let names = self.scheme.code_lists();
        let name = if asked.procedures {
            &names.procedure
        } else {
            &names.diagnosis
        };
        self.say(
            place,
            Grade::Warning,
            "unlisted-code",
            format!("`{shown}` is not in list `{name}`{hint}"),
            format!("`{shown}`不在目录`{name}`中{hint}"),
        );
    }

    /// Where the code does stand, or which one is near.
    fn hint(&self, code: &str, list: &CodeList, other: &CodeList) -> String {
        if other.contains(code) {
            let words = self.lang.pick("; it is in the other list", "，而在另一目录中");
            return words.to_owned();
        }
        match (list.nearest(code), self.lang) {
            (Some(near), Lang::En) => format!("; nearest: `{near}`"),
            (Some(near), Lang::Zh) => format!("，最接近：`{near}`"),
            (None, _) => String::new(),
        }
    }
}

/// A code as it can be seen: marks without a shape of their own, such as a byte order mark in the
/// middle of a file, are written out.
fn visible(code: &str) -> String {
    let shown = |c: char| {
        if c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ' {
            c.to_string()
        } else {
            c.escape_default().to_string()
        }
    };
    code.chars().map(shown).collect()
}
