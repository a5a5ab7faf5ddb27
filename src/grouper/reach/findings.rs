//! What the analysis says of a scheme's rows, as findings at their places.

use std::collections::{BTreeMap, BTreeSet};

use super::universe::can_be_read;
use super::{Cause, Reach, Reaches, Verdict};
use crate::diagnostics::{Lang, Result};
use crate::grouper::rule_code;
use crate::tables::{Atom, Grade, Level, Rule, Scheme, SetRef, Subject, TableFinding};

/// Most earlier rows named in a finding.
const SHOWN_SHADOWS: usize = 4;
/// Longer conditions are cut.
const LONGEST_CONDITION: usize = 120;

/// Rows no case reaches, MDCs that overlap, groups without name or weight (行级检查).
///
/// `reached` is what [`Reaches::outcomes`] gave; `weights` the groups that have a weight, if that
/// is to be checked.
///
/// # Errors
/// The parts of the program contradict each other: a defect.
pub fn row_findings(
    reaches: &Reaches<'_>,
    reached: &[Reach],
    weights: Option<&BTreeSet<String>>,
    lang: Lang,
) -> Result<Vec<TableFinding>> {
    let mut teller = Teller {
        reaches,
        scheme: reaches.grouper.scheme(),
        verdicts: reached.iter().map(|reach| (reach.row, &reach.verdict)).collect(),
        lang,
        found: Vec::new(),
    };
    teller.rows()?;
    teller.overlaps();
    teller.names();
    if let Some(weights) = weights {
        teller.weights(weights);
    }
    Ok(teller.found)
}

struct Teller<'a, 'g> {
    reaches: &'a Reaches<'g>,
    scheme: &'g Scheme,
    verdicts: BTreeMap<usize, &'a Verdict>,
    lang: Lang,
    found: Vec<TableFinding>,
}

impl<'g> Teller<'_, 'g> {
    fn say(&mut self, row: usize, grade: Grade, kind: &'static str, en: String, zh: String) {
        let Some(rule) = self.scheme.rules().get(row) else {
            return;
        };
        let message = match self.lang {
            Lang::En => en,
            Lang::Zh => zh,
        };
        self.found.push(TableFinding {
            place: self.scheme.place(rule),
            grade,
            kind,
            message,
        });
    }

    /// Each row that no case gets to, from the MDCs down; below such a row nothing is said.
    fn rows(&mut self) -> Result<()> {
        let rules: &'g [Rule] = self.scheme.rules();
        let mut row = 0;
        while let Some(rule) = rules.get(row) {
            let below = self.below(row);
            let passed = match rule.level {
                Level::Layer => true,
                Level::Mdc | Level::Adrg => self.can_be_passed(row, below)?,
                Level::Ambiguous | Level::Drg | Level::Packet => self.tell_outcome(row),
            };
            if rule.level == Level::Adrg && passed {
                self.tell_core_group(row, below);
            }
            row = if passed { row + 1 } else { row + 1 + below };
        }
        Ok(())
    }

    /// How many rows stand under an MDC or core group.
    fn below(&self, row: usize) -> usize {
        let rules = self.scheme.rules();
        let under = rules.iter().skip(row + 1);
        match rules.get(row).map(|rule| rule.level) {
            Some(Level::Mdc) => under.take_while(|rule| rule.level != Level::Mdc).count(),
            Some(Level::Adrg) => under.take_while(|rule| rule.level == Level::Drg).count(),
            _ => 0,
        }
    }

    fn can_be_passed(&mut self, row: usize, below: usize) -> Result<bool> {
        let reached = |row: usize| matches!(self.verdicts.get(&row), Some(Verdict::Reached(_)));
        if (row..=row + below).any(reached) {
            return Ok(true);
        }
        let verdict = self.reaches.passage(row)?;
        Ok(self.tell(row, &verdict))
    }

    fn tell_outcome(&mut self, row: usize) -> bool {
        let verdict = self.verdicts.get(&row).copied().cloned();
        verdict.is_none_or(|verdict| self.tell(row, &verdict))
    }

    /// Says why a row is not reached; whether it may be.
    fn tell(&mut self, row: usize, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::Reached(_) => true,
            Verdict::Undecided => {
                self.undecided(row);
                true
            }
            Verdict::Never(Cause::Shadowed(shadows)) => {
                self.shadowed(row, shadows);
                false
            }
            Verdict::Never(cause) => {
                self.unreachable(row, cause);
                false
            }
        }
    }

    fn undecided(&mut self, row: usize) {
        let code = rule_code(self.scheme, Some(row)).unwrap_or("");
        let (why, why_zh) = match self.scheme.packets() {
            None => ("its conditions are too many", "条件过多"),
            Some(_) => (
                "none was found, and that there is none is not proved",
                "未找到，但不能证明没有",
            ),
        };
        self.say(
            row,
            Grade::Note,
            "undecided-row",
            format!("whether a case reaches `{code}` was not decided: {why}"),
            format!("未能判定是否有病例可达`{code}`：{why_zh}"),
        );
    }

    fn shadowed(&mut self, row: usize, shadows: &[usize]) {
        let code = rule_code(self.scheme, Some(row)).unwrap_or("");
        let named: Vec<String> = shadows
            .iter()
            .take(SHOWN_SHADOWS)
            .filter_map(|shadow| self.scheme.rules().get(*shadow))
            .map(|rule| format!("`{}` ({})", rule.code, rule.line))
            .collect();
        let more = shadows.len().saturating_sub(named.len());
        let (and_more, deng) = match more {
            0 => (String::new(), String::new()),
            _ => (format!(" and {more} more"), format!("等{}行", shadows.len())),
        };
        let (en, zh) = (named.join(", ") + &and_more, named.join("、") + &deng);
        self.say(
            row,
            Grade::Warning,
            "shadowed-row",
            format!("no case reaches `{code}`: earlier rows take them all: {en}"),
            format!("没有病例可达`{code}`：均已被前面的行截取：{zh}"),
        );
    }

    fn unreachable(&mut self, row: usize, cause: &Cause) {
        let Some(rule) = self.scheme.rules().get(row) else {
            return;
        };
        let (code, written) = (&rule.code, cut(&rule.written));
        let (above, in_zh) = match cause {
            Cause::WithParents => (" together with the conditions above it", "，连同其上级条件"),
            Cause::Itself | Cause::Shadowed(_) => ("", ""),
        };
        self.say(
            row,
            Grade::Warning,
            "unreachable-row",
            format!("no case reaches `{code}`: none fulfils `{written}`{above}"),
            format!("没有病例可达`{code}`：没有病例满足`{written}`{in_zh}"),
        );
    }

    /// Cases that fulfil a core group and none of its groups have the core group for their group.
    fn tell_core_group(&mut self, row: usize, groups: usize) {
        let reached = matches!(self.verdicts.get(&row), Some(Verdict::Reached(_)));
        if groups == 0 || !reached {
            return;
        }
        let code = rule_code(self.scheme, Some(row)).unwrap_or("");
        self.say(
            row,
            Grade::Note,
            "bare-core-group",
            format!("a case that none of the groups of `{code}` takes has `{code}` itself for its group"),
            format!("不满足`{code}`任何细分组的病例以`{code}`本身为组"),
        );
    }

    /// MDCs whose lists of principal diagnoses share codes, if a case can fulfil both.
    fn overlaps(&mut self) {
        let rules = self.scheme.rules().iter().enumerate();
        let lists = rules
            .filter(|(_, rule)| rule.level == Level::Mdc)
            .filter_map(|(row, rule)| self.principal_list(rule).map(|codes| (row, codes)));
        let lists: Vec<(usize, BTreeSet<&str>)> = lists.collect();
        for (at, (later, codes)) in lists.iter().enumerate() {
            for (earlier, before) in lists.iter().take(at) {
                let shared: Vec<&str> = codes.intersection(before).copied().collect();
                if !shared.is_empty() && self.reaches.common_case(&[*earlier, *later]).is_some() {
                    self.overlap(*earlier, *later, &shared);
                }
            }
        }
    }

    /// The codes of the set that an MDC asks the principal diagnosis to be in.
    fn principal_list(&self, rule: &Rule) -> Option<BTreeSet<&'g str>> {
        let atoms = rule.when.atoms();
        let set = atoms.into_iter().find_map(|atom| match atom {
            Atom::In {
                subject: Subject::PrincipalDiagnosis,
                negated: false,
                set: set @ SetRef::Named { .. },
            } => self.scheme.set(set),
            _ => None,
        })?;
        let codes = set.codes.iter().map(|code| self.scheme.code(*code));
        Some(codes.filter(|code| can_be_read(code)).collect())
    }

    fn overlap(&mut self, earlier: usize, later: usize, shared: &[&str]) {
        let rules = self.scheme.rules();
        let (Some(first), Some(second)) = (rules.get(earlier), rules.get(later)) else {
            return;
        };
        let (count, example) = (shared.len(), shared.first().copied().unwrap_or(""));
        self.say(
            later,
            Grade::Note,
            "mdc-overlap",
            format!(
                "MDC `{}` shares {count} principal diagnoses with MDC `{}` (line {}), which is tried first: `{example}` …",
                second.code, first.code, first.line
            ),
            format!(
                "MDC`{}`与先判定的MDC`{}`（第{}行）有{count}个主要诊断重叠：`{example}`等",
                second.code, first.code, first.line
            ),
        );
    }

    /// Codes that a case can have for its group, each at its first row.
    fn group_codes(&self) -> Vec<(usize, &'g str)> {
        let mut seen = BTreeSet::new();
        let rules: &'g [Rule] = self.scheme.rules();
        let grouped = self
            .verdicts
            .iter()
            .filter(|(_, verdict)| !matches!(verdict, Verdict::Never(_)));
        grouped
            .filter_map(|(row, _)| rules.get(*row).map(|rule| (*row, rule)))
            .filter(|(_, rule)| rule.level != Level::Ambiguous && seen.insert(rule.code.as_str()))
            .map(|(row, rule)| (row, rule.code.as_str()))
            .collect()
    }

    fn names(&mut self) {
        for (row, code) in self.group_codes() {
            let in_row = self.scheme.rules().get(row).map_or("", |rule| rule.name.as_str());
            if self.scheme.group_name(code).is_empty() && in_row.is_empty() {
                self.say(
                    row,
                    Grade::Warning,
                    "no-name",
                    format!("group `{code}` has no name, neither in groups.csv nor here"),
                    format!("病组`{code}`在groups.csv和本行中均无名称"),
                );
            }
        }
    }

    fn weights(&mut self, weights: &BTreeSet<String>) {
        for (row, code) in self.group_codes() {
            if !weights.contains(code) {
                self.say(
                    row,
                    Grade::Warning,
                    "no-weight",
                    format!("group `{code}` has no weight"),
                    format!("病组`{code}`没有权重"),
                );
            }
        }
    }
}

fn cut(written: &str) -> String {
    match written.char_indices().nth(LONGEST_CONDITION) {
        Some((at, _)) => format!("{}…", written.get(..at).unwrap_or(written)),
        None => written.to_owned(),
    }
}
