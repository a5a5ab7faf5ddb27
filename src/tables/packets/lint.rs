//! What is odd about the tables of packets (病种目录检查).

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};

use super::load::NO_LEVEL;
use super::rows::{NamedRow, named_rows};
use super::selection::{Criterion, Offer, Selection};
use super::{Form, LeftOut, PacketTest, Packets};
use crate::codes::normal_form;
use crate::diagnostics::{Place, Result};
use crate::library::TableFile;
use crate::tables::condition::Atom;
use crate::tables::lint::{Grade, Linter, Use};
use crate::tables::{Level, Pattern, SetRef, Subject};

impl Linter<'_> {
    /// Everything of a scheme of packets that stands in no table of groups.
    pub(in crate::tables) fn packets(&mut self, packets: &Packets) -> Result<()> {
        self.packet_codes(packets);
        self.excluded_codes()?;
        self.typed_codes()?;
        self.types(packets);
        self.criteria(packets);
        self.unscored(packets);
        self.left_out(packets);
        self.unlevelled();
        self.samples()
    }

    /// Codes and beginnings that the rows write out.
    fn packet_codes(&mut self, packets: &Packets) {
        let scheme = self.scheme;
        let mut seen: HashSet<(bool, &str)> = HashSet::new();
        for (row, rule) in scheme.rules().iter().enumerate() {
            if Some(row) == packets.excluded() {
                continue; // looked at in their own file
            }
            for (procedure, pattern) in rule.when.atoms().into_iter().flat_map(written_out) {
                let (Pattern::Exact(code) | Pattern::Prefix(code)) = pattern;
                if code.is_empty() || !seen.insert((procedure, code.as_str())) {
                    continue;
                }
                match pattern {
                    Pattern::Exact(code) => self.code(scheme.place(rule), code, use_of(procedure)),
                    Pattern::Prefix(prefix) => self.beginning(scheme.place(rule), prefix, procedure),
                }
            }
        }
    }

    /// A beginning that no code of the lists has.
    fn beginning(&mut self, place: Place, prefix: &str, procedure: bool) {
        let Some(lists) = self.lists else { return };
        let list = match procedure {
            true => lists.procedures.codes(),
            false => lists.diagnoses.codes(),
        };
        if list.is_empty() {
            return; // of a kind without a list nothing can be said
        }
        // codes that the scheme's own maps lead to may stand in no list
        let mut read_as = self.scheme.packets().into_iter().flat_map(Packets::mapped);
        if read_as.any(|(_, target)| target.starts_with(prefix)) {
            return;
        }
        let from = list.partition_point(|code| code.as_str() < prefix);
        if list.get(from).is_some_and(|code| code.starts_with(prefix)) {
            return;
        }
        self.say(
            place,
            Grade::Warning,
            "empty-beginning",
            format!("no code of the list begins with `{prefix}`"),
            format!("编码目录中没有以`{prefix}`开头的编码"),
        );
    }

    /// Codes of the list of exclusions.
    fn excluded_codes(&mut self) -> Result<()> {
        let name = self
            .scheme
            .packets()
            .and_then(|packets| packets.exclusion_file.as_deref());
        if let Some(file) = name.map(|name| self.own(name)).transpose()?.flatten() {
            self.codes_of(&file, ["kind", "code"], |[kind, code]| {
                (*kind == "procedure", (*code).to_owned())
            })?;
        }
        Ok(())
    }

    fn typed_codes(&mut self) -> Result<()> {
        match self.own("procedure-types.csv")? {
            Some(file) => self.codes_of(&file, ["code"], |[code]| (true, (*code).to_owned())),
            None => Ok(()),
        }
    }

    fn codes_of<const N: usize>(
        &mut self,
        file: &TableFile,
        columns: [&str; N],
        code: impl Fn(&[&str; N]) -> (bool, String),
    ) -> Result<()> {
        let mut found: Vec<(Place, bool, String)> = Vec::new();
        named_rows(file, columns, [], |row: &NamedRow<'_, N, 0>| {
            let (procedure, code) = code(&row.required);
            found.push((row.place(), procedure, code));
            Ok(())
        })?;
        for (place, procedure, code) in found {
            self.code(place, &normal_form(&code), use_of(procedure));
        }
        Ok(())
    }

    /// Procedures of the catalogue that no table gives a type.
    fn types(&mut self, packets: &Packets) {
        let scheme = self.scheme;
        let atoms = scheme.rules().iter().flat_map(|rule| rule.when.atoms());
        let operands = atoms.filter(|atom| asks_procedures(atom)).flat_map(Atom::sets);
        let mut procedures: HashMap<&str, bool> = HashMap::new();
        for set in operands
            .filter(|set| !is_any(set))
            .filter_map(|set| scheme.set(set))
        {
            for code in &set.codes {
                let traits = packets.procedures.traits(*code);
                let typed = traits.is_some_and(|traits| traits.kind.is_some());
                procedures.insert(scheme.code(*code), typed);
            }
        }
        let (all, untyped) = (
            procedures.len(),
            procedures.values().filter(|typed| !**typed).count(),
        );
        let asks = |rule: &crate::tables::Rule| {
            let mut atoms = rule.when.atoms().into_iter();
            atoms.any(|atom| matches!(atom, Atom::Packet(PacketTest::Type(_))))
        };
        let Some(first) = scheme
            .rules()
            .iter()
            .find(|rule| asks(rule))
            .filter(|_| untyped > 0)
        else {
            return;
        };
        // the type of a case is that of all its procedures, named by a row or not
        let listed = self.untyped_of_list(packets);
        let of_list = |words: &dyn Fn(usize, usize) -> String| {
            listed.map_or_else(String::new, |(n, all)| words(n, all))
        };
        let (en, zh) = (
            of_list(&|n, all| format!(", and {n} of all {all} of the code list")),
            of_list(&|n, all| format!("，编码表全部{all}个中有{n}个")),
        );
        self.say(
            scheme.place(first),
            Grade::Note,
            "untyped-procedures",
            format!(
                "{untyped} of {all} procedures that rows ask for{en} have no treatment type in procedure-types.csv; \
                 they count as conservative where the type of a case is asked for"
            ),
            format!(
                "目录行所要求的{all}个手术操作中有{untyped}个{zh}在procedure-types.csv中没有类型，判断病例类型时按保守治疗计"
            ),
        );
    }

    /// Procedures of the code list without a type, and how many the list has.
    fn untyped_of_list(&self, packets: &Packets) -> Option<(usize, usize)> {
        let codes = self.lists?.procedures.codes();
        let typed = |code: &String| {
            let id = self.scheme.code_id(code)?;
            packets.procedures.traits(id)?.kind
        };
        let untyped = codes.iter().filter(|code| typed(code).is_none()).count();
        (!codes.is_empty()).then_some((untyped, codes.len()))
    }

    /// Criteria that no row gives anything to compare by.
    fn criteria(&mut self, packets: &Packets) {
        let Selection::Catalogue { tie_break, .. } = &packets.selection else {
            return;
        };
        let rows: Vec<&super::Packet> = packets.of_rule.iter().flatten().collect();
        let mut rules = self.scheme.rules().iter();
        let Some(place) = rules
            .find(|rule| rule.level == Level::Packet)
            .map(|rule| self.scheme.place(rule))
        else {
            return;
        };
        for criterion in tie_break {
            let (column, there) = match criterion {
                Criterion::NearestMeanCost => ("mean_cost", rows.iter().any(|row| row.mean_cost.is_some())),
                Criterion::HighestScore | Criterion::HighestScoreIfSurgical => {
                    ("score", rows.iter().any(|row| row.score.is_some()))
                }
                _ => continue,
            };
            if !there {
                let word = criterion.word();
                self.say(
                    place.line(1),
                    Grade::Warning,
                    "idle-criterion",
                    format!("criterion `{word}` decides nothing: no row states `{column}`"),
                    format!("择优规则`{word}`不起作用：没有任何行给出`{column}`"),
                );
            }
        }
    }

    /// Core rows without the score that the tie-break compares: any row with one goes before them.
    fn unscored(&mut self, packets: &Packets) {
        let Selection::Catalogue { tie_break, .. } = &packets.selection else {
            return;
        };
        let compares = |criterion: &Criterion| {
            matches!(
                criterion,
                Criterion::HighestScore | Criterion::HighestScoreIfSurgical
            )
        };
        let Some(criterion) = tie_break.iter().find(|one| compares(one)) else {
            return;
        };
        let all = packets.of_rule.iter().flatten();
        if all.clone().all(|packet| packet.score.is_none()) {
            return; // the criterion decides nothing at all, which is said of it
        }
        let scheme = self.scheme;
        let word = criterion.word();
        for packet in all.filter(|packet| packet.score.is_none() && packet.fallback.is_none()) {
            let Some(rule) = scheme.rules().get(packet.rule) else {
                continue;
            };
            let code = &rule.code;
            if packets.level_of(scheme, packet.rule) != Some(Offer::Core.word()) {
                continue;
            }
            self.say(
                scheme.place(rule),
                Grade::Warning,
                "no-weight",
                format!("core packet `{code}` has no score, so `{word}` puts every row with one before it"),
                format!("核心病种`{code}`没有分值，`{word}`时有分值的行都先于它"),
            );
        }
    }

    /// Inherited rows that the scheme's keys leave out.
    fn left_out(&mut self, packets: &Packets) {
        for LeftOut { first, form, rows } in &packets.left_out {
            let Form { key, word } = form;
            self.say(
                first.clone(),
                Grade::Warning,
                "rows-left-out",
                format!("{rows} inherited rows from here on are of the form `{word}`, which `{key}` does not name: no case reaches them"),
                format!("自此起有{rows}行继承的目录行属`{word}`，而`{key}`未列出该类：没有病例能进入"),
            );
        }
    }

    /// Rows without a level of surgery beside such that have one.
    fn unlevelled(&mut self) {
        let scheme = self.scheme;
        for rule in scheme.rules() {
            let (low, high) = NO_LEVEL;
            let none = Atom::Packet(PacketTest::SurgeryLevel(low, high));
            if !rule.when.atoms().contains(&&none) {
                continue;
            }
            let code = &rule.code;
            self.say(
                scheme.place(rule),
                Grade::Warning,
                "no-surgery-level",
                format!(
                    "`{code}` states no `surgery_level` beside rows of the same diagnosis and type that do: it takes only \
                     cases whose main procedure has no level"
                ),
                format!("`{code}`未填`surgery_level`，而同诊断同类型的其他行已填：它只收主要手术无级别的病例"),
            );
        }
    }

    /// Rows that say of themselves that they are samples of a longer list.
    fn samples(&mut self) -> Result<()> {
        let files: Vec<Place> = self.scheme.rule_files().to_vec();
        let mut counts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for place in &files {
            let Some(name) = place.file.rsplit('/').next().map(str::to_owned) else {
                continue;
            };
            let Some(file) = self.own(&name)? else { continue };
            let header = file.text.lines().next().unwrap_or("");
            if !header.split(',').any(|column| column.trim() == "status") {
                continue;
            }
            let (mut samples, mut rows) = (0, 0);
            named_rows(&file, ["status"], [], |row: &NamedRow<'_, 1, 0>| {
                rows += 1;
                samples += u64::from(row.required == ["sample"]);
                Ok(())
            })?;
            if samples > 0 {
                counts.insert(place.file.to_string(), (samples, rows));
            }
        }
        for place in files {
            if let Some((samples, rows)) = counts.remove(&place.file.to_string()) {
                self.say(
                    place.line(1),
                    Grade::Note,
                    "sample-rows",
                    format!("{samples} of {rows} rows are marked as a sample of a longer list"),
                    format!("{rows}行中有{samples}行标注为样例，不是完整目录"),
                );
            }
        }
        Ok(())
    }
}

fn use_of(procedure: bool) -> Use {
    match procedure {
        true => Use::PROCEDURES,
        false => Use::DIAGNOSES,
    }
}

/// Whether a test is about procedures.
fn asks_procedures(atom: &Atom) -> bool {
    match atom {
        Atom::In { subject, .. } => matches!(
            subject,
            Subject::PrincipalProcedure | Subject::AnyProcedure | Subject::OtherProcedure
        ),
        Atom::Packet(test) => matches!(test, PacketTest::Takes(_)),
        _ => false,
    }
}

/// `{*}`: any code, which names none.
fn is_any(set: &SetRef) -> bool {
    let names_none = |pattern: &Pattern| matches!(pattern, Pattern::Prefix(prefix) if prefix.is_empty());
    matches!(set, SetRef::Inline(patterns) if patterns.iter().any(names_none))
}

/// The patterns an atom writes out, and whether they are of procedures.
fn written_out(atom: &Atom) -> Vec<(bool, &Pattern)> {
    let procedure = match atom {
        Atom::In { subject, .. } => match subject {
            Subject::DischargeStatus => return Vec::new(),
            Subject::PrincipalProcedure | Subject::AnyProcedure | Subject::OtherProcedure => true,
            Subject::PrincipalDiagnosis | Subject::AnyDiagnosis | Subject::OtherDiagnosis => false,
        },
        Atom::Packet(PacketTest::Takes(_)) => true,
        _ => return Vec::new(),
    };
    let sets = atom.sets().into_iter();
    let patterns = sets.filter_map(|set| match set {
        SetRef::Inline(patterns) => Some(patterns),
        SetRef::Named { .. } => None,
    });
    patterns.flatten().map(|pattern| (procedure, pattern)).collect()
}
