//! Which rows of a scheme a case can reach (规则可达性), decided exactly: by a case that reaches the
//! row, or by the absence of one.
//!
//! How it is decided, in reading order:
//!
//! 1. Codes that no rule tells apart are one class; numbers that no rule tells apart are one
//!    option ([`universe`], [`facts`]). So a case is a few choices among finitely many.
//! 2. Conditions become formulas over these choices ([`formula`]).
//! 3. Formulas that ask about one choice alone are settled at once, however many they are
//!    ([`demands`]). A complete search finds a case that fulfils formulas, or shows that none does
//!    ([`search`], [`others`]). First cases of one code are looked for, then of two, and so on.
//! 4. A row is reached by a case that fulfils its conditions and those above it, unless an
//!    earlier row takes the case. So the case found is grouped, as a record, by the grouper
//!    itself ([`made`]). If an earlier row takes it, the search goes on for one that this row
//!    does not take. It ends with a case that lands where it should, or with the earlier rows
//!    that leave none: those that shadow the row.
//!
//! What counts as a case: sex 1 or 2, full years from 0 to 124, days that fit the years, other
//! numbers given or missing, no diagnosis twice, and codes of the code lists, of the tables, or
//! made up where a rule asks for the beginning of a code. A code that stands in the list of
//! procedures is no diagnosis, and the other way round.

mod bits;
mod demands;
mod facts;
mod findings;
mod formula;
mod made;
mod others;
mod packets;
mod search;
mod universe;

pub use findings::row_findings;

use demands::Demands;
use formula::{Formula, Model, Stand};
use packets::PacketHunt;

use made::{Bench, defect, made_case, made_whole, with_number, with_other_sites};
use search::{Draft, Outcome, Search};

use hashbrown::HashSet;

use super::{Grouper, Grouping};
use crate::diagnostics::Result;
use crate::records::{CaseDraft, ordered};
use crate::tables::{Atom, CodeLists, Level, NumberFact, Otherwise, Rule};

/// Parts of formulas looked at for one row before it is left undecided.
const BUDGET: u64 = 50_000_000;
/// Cases of so few codes are looked for before cases of any number.
const FEW_CODES: std::ops::RangeInclusive<usize> = 1..=4;
/// More shadowing rows are not tried one by one for whether they are needed.
const MOST_SHADOWS_TRIED: usize = 24;

/// Rows that the plain way may read in all, to confirm the cases that were found. Each case costs it
/// every row of the scheme: of a scheme of more than about four thousand rows every second, third, …
/// case is confirmed, all are grouped by the fast way.
const MOST_READ_PLAINLY: usize = 20_000_000;

/// Whether a row can be reached (可达性).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This case does.
    Reached(CaseDraft),
    /// No case does.
    Never(Cause),
    /// Not known: the search was given up.
    Undecided,
}

/// Why no case reaches a row (不可达原因).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No case fulfils its own condition.
    Itself,
    /// No case fulfils its condition and those of the rows it stands under.
    WithParents,
    /// Every case that does is taken by one of these earlier rows, in file order.
    Shadowed(Vec<usize>),
}

/// A row and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Index into [`crate::tables::Scheme::rules`].
    pub row: usize,
    /// Whether a case has it for its group.
    pub verdict: Verdict,
}

/// A case on or beside a number of its group's conditions (边界病例).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// The word of the number: a fact, or `sites`.
    pub word: &'static str,
    /// The value the case has, in hundredths.
    pub value: i64,
    /// The case.
    pub case: CaseDraft,
    /// Where it lands.
    pub grouping: Grouping,
}

/// Decides which rows of one scheme can be reached (可达性判定).
pub struct Reaches<'g> {
    grouper: &'g Grouper,
    model: Model,
    /// Of a scheme of packets.
    packets: Option<PacketHunt<'g>>,
}

impl<'g> Reaches<'g> {
    /// For a scheme; `lists` are the codes that cases may have besides those of the tables.
    pub fn new(grouper: &'g Grouper, lists: Option<&CodeLists>) -> Reaches<'g> {
        Reaches {
            model: Model::new(grouper.scheme(), lists),
            packets: grouper
                .scheme()
                .packets()
                .map(|packets| PacketHunt::new(grouper, packets, lists)),
            grouper,
        }
    }

    /// Every row that can be a case's group, in file order: groups, ambiguous rows, and core
    /// groups that are the group where none of their groups holds.
    pub fn outcome_rows(&self) -> Vec<usize> {
        let decides = |rule: &Rule| match rule.level {
            Level::Drg | Level::Ambiguous => true,
            Level::Packet => true,
            Level::Adrg => rule.otherwise == Otherwise::Group,
            Level::Mdc | Level::Layer => false,
        };
        let scheme = self.grouper.scheme();
        // rows that only mark a case are no groups
        let list = scheme.packets().and_then(|packets| packets.primary_list());
        let only_marks = |row: usize| list.is_some_and(|list| row > list);
        let rules = scheme.rules().iter().enumerate();
        rules
            .filter(|(row, rule)| decides(rule) && !only_marks(*row))
            .map(|(row, _)| row)
            .collect()
    }

    /// Whether some case has this row for its group.
    ///
    /// # Errors
    /// The parts of the program contradict each other: a defect.
    pub fn outcome(&self, row: usize) -> Result<Verdict> {
        self.decide(row, true)
    }

    /// Whether some case gets as far as this row and fulfils it, whatever becomes of it below.
    ///
    /// # Errors
    /// As [`Reaches::outcome`].
    pub fn passage(&self, row: usize) -> Result<Verdict> {
        self.decide(row, false)
    }

    /// The verdict on every row of [`Reaches::outcome_rows`], in file order; `advance` is told of
    /// each.
    ///
    /// # Errors
    /// As [`Reaches::outcome`].
    pub fn outcomes(&self, threads: usize, advance: &(dyn Fn(u64) + Sync)) -> Result<Vec<Reach>> {
        let mut rows = self.outcome_rows().into_iter();
        let mut decided = Vec::new();
        ordered(
            threads,
            || Ok(rows.next()),
            |row| self.outcome(row).map(|verdict| Reach { row, verdict }),
            |reach| {
                decided.push(reach?);
                advance(1);
                Ok(())
            },
        )?;
        Ok(decided)
    }

    /// A case without a group, if there is one.
    ///
    /// # Errors
    /// As [`Reaches::outcome`].
    pub fn ungrouped(&self) -> Result<Verdict> {
        if let Some(packets) = &self.packets {
            return packets.ungrouped();
        }
        let mut hunt = Hunt::new(self, Vec::new(), Goal::NoGroup)?;
        hunt.verdict()
    }

    /// The group of a made case, by the fast and by the plain way.
    ///
    /// # Errors
    /// As [`Reaches::outcome`].
    pub fn group(&self, case: &CaseDraft) -> Result<Grouping> {
        Bench::new(self.grouper)?.group_both_ways(case)
    }

    /// A case that fulfils the conditions of all these rows.
    pub fn common_case(&self, rows: &[usize]) -> Option<CaseDraft> {
        if self.packets.is_some() {
            return None; // packets compete: that two hold for one case is no oddity
        }
        let wanted: Vec<Formula> = rows.iter().map(|row| self.model.row(*row)).collect();
        let demands = Demands::of(&self.model, &wanted);
        match self.search(&demands, usize::MAX).first_case() {
            Outcome::Found(draft) => Some(made_case(&self.model, &draft)),
            Outcome::None | Outcome::Undecided => None,
        }
    }

    /// Cases on and beside each number in the conditions that lead to `row`, made from a case
    /// that reaches it; where it lands may be another row.
    ///
    /// # Errors
    /// As [`Reaches::outcome`].
    pub fn boundaries(&self, row: usize, reached_by: &CaseDraft) -> Result<Vec<Boundary>> {
        let Stand { mdc, entry, .. } = self.model.stand(row);
        let mut rows = vec![mdc, entry, row];
        rows.dedup();
        let rules = rows
            .iter()
            .filter_map(|row| self.grouper.scheme().rules().get(*row));
        let mut bench = Bench::new(self.grouper)?;
        let mut found: Vec<Boundary> = Vec::new();
        for atom in rules.flat_map(|rule| rule.when.atoms()) {
            for (word, value, case) in self.beside(atom, reached_by) {
                if found
                    .iter()
                    .any(|before| before.word == word && before.value == value)
                {
                    continue;
                }
                let grouping = bench.group_both_ways(&case)?;
                found.push(Boundary {
                    word,
                    value,
                    case,
                    grouping,
                });
            }
        }
        Ok(found)
    }

    /// The case with other values of the number an atom asks about: below it, at it, above it.
    fn beside(&self, atom: &Atom, case: &CaseDraft) -> Vec<(&'static str, i64, CaseDraft)> {
        match atom {
            Atom::Number(fact, _, number) => {
                let whole = |value: i64| {
                    if *fact == NumberFact::Age {
                        value - value % 100
                    } else {
                        value
                    }
                };
                let values = [number - 100, *number, number + 100].map(whole);
                let sound = values.into_iter().filter(|value| *value >= 0);
                sound
                    .map(|value| (fact.word(), value, with_number(case, *fact, value)))
                    .collect()
            }
            Atom::Sites(set, ..) => {
                let cases = with_other_sites(case, self.grouper.scheme(), set);
                cases
                    .into_iter()
                    .map(|(count, case)| ("sites", count * 100, case))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn decide(&self, row: usize, as_outcome: bool) -> Result<Verdict> {
        if let Some(packets) = &self.packets {
            return packets.outcome(row);
        }
        let Stand { mdc, entry, end } = self.model.stand(row);
        let level = self.grouper.scheme().rules().get(row).map(|rule| rule.level);
        let mut path = vec![mdc, entry, row];
        path.dedup();
        let mut wanted: Vec<Formula> = path.iter().map(|row| self.model.row(*row)).collect();
        if as_outcome && level == Some(Level::Adrg) {
            wanted.extend((row + 1..end).map(|group| self.model.row(group).not()));
        }
        let goal = if as_outcome {
            Goal::At(row)
        } else {
            Goal::From(row)
        };
        Hunt::new(self, wanted, goal)?.verdict()
    }

    /// Whether the case found for this goal is grouped by the plain way too.
    fn confirms_plainly(&self, goal: Goal) -> bool {
        let rows = self.grouper.scheme().rules().len();
        let step = rows.saturating_mul(rows) / MOST_READ_PLAINLY + 1;
        goal.row().is_none_or(|row| row.is_multiple_of(step))
    }

    fn search<'s>(&'s self, demands: &'s Demands, most_codes: usize) -> Search<'s> {
        Search {
            model: &self.model,
            demands,
            budget: BUDGET,
            most_codes,
        }
    }
}

/// Where a case is to land.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// On this row.
    At(usize),
    /// On this row, a later one, or none.
    From(usize),
    /// On no row.
    NoGroup,
}

impl Goal {
    fn met_by(self, landed: Option<usize>) -> bool {
        match self {
            Goal::At(row) => landed == Some(row),
            Goal::From(row) => landed.is_none_or(|landed| landed >= row),
            Goal::NoGroup => landed.is_none(),
        }
    }

    const fn row(self) -> Option<usize> {
        match self {
            Goal::At(row) | Goal::From(row) => Some(row),
            Goal::NoGroup => None,
        }
    }
}

/// The hunt for a case that reaches one row.
struct Hunt<'r, 'g> {
    reaches: &'r Reaches<'g>,
    bench: Bench<'g>,
    goal: Goal,
    /// What the case must fulfil: the row's condition last, after those above it.
    wanted: Vec<Formula>,
    /// Rows that took cases, and what a case must not fulfil to escape them.
    shadows: Vec<(usize, Formula)>,
    shut_out: HashSet<usize>,
    /// What is wanted, and the escape from every shadow.
    demands: Demands,
    budget: u64,
}

impl<'r, 'g> Hunt<'r, 'g> {
    fn new(reaches: &'r Reaches<'g>, wanted: Vec<Formula>, goal: Goal) -> Result<Hunt<'r, 'g>> {
        Ok(Hunt {
            bench: Bench::new(reaches.grouper)?,
            budget: BUDGET,
            demands: Demands::of(&reaches.model, &wanted),
            reaches,
            goal,
            wanted,
            shadows: Vec::new(),
            shut_out: HashSet::new(),
        })
    }

    /// A case of the fewest codes, or why there is none.
    fn verdict(&mut self) -> Result<Verdict> {
        for most_codes in FEW_CODES.chain([usize::MAX]) {
            match self.hunt(most_codes)? {
                Outcome::Found(draft) => return self.reached(draft),
                Outcome::Undecided => return Ok(Verdict::Undecided),
                Outcome::None => {}
            }
        }
        self.cause().map(Verdict::Never)
    }

    /// With a case of fewer codes, as long as one is found.
    fn reached(&mut self, mut draft: Draft) -> Result<Verdict> {
        while draft.codes() > *FEW_CODES.end() + 1 {
            match self.hunt(draft.codes() - 1)? {
                Outcome::Found(smaller) => draft = smaller,
                Outcome::None | Outcome::Undecided => break,
            }
        }
        let case = made_case(&self.reaches.model, &draft);
        Ok(Verdict::Reached(self.made_plausible(case)?))
    }

    /// Looks for cases until one lands where it should; each row that takes one is shut out.
    fn hunt(&mut self, most_codes: usize) -> Result<Outcome> {
        loop {
            let outcome = self.search(most_codes);
            let Outcome::Found(draft) = &outcome else {
                return Ok(outcome);
            };
            let case = made_case(&self.reaches.model, draft);
            let landed = self.bench.group(&case)?.row;
            if self.goal.met_by(landed) {
                return Ok(outcome);
            }
            let taken_by = landed.filter(|row| self.goal.row().is_none_or(|goal| *row < goal));
            if !taken_by.is_some_and(|row| self.shut_out(row)) {
                let cells = case.cells().join(",");
                let goal = self.goal;
                return Err(defect(&format!(
                    "the case `{cells}`, made for {goal:?}, lands on {landed:?}"
                )));
            }
        }
    }

    /// Looks for no more cases that this row takes; false if they are shut out already.
    fn shut_out(&mut self, row: usize) -> bool {
        let (shadow, escape) = self.shadow(row);
        let new = self.shut_out.insert(shadow);
        if new {
            self.demands.add(&self.reaches.model, &escape);
            self.shadows.push((shadow, escape));
        }
        new
    }

    /// The row that shadows, and what a case must not fulfil to escape it: an earlier group of
    /// the same core group alone, else all that its entry decides.
    fn shadow(&self, row: usize) -> (usize, Formula) {
        let model = &self.reaches.model;
        let entry = model.stand(row).entry;
        let same_entry = self
            .goal
            .row()
            .is_some_and(|goal| model.stand(goal).entry == entry);
        if same_entry {
            (row, model.row(row).not())
        } else {
            // the MDC of the goal is among what is wanted
            let under = self.goal.row().map(|goal| model.stand(goal).mdc);
            let decides = model.decides(self.reaches.grouper.scheme(), row, under);
            (entry, decides.not())
        }
    }

    /// The first case that fulfils what is wanted and escapes every shadow.
    fn search(&mut self, most_codes: usize) -> Outcome {
        let mut search = self.reaches.search(&self.demands, most_codes);
        search.budget = self.budget;
        let outcome = search.first_case();
        self.budget = search.budget;
        outcome
    }

    /// Whether no case fulfils what is wanted and escapes some of the shadows.
    fn none_escapes(&self, shut_out: impl Fn(usize) -> bool) -> bool {
        let shadows = self.shadows.iter().filter(|(row, _)| shut_out(*row));
        let formulas = self.wanted.iter().chain(shadows.map(|(_, escape)| escape));
        let demands = Demands::of(&self.reaches.model, formulas);
        let mut search = self.reaches.search(&demands, usize::MAX);
        matches!(search.first_case(), Outcome::None)
    }

    /// An infant's record has days and weight; they are left out only where they would matter.
    fn made_plausible(&mut self, case: CaseDraft) -> Result<CaseDraft> {
        let fuller = made_whole(case.clone());
        let kept = if self.goal.met_by(self.bench.group(&fuller)?.row) {
            fuller
        } else {
            case
        };
        let landed = if self.reaches.confirms_plainly(self.goal) {
            self.bench.group_both_ways(&kept)?.row
        } else {
            self.bench.group(&kept)?.row
        };
        if self.goal.met_by(landed) {
            Ok(kept)
        } else {
            Err(defect("a case lands elsewhere the second time"))
        }
    }

    /// Why there is no case: the fewest conditions, and the fewest earlier rows, that leave none.
    fn cause(&self) -> Result<Cause> {
        let reaches = self.reaches;
        let own = match self.goal.row() {
            Some(row) => Demands::of(&reaches.model, [&reaches.model.row(row)]),
            None => return Ok(Cause::Shadowed(self.needed_shadows())),
        };
        if matches!(reaches.search(&own, usize::MAX).first_case(), Outcome::None) {
            return Ok(Cause::Itself);
        }
        if self.none_escapes(|_| false) {
            return Ok(Cause::WithParents);
        }
        Ok(Cause::Shadowed(self.needed_shadows()))
    }

    /// Shadows without those that the others do without.
    fn needed_shadows(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = self.shadows.iter().map(|(row, _)| *row).collect();
        rows.sort_unstable();
        if rows.len() > MOST_SHADOWS_TRIED {
            return rows;
        }
        for row in rows.clone().into_iter().rev() {
            if self.none_escapes(|shadow| shadow != row && rows.contains(&shadow)) {
                rows.retain(|shadow| *shadow != row);
            }
        }
        rows
    }
}
