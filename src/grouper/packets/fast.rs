//! The fast evaluation of packets: kinds of codes, rows by principal diagnosis, memory reused.

use super::outcome::PacketOutcome;
use super::view::{icu_days, ratio_holds, share_holds};
use crate::grouper::Grouping;
use crate::grouper::fast::{Evaluation, Grouper, Scratch};
use crate::grouper::numbered::{NumberedCase, PacketFacts};
use crate::tables::{
    CodeFacts, Comorbidity, Comparison, Compiled, CompiledPackets, Criterion, Expression, Figure, KindRule,
    Label, Offer, OrderStep, Packet, Packets, Pattern, Procedures, Selection, SetId, SetRef, TreatmentType,
    TriedRow, TypeChoice, TypeFrom, occurrences,
};

/// Memory reused from case to case.
#[derive(Debug, Default)]
pub(in crate::grouper) struct PacketScratch {
    effective: Vec<CodeFacts>,
    pool: Vec<Candidate>,
    alone: Vec<Candidate>,
    offered: Vec<Candidate>,
    taken: Vec<usize>,
    most: Vec<usize>,
}

/// A row of a catalogue that holds.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    offer: Offer,
    /// Index into the scheme's rules.
    rule: usize,
    /// The expression and the best of its alternatives that hold; nothing of a row without procedures.
    alternative: Option<(u32, usize)>,
    /// How many procedures it takes.
    matched: usize,
    kind: TreatmentType,
    kind_is_known: bool,
    leaves_surgery: bool,
    /// The better of two rows has the lower, where that is the same for every case.
    rank: u32,
}

impl Candidate {
    /// Of a core or primary row that holds; its type and what it takes only once a step asks for them.
    fn unasked(offer: Offer, row: &TriedRow) -> Candidate {
        Candidate {
            offer,
            rule: row.rule(),
            alternative: row.expression().map(|expression| (expression, 0)),
            matched: 0,
            kind: row.stated.unwrap_or_default(),
            kind_is_known: row.stated.is_some() || row.expression().is_none(),
            leaves_surgery: false,
            rank: row.rank,
        }
    }
}

impl Grouper {
    /// The packet of a case.
    pub(in crate::grouper) fn evaluate_packets(
        &self,
        case: &NumberedCase<'_>,
        scratch: &mut Scratch,
        memory: &mut PacketScratch,
    ) -> Grouping {
        let compiled = self.compiled();
        let (Some(packets), Some(tables)) = (compiled.scheme().packets(), compiled.packets()) else {
            return Grouping::NONE;
        };
        let mut effective = std::mem::take(&mut memory.effective);
        let main = effective_procedures(compiled, packets, tables, case, &mut effective);
        let mut matching = Matching {
            compiled,
            packets,
            tables,
            recorded: case,
            case: judged(
                packets,
                tables,
                &NumberedCase {
                    procedures: &effective,
                    ..*case
                },
                main.is_some(),
            ),
            memory,
        };
        let grouping = matching.group(main, scratch);
        memory.effective = effective;
        grouping
    }
}

/// The procedures that count, the main one first; its place in the record.
fn effective_procedures(
    compiled: &Compiled,
    packets: &Packets,
    tables: &CompiledPackets,
    case: &NumberedCase<'_>,
    kept: &mut Vec<CodeFacts>,
) -> Option<usize> {
    kept.clear();
    let mut main: Option<(usize, usize)> = None;
    let mut looking = true;
    for (place, code) in case.procedures.iter().enumerate() {
        let may_be_main = looking && main.is_none();
        match tables.traits(code).rule {
            KindRule::Drop => continue,
            KindRule::AsConservative => {
                looking &= !may_be_main || packets.procedures.skip_conservative;
                continue;
            }
            KindRule::None if may_be_main => main = Some((place, kept.len())),
            KindRule::MainOnlyFor(scope) if may_be_main => {
                let principal = case.diagnoses.first();
                match principal.is_some_and(|principal| compiled.holds(scope, principal.kind)) {
                    true => main = Some((place, kept.len())),
                    false => looking = false,
                }
            }
            KindRule::None | KindRule::NotMain | KindRule::MainOnlyFor(_) => {}
        }
        kept.push(*code);
    }
    if let Some(front) = main.and_then(|(_, at)| kept.get_mut(..=at)) {
        front.rotate_right(1);
    }
    main.map(|(place, _)| place)
}

/// The case with its treatment type and level of surgery.
fn judged<'w>(
    packets: &Packets,
    tables: &CompiledPackets,
    case: &NumberedCase<'w>,
    has_principal: bool,
) -> NumberedCase<'w> {
    let procedures = case.procedures;
    let main = procedures
        .first()
        .filter(|_| has_principal)
        .map(|code| tables.traits(code));
    let rules: &Procedures = &packets.procedures;
    let mut kind = match rules.type_from {
        TypeFrom::Largest => {
            let kinds = procedures.iter().map(|code| tables.traits(code).kind);
            kinds.max().unwrap_or_default()
        }
        TypeFrom::Main => main.map_or(TreatmentType::Conservative, |traits| traits.kind),
    };
    let slight = |code: &CodeFacts| tables.traits(code).slight;
    if rules.by_incision_and_level && procedures.iter().all(slight) {
        kind = TreatmentType::Conservative;
    }
    NumberedCase {
        packet: PacketFacts {
            has_principal,
            kind,
            surgery_level: main.map_or(0, |traits| traits.level),
            mean_cost: None,
            ..case.packet
        },
        ..*case
    }
}

/// One case against a scheme of packets.
struct Matching<'a> {
    compiled: &'a Compiled,
    packets: &'a Packets,
    tables: &'a CompiledPackets,
    /// With its procedures as recorded.
    recorded: &'a NumberedCase<'a>,
    /// With those that count.
    case: NumberedCase<'a>,
    memory: &'a mut PacketScratch,
}

impl Matching<'_> {
    fn group(&mut self, main: Option<usize>, scratch: &mut Scratch) -> Grouping {
        let case = self.case;
        let mut evaluation = Evaluation::of_packets(self.compiled, &case, scratch);
        let mut grouping = Grouping {
            severity: evaluation.severity(),
            packet: PacketOutcome::new(main, case.packet.kind),
            ..Grouping::NONE
        };
        if let Some(excluded) = self.tables.excluded
            && evaluation.layer_holds(excluded)
        {
            grouping.mdc = self.compiled.mdcs.get(excluded).map(|layer| layer.rule);
            return grouping;
        }
        if let Some(list) = self.tables.primary_list {
            grouping.packet.primary_care = evaluation.first_packet(list).is_some();
        }
        let winner = match &self.packets.selection {
            Selection::FirstRow => self.first_row(scratch),
            Selection::Catalogue { .. } => self.catalogue(&mut evaluation),
        };
        if let Some((layer, row)) = winner {
            grouping.mdc = self.compiled.mdcs.get(layer).map(|layer| layer.rule);
            grouping.packet.primary_care |= self.layer(Offer::Primary) == Some(layer);
            grouping.row = Some(self.labelled(row, layer, scratch, &mut grouping.packet));
        }
        grouping
    }

    /// The first row of the first layer that has one.
    fn first_row(&self, scratch: &mut Scratch) -> Option<(usize, usize)> {
        let mut layers = self.tables.layers.iter().copied().enumerate();
        let raw = self.packets.procedures.raw_first_layer;
        let in_first = match layers.next().filter(|_| raw) {
            Some((_, first)) => {
                let has_principal = !self.recorded.procedures.is_empty();
                let case = judged(self.packets, self.tables, self.recorded, has_principal);
                let mut evaluation = Evaluation::of_packets(self.compiled, &case, scratch);
                evaluation.first_packet(first).map(|row| (first, row.rule()))
            }
            None => None,
        };
        if in_first.is_some() {
            return in_first;
        }
        let mut evaluation = Evaluation::of_packets(self.compiled, &self.case, scratch);
        let rest = self.tables.layers.iter().skip(usize::from(raw));
        rest.copied()
            .find_map(|layer| evaluation.first_packet(layer).map(|row| (layer, row.rule())))
    }

    // ---- catalogue

    fn catalogue(&mut self, evaluation: &mut Evaluation<'_>) -> Option<(usize, usize)> {
        let Selection::Catalogue {
            pool,
            tie_break,
            order,
            primary_survives,
            ..
        } = &self.packets.selection
        else {
            return None;
        };
        self.memory.offered.clear();
        let leave_surgery = match self.tables.in_order {
            true => {
                self.offer_first(evaluation, pool, *primary_survives);
                false // no step asks
            }
            false => self.offer_chosen(evaluation, pool, tie_break, *primary_survives),
        };
        let mut asked = [false; Offer::ALL.len()];
        let open = |step: &&OrderStep| !step.if_core_leaves_surgery || leave_surgery;
        let mut steps = order.iter().filter(open);
        steps.find_map(|step| self.serve(step, evaluation, &mut asked))
    }

    /// Where the rows stand in the order in which they are chosen: the first of each level that holds; of
    /// levels that compete together, the better.
    fn offer_first(&mut self, evaluation: &mut Evaluation<'_>, pool: &[Offer], primary_survives: bool) {
        let [core, primary] = [Offer::Core, Offer::Primary].map(|offer| {
            let row = evaluation.first_packet(self.layer(offer)?)?;
            Some(Candidate::unasked(offer, row))
        });
        let together = pool.contains(&Offer::Core) && pool.contains(&Offer::Primary);
        match (core, primary) {
            (Some(core), Some(primary)) if together => {
                let core_wins = core.rank < primary.rank;
                self.memory.offered.extend(core_wins.then_some(core));
                let offered = !core_wins || primary_survives;
                self.memory.offered.extend(offered.then_some(primary));
            }
            (core, primary) => self.memory.offered.extend(core.into_iter().chain(primary)),
        }
    }

    /// The rows that the tie-break chooses; whether every row that holds leaves a surgical procedure.
    fn offer_chosen(
        &mut self,
        evaluation: &mut Evaluation<'_>,
        pool: &[Offer],
        tie_break: &[Criterion],
        primary_survives: bool,
    ) -> bool {
        let mut pooled = std::mem::take(&mut self.memory.pool);
        let mut alone = std::mem::take(&mut self.memory.alone);
        pooled.clear();
        let mut leave_surgery = true;
        for offer in [Offer::Core, Offer::Primary] {
            alone.clear();
            let rows = match pool.contains(&offer) {
                true => &mut pooled,
                false => &mut alone,
            };
            leave_surgery &= self.candidates(offer, evaluation, rows);
            self.offer_best(&mut alone, tie_break);
        }
        alone.clear();
        if primary_survives {
            alone.extend(pooled.iter().filter(|row| row.offer == Offer::Primary));
        }
        self.offer_best(&mut pooled, tie_break);
        self.offer_best(&mut alone, tie_break);
        self.memory.pool = pooled;
        self.memory.alone = alone;
        leave_surgery
    }

    /// The rows of a level that hold; where one asks for procedures, only such. Whether each of all that
    /// hold leaves a surgical procedure.
    fn candidates(
        &mut self,
        offer: Offer,
        evaluation: &mut Evaluation<'_>,
        rows: &mut Vec<Candidate>,
    ) -> bool {
        let Some(layer) = self.layer(offer) else {
            return true;
        };
        let start = rows.len();
        for row in evaluation.packets(layer) {
            let mut procedures = self.case.procedures.iter();
            let may_hold = row.expression().is_none() || procedures.any(|code| row.may_begin(code.kind));
            if may_hold && evaluation.packet_is_open(row) {
                let candidate = self.candidate(offer, row);
                let holds = row.expression().is_none() || candidate.alternative.is_some();
                rows.extend(holds.then_some(candidate));
            }
        }
        let new = rows.get(start..).unwrap_or_default();
        let leave_surgery = new.iter().all(|row| row.leaves_surgery);
        if new.iter().any(|row| row.alternative.is_some()) {
            let mut at = 0;
            rows.retain(|row| {
                at += 1;
                at <= start || row.alternative.is_some()
            });
        }
        leave_surgery
    }

    fn layer(&self, offer: Offer) -> Option<usize> {
        self.tables.levels.get(offer as usize).copied().flatten()
    }

    /// A row, with what it takes.
    fn candidate(&mut self, offer: Offer, row: &TriedRow) -> Candidate {
        let procedures = self.case.procedures;
        self.memory.taken.clear();
        let alternative = row
            .expression()
            .and_then(|expression| self.best_alternative(expression));
        let of_taken = self.kind_of_taken();
        let taken = &self.memory.taken;
        let left = procedures
            .iter()
            .enumerate()
            .filter(|(place, _)| !taken.contains(place));
        let surgical = |code: &CodeFacts| self.tables.traits(code).kind == TreatmentType::Surgical;
        Candidate {
            offer,
            rule: row.rule(),
            alternative,
            matched: taken.len(),
            kind: row.stated.or(of_taken).unwrap_or_default(),
            kind_is_known: true,
            leaves_surgery: left.map(|(_, code)| code).any(surgical),
            rank: row.rank,
        }
    }

    /// Of the alternatives that hold that of most operands; of those one that takes the main procedure; of
    /// those one whose procedures have the highest type; of those the first. What it takes is left in the
    /// memory.
    fn best_alternative(&mut self, expression: u32) -> Option<(u32, usize)> {
        let mut taken = std::mem::take(&mut self.memory.taken);
        let mut most = std::mem::take(&mut self.memory.most);
        most.clear();
        let mut best = None;
        for (at, operands) in self.tables.expression(expression).iter().enumerate() {
            if operands.len() < most.len() || !self.holds_by(operands, &mut taken) {
                continue;
            }
            let worth = Some((taken.len(), self.takes_main(&taken), self.kind_of(&taken)));
            if best.is_none_or(|(_, before)| worth > before) {
                best = Some((at, worth));
                std::mem::swap(&mut taken, &mut most);
            }
        }
        (self.memory.taken, self.memory.most) = (most, taken);
        best.map(|(at, _)| (expression, at))
    }

    /// Whether each operand of an alternative takes a procedure of its own, and which.
    fn holds_by(&self, operands: &[SetId], taken: &mut Vec<usize>) -> bool {
        let procedures = self.case.procedures;
        let hits = |operand: usize, procedure: usize| {
            let pair = operands.get(operand).zip(procedures.get(procedure));
            pair.is_some_and(|(set, code)| self.compiled.holds(*set, code.kind))
        };
        occurrences(operands.len(), procedures.len(), &hits, taken)
    }

    /// Whether the main procedure is among those taken; the effective procedures begin with it.
    fn takes_main(&self, taken: &[usize]) -> bool {
        self.case.packet.has_principal && taken.contains(&0)
    }

    /// Offers the best of some rows.
    fn offer_best(&mut self, rows: &mut Vec<Candidate>, tie_break: &[Criterion]) {
        for criterion in tie_break {
            if rows.len() < 2 {
                break;
            }
            self.keep(*criterion, rows);
        }
        self.memory.offered.extend(rows.first());
    }

    /// Applies a criterion; one that would remove all removes none.
    fn keep(&self, criterion: Criterion, rows: &mut Vec<Candidate>) {
        let packet = |row: &Candidate| self.packets.of(row.rule);
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        match criterion {
            Criterion::ExactMultiset | Criterion::AllMatched => {
                let all = self.case.procedures.len();
                keep_that(rows, |row| row.matched == all);
            }
            Criterion::MainInRow => keep_that(rows, |row| {
                let mut ways = self.ways(row);
                ways.any(|(_, taken)| self.takes_main(&taken))
            }),
            Criterion::FullCodeOverPrefix => {
                let all = rows.clone();
                keep_that(rows, |row| !all.iter().any(|other| self.is_fuller(other, row)));
            }
            Criterion::MostPlus | Criterion::MostMatched => {
                keep_largest(rows, |row| Some(number(row.matched)));
            }
            Criterion::NearestMeanCost => {
                let cost = self.case.numbers.amount.and_then(|fen| fen.checked_mul(10_000));
                keep_largest(rows, |row| {
                    let mean = packet(row)?.mean_cost?;
                    Some(-(cost? - mean).abs())
                });
            }
            Criterion::HighestScore => keep_largest(rows, |row| packet(row)?.score),
            Criterion::HighestScoreIfSurgical => {
                if rows.iter().any(|row| row.kind == TreatmentType::Surgical) {
                    keep_largest(rows, |row| packet(row)?.score);
                }
            }
            Criterion::LongestDiagnosis => {
                keep_largest(rows, |row| Some(number(packet(row)?.diagnosis_length)));
            }
            Criterion::CodeOrder => {
                let rules = self.compiled.scheme().rules();
                let code = |row: &Candidate| rules.get(row.rule).map(|rule| rule.code.as_str());
                let first = rows.iter().map(code).min();
                keep_that(rows, |row| Some(code(row)) == first);
            }
            Criterion::EarliestRow => keep_largest(rows, |row| Some(-number(row.rule))),
            Criterion::LatestRow => keep_largest(rows, |row| Some(number(row.rule))),
        }
    }

    /// Every alternative a row holds by, as the tables write it, with what it takes.
    fn ways(&self, row: &Candidate) -> impl Iterator<Item = (&[SetRef], Vec<usize>)> {
        let expression = row.alternative.map(|(expression, _)| expression);
        let compiled = expression.map_or(&[][..], |expression| self.tables.expression(expression));
        let packet = self.packets.of(row.rule);
        let written = packet.and_then(|packet: &Packet| packet.expression.as_ref());
        let written = written.map_or(&[][..], Expression::alternatives);
        compiled.iter().zip(written).filter_map(|(operands, written)| {
            let mut taken = Vec::new();
            self.holds_by(operands, &mut taken)
                .then_some((written.as_slice(), taken))
        })
    }

    /// Whether `other` holds by whole codes wherever `row` holds by beginnings of the same; a row that holds
    /// by one alternative which nothing outdoes stands.
    fn is_fuller(&self, other: &Candidate, row: &Candidate) -> bool {
        let outdone = |way: &[SetRef]| self.ways(other).any(|(fuller, _)| outdoes(fuller, way));
        row.alternative.is_some() && self.ways(row).all(|(way, _)| outdone(way))
    }

    /// The row a step of the order takes, with its layer.
    fn serve(
        &mut self,
        step: &OrderStep,
        evaluation: &mut Evaluation<'_>,
        asked: &mut [bool; Offer::ALL.len()],
    ) -> Option<(usize, usize)> {
        let layer = self.layer(step.offer)?;
        let first_only = matches!(step.offer, Offer::Comprehensive | Offer::Fallback);
        if let Some(asked) = asked.get_mut(step.offer as usize)
            && first_only
            && !std::mem::replace(asked, true)
            && let Some(row) = evaluation.first_packet(layer)
        {
            let candidate = self.candidate(step.offer, row);
            self.memory.offered.push(candidate);
        }
        if matches!(step.choice, TypeChoice::Of(_)) {
            self.know_kinds(step.offer);
        }
        let offered = self.memory.offered.iter();
        let mut fitting = offered.filter(|row| row.offer == step.offer && fits(step, row));
        fitting.next().map(|row| (layer, row.rule))
    }

    /// Finds the types of offered rows that only what they take says.
    fn know_kinds(&mut self, offer: Offer) {
        let mut offered = std::mem::take(&mut self.memory.offered);
        let unknown = |row: &&mut Candidate| row.offer == offer && !row.kind_is_known;
        for row in offered.iter_mut().filter(unknown) {
            row.alternative = row
                .alternative
                .and_then(|(expression, _)| self.best_alternative(expression));
            row.kind = self.kind_of_taken().unwrap_or_default();
            row.kind_is_known = true;
        }
        self.memory.offered = offered;
    }

    /// The highest type of the procedures taken last.
    fn kind_of_taken(&self) -> Option<TreatmentType> {
        self.kind_of(&self.memory.taken)
    }

    fn kind_of(&self, taken: &[usize]) -> Option<TreatmentType> {
        let procedures = taken.iter().filter_map(|place| self.case.procedures.get(*place));
        procedures.map(|code| self.tables.traits(code).kind).max()
    }

    // ---- labels

    /// Notes the labels of the case; the line of the winner for its severity.
    fn labelled(
        &self,
        rule: usize,
        layer: usize,
        scratch: &mut Scratch,
        outcome: &mut PacketOutcome,
    ) -> usize {
        if self.packets.families.is_empty() {
            return rule;
        }
        let rules = self.compiled.scheme().rules();
        let code = |rule: usize| rules.get(rule).map_or("", |rule| rule.code.as_str());
        let layer = self.compiled.mdcs.get(layer).map_or("", |layer| code(layer.rule));
        let mut case = self.case;
        case.packet.mean_cost = self.packets.of(rule).and_then(|packet| packet.mean_cost);
        let mut evaluation = Evaluation::of_packets(self.compiled, &case, scratch);
        let families = self.packets.families.iter().zip(&self.tables.families);
        for (at, (family, conditions)) in families.enumerate() {
            let labels = family.labels.iter().zip(conditions).enumerate();
            let mut given = labels.filter(|(_, (label, _))| label.is_for(layer, code(rule)));
            if let Some((place, _)) = given.find(|(_, (_, when))| evaluation.holds(when)) {
                outcome.set_label(at, place);
            }
        }
        match self.packets.selection {
            Selection::Catalogue {
                severity_rows: true, ..
            } => {
                let family = self.packets.families.first();
                let label = family
                    .zip(outcome.label(0))
                    .and_then(|(family, at)| family.labels.get(at));
                let severity = label.and_then(Label::severity);
                severity.map_or(rule, |severity| self.packets.severities.line(rule, severity))
            }
            _ => rule,
        }
    }
}

fn fits(step: &OrderStep, row: &Candidate) -> bool {
    match step.choice {
        TypeChoice::Any => true,
        TypeChoice::Operative => row.alternative.is_some(),
        TypeChoice::Of(kind) => row.kind == kind,
    }
}

/// Whether operands are whole codes where the other ones begin the same.
fn outdoes(whole: &[SetRef], begun: &[SetRef]) -> bool {
    whole.len() == begun.len()
        && whole.iter().all(is_whole)
        && !begun.iter().all(is_whole)
        && whole.iter().zip(begun).all(|pair| match pair {
            (SetRef::Inline(whole), SetRef::Inline(begun)) => whole.iter().all(|code| match code {
                Pattern::Exact(code) => begun.iter().any(|pattern| pattern.holds(code)),
                Pattern::Prefix(_) => false,
            }),
            _ => false,
        })
}

fn is_whole(operand: &SetRef) -> bool {
    match operand {
        SetRef::Inline(patterns) => patterns
            .iter()
            .all(|pattern| matches!(pattern, Pattern::Exact(_))),
        SetRef::Named { .. } => true,
    }
}

/// Keeps the rows that fit, if any do.
fn keep_that(rows: &mut Vec<Candidate>, fits: impl Fn(&Candidate) -> bool) {
    if rows.iter().any(&fits) {
        rows.retain(fits);
    }
}

/// Keeps the rows of the largest value, if any has one.
fn keep_largest(rows: &mut Vec<Candidate>, value: impl Fn(&Candidate) -> Option<i64>) {
    let largest = rows.iter().filter_map(&value).max();
    if largest.is_some() {
        rows.retain(|row| value(row) == largest);
    }
}

/// Whether a figure of the auxiliary catalogue compares so; a missing one does not.
pub(in crate::grouper) fn numbered_figure_holds(
    compiled: &Compiled,
    case: &NumberedCase<'_>,
    figure: Figure,
    comparison: Comparison,
    bound: i64,
) -> bool {
    match figure {
        Figure::Cci => {
            let tables = compiled.packets();
            let others = case.diagnoses.iter().skip(1);
            let weights = others.filter_map(|code| tables?.comorbidity(code));
            comparison.holds(Comorbidity::index(weights) * 100, bound)
        }
        Figure::IcuDays => icu_days(case.numbers.icu_hours).is_some_and(|days| comparison.holds(days, bound)),
        Figure::CostRatio => ratio_holds(case.numbers.amount, case.packet.mean_cost, comparison, bound),
        Figure::DrugShare => share_holds(case.packet.drug_fee, case.numbers.amount, comparison, bound),
        Figure::TreatmentShare => {
            share_holds(case.packet.treatment_fee, case.numbers.amount, comparison, bound)
        }
    }
}
