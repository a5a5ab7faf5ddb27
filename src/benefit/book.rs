//! The year as a ledger (年度台账): settlements post movements, reversals mirror them, replays
//! bring later settlements to what they would have been, with a voucher for each difference.
//!
//! State = Σ movements. Nothing is overwritten: an old slip stays, what changed is a voucher.

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};
use jiff::civil::Date;

use super::bill::{Bill, BillKey, Part};
use super::counters::{AT_HOSPITAL, CiiScaleId, Slot, YearToDate};
use super::explain::{Explanation, Quiet, explain};
use super::file::ParamDate;
use super::persons::{InsuredPerson, Standing};
use super::policy::BenefitPolicy;
use super::run::settle;
use super::slip::{Payer, Slip};
use super::{Movement, ShareError};
use crate::units::Fen;

/// What happens to later settlements when one is taken back (退结算与后续结算).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Reversal {
    /// It is refused (拒绝).
    #[default]
    RefuseIfLater,
    /// The later ones stay as they are (仅冲销).
    MirrorOnly,
    /// The later ones are replayed (冲销并重算).
    MirrorAndReplay,
}

/// What happens when a bill is older than one already settled (补录单据).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LateBill {
    /// It is settled as it arrives (按到达次序).
    #[default]
    AsArrived,
    /// The later ones are replayed (重算后续).
    Replay,
}

/// The settings of a book (台账设置); published rules settle none of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct BookRules {
    /// Reversals (退结算).
    pub reversal: Reversal,
    /// Late bills (补录).
    pub late: LateBill,
    /// Nothing discharged before this day is reversed (封账日).
    pub open_from: Option<Date>,
}

/// Why a movement was made (变动类型).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovementKind {
    /// A settlement (结算).
    Post,
    /// Its reversal (冲销).
    Mirror,
    /// A replay: what was posted is taken back, then posted anew (重算).
    Replay,
}

impl MovementKind {
    /// The word used in files (文件用词).
    pub const fn as_str(self) -> &'static str {
        match self {
            MovementKind::Post => "post",
            MovementKind::Mirror => "mirror",
            MovementKind::Replay => "replay",
        }
    }
}

/// One counter moved, in a book's own numbering.
#[derive(Clone, Copy, Debug)]
struct Move {
    /// [`AT_THE_HOSPITAL`] for the count of stays at the settlement's hospital.
    slot: Slot,
    before: i64,
    after: i64,
}

const AT_THE_HOSPITAL: Slot = Slot::MAX;

/// Movements of one settlement in one year.
#[derive(Clone, Debug)]
pub struct Posting {
    kind: MovementKind,
    year: i16,
    moves: Vec<Move>,
}

/// What one replayed settlement changes, by payer (差额凭证); it sums to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// The settlement.
    pub settlement: String,
    /// Payer and difference, `person` last; nothing for who pays the same.
    pub payers: Vec<(&'static str, Fen)>,
}

/// What became of a bill (结算结果).
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    /// The settlement id.
    pub id: &'a str,
    /// The person.
    pub person: &'a str,
    /// What it takes back.
    pub reverses: Option<&'a str>,
    /// One slip a record: a stay cut at the turn of the year has two.
    pub slips: Vec<(i16, Slip)>,
    pub(super) scales: Vec<Option<CiiScaleId>>,
    postings: Vec<(&'a str, &'a str, Posting)>,
    /// Settlements that were replayed, as they now stand.
    pub(super) replayed: Vec<Replayed<'a>>,
    /// What the replay of other settlements changed.
    pub vouchers: Vec<Voucher>,
}

/// A settlement that was replayed: id, slips by year, their scales.
pub type Replayed<'a> = (&'a str, Vec<(i16, Slip)>, Vec<Option<CiiScaleId>>);

/// A movement by its counter's name.
pub struct KeptMove {
    pub counter: Cow<'static, str>,
    pub of_family: bool,
    pub before: i64,
    pub after: i64,
}

/// Settlement, kind, year, movements: a posting as kept.
pub type KeptPosting = (String, String, i16, Vec<KeptMove>);

/// One year's slip as kept, with the scale it used.
pub type KeptSlip = (i16, Slip, Option<CiiScaleId>);

/// One movement with all its words, for lists.
#[derive(Clone, Debug)]
pub struct NamedMovement<'a> {
    /// The settlement whose amounts moved the counter.
    pub settlement: &'a str,
    /// Why.
    pub kind: MovementKind,
    /// Year of the counter.
    pub year: i16,
    /// The movement.
    pub movement: Movement,
}

impl<'a> Outcome<'a> {
    /// The movements, in the order they were made (累计变动).
    pub fn movements(&self, policy: &BenefitPolicy) -> Vec<NamedMovement<'a>> {
        let mut named = Vec::new();
        for (settlement, hospital, posting) in &self.postings {
            named.extend(posting.moves.iter().map(|moved| NamedMovement {
                settlement,
                kind: posting.kind,
                year: posting.year,
                movement: Movement {
                    counter: match policy.layout.names.get(moved.slot) {
                        Some(name) => Cow::Borrowed(name.as_str()),
                        None => Cow::Owned(format!("{AT_HOSPITAL}{hospital}")),
                    },
                    of_family: policy.layout.of_family.contains(&moved.slot),
                    before: moved.before,
                    after: moved.after,
                },
            }));
        }
        named
    }
}

impl<'a> Outcome<'a> {
    /// Movements by posting, for keeping.
    pub(super) fn kept_moves(
        &self,
        policy: &BenefitPolicy,
    ) -> Vec<(&'a str, MovementKind, i16, Vec<KeptMove>)> {
        let mut kept = Vec::new();
        for (settlement, hospital, posting) in &self.postings {
            let moves = posting.moves.iter().map(|moved| KeptMove {
                counter: match policy.layout.names.get(moved.slot) {
                    Some(name) => Cow::Borrowed(name.as_str()),
                    None => Cow::Owned(format!("{AT_HOSPITAL}{hospital}")),
                },
                of_family: policy.layout.of_family.contains(&moved.slot),
                before: moved.before,
                after: moved.after,
            });
            kept.push((*settlement, posting.kind, posting.year, moves.collect()));
        }
        kept
    }
}

/// A settled bill as it now stands.
#[derive(Clone, Debug)]
struct Settled<'a> {
    /// Its place in the year, with its id.
    key: BillKey<'a>,
    /// Place in the order of settlement.
    sequence: u64,
    reversed: bool,
    /// Whether it moved a counter that its family shares.
    moved_family: bool,
    /// Its years, with the scale that each used.
    scales: Vec<(i16, Option<CiiScaleId>)>,
    /// Kept where it may be taken back or replayed.
    whole: Option<Box<Whole<'a>>>,
}

/// All of a settled bill.
#[derive(Clone, Debug)]
struct Whole<'a> {
    bill: Bill<'a>,
    records: Vec<Record>,
}

impl<'a> Settled<'a> {
    fn id(&self) -> &'a str {
        self.key.2
    }

    fn set_records(&mut self, records: Vec<Record>, moved_family: bool) {
        self.moved_family = moved_family;
        self.scales = scales(&records);
        if let Some(whole) = &mut self.whole {
            whole.records = records;
        }
    }
}

fn scales(records: &[Record]) -> Vec<(i16, Option<CiiScaleId>)> {
    records.iter().map(|record| (record.year, record.scale)).collect()
}

/// One record of a settlement.
#[derive(Clone, Debug)]
struct Record {
    year: i16,
    slip: Slip,
    moves: Vec<Move>,
    scale: Option<CiiScaleId>,
}

#[derive(Clone, Debug, Default)]
struct PersonBook<'a> {
    years: Vec<(i16, YearToDate)>,
    settled: Vec<Settled<'a>>,
}

/// A settlement by its place in the book of its person.
type Place<'a> = (&'a str, usize);

/// Persons and a family as they were before a replay.
struct Kept<'a> {
    books: Vec<(&'a str, Option<PersonBook<'a>>)>,
    families: Vec<((&'a str, i16), YearToDate)>,
}

/// The settlements of some persons, whole families at a time (结算台账).
pub struct Book<'a> {
    policy: &'a BenefitPolicy,
    scheme: &'a str,
    persons: Option<&'a HashMap<String, InsuredPerson>>,
    rules: BookRules,
    sequence: u64,
    books: HashMap<&'a str, PersonBook<'a>>,
    /// Counters that a family shares.
    families: HashMap<(&'a str, i16), YearToDate>,
    /// Who of a family has claimed, where the policy has such counters.
    members: HashMap<&'a str, Vec<&'a str>>,
    /// The only settlements that will be taken back, where that is known.
    taken_back: Option<HashSet<&'a str>>,
    /// Counters before the bill at hand.
    before: YearToDate,
}

impl<'a> Book<'a> {
    /// An empty book (新台账). With `persons`, cover, plan, categories, status and age are theirs
    /// on the day; without, what the bill says.
    pub fn new(
        policy: &'a BenefitPolicy,
        persons: Option<&'a HashMap<String, InsuredPerson>>,
        rules: BookRules,
    ) -> Book<'a> {
        Book {
            scheme: policy.name().rsplit('/').next().unwrap_or_default(),
            policy,
            persons,
            rules,
            sequence: 0,
            books: HashMap::new(),
            families: HashMap::new(),
            members: HashMap::new(),
            taken_back: None,
            before: YearToDate::default(),
        }
    }

    /// Only these settlements will ever be taken back (将被冲销的结算): of the others a book then keeps
    /// their counters alone, and any other reversal is refused as one of a settlement it does not know.
    #[must_use]
    pub fn taking_back(self, settlements: HashSet<&'a str>) -> Book<'a> {
        Book {
            taken_back: Some(settlements),
            ..self
        }
    }

    fn may_come_again(&self, settlement: &str) -> bool {
        let taken_back = self.taken_back.as_ref();
        self.replays() || taken_back.is_none_or(|known| known.contains(settlement))
    }

    /// Settles a bill, or takes one back (结算/退结算).
    ///
    /// # Errors
    /// As [`share`](super::share); no cover or two on the day; a reversal that is no mirror, is
    /// the second, comes before later settlements or a closed day. The book then stays as it was.
    pub fn settle(&mut self, bill: Bill<'a>) -> Result<Outcome<'a>, ShareError> {
        let (person, family) = (bill.person, self.family_of(&bill));
        let kept = self.replays().then(|| self.keep(person, family));
        let outcome = match bill.reverses {
            Some(original) => self.reverse(&bill, original),
            None => self.post(bill),
        };
        if let (Err(_), Some(kept)) = (&outcome, kept) {
            self.put_back(family, kept);
        }
        outcome
    }

    fn replays(&self) -> bool {
        self.rules.reversal == Reversal::MirrorAndReplay || self.rules.late == LateBill::Replay
    }

    /// What a replay that fails half-way must leave as it was.
    fn keep(&self, person: &'a str, family: &'a str) -> Kept<'a> {
        let families = self.families.iter().filter(|((known, _), _)| *known == family);
        let persons = self.bound_together(person, family).into_iter();
        Kept {
            books: persons
                .map(|person| (person, self.books.get(person).cloned()))
                .collect(),
            families: families.map(|(key, state)| (*key, state.clone())).collect(),
        }
    }

    fn put_back(&mut self, family: &str, kept: Kept<'a>) {
        self.families.retain(|(known, _), _| *known != family);
        self.families.extend(kept.families);
        for (person, book) in kept.books {
            match book {
                Some(book) => self.books.insert(person, book),
                None => self.books.remove(person),
            };
        }
    }

    /// The family of a bill; of a reversal that does not say it, that of what it takes back.
    fn family_of(&self, bill: &Bill<'a>) -> &'a str {
        let Some(original) = bill.reverses.filter(|_| bill.family.is_empty()) else {
            return bill.family;
        };
        let place = self.place_of(&[bill.person], original);
        let whole = place.and_then(|place| self.whole(place));
        whole.map_or("", |whole| whole.bill.family)
    }

    /// The person, and where the family shares a counter everybody of it: what one of them claims
    /// moves what another one is paid later.
    fn bound_together(&self, person: &'a str, family: &'a str) -> Vec<&'a str> {
        let mut bound = vec![person];
        if !family.is_empty() && !self.policy.layout.of_family.is_empty() {
            let members = self.members.get(family).into_iter().flatten().copied();
            bound.extend(members.filter(|member| *member != person));
        }
        bound
    }

    fn belongs(&mut self, person: &'a str, family: &'a str) {
        if family.is_empty() || self.policy.layout.of_family.is_empty() {
            return;
        }
        let members = self.members.entry(family).or_default();
        if !members.contains(&person) {
            members.push(person);
        }
    }

    /// A counter of a person in a year (累计量), in fen or as a number.
    pub fn counter(&self, person: &str, year: i16, name: &str) -> i64 {
        let Some(slot) = self.policy.layout.find(name) else {
            return 0;
        };
        let years = self
            .books
            .get(person)
            .map_or(&[][..], |book| book.years.as_slice());
        let found = years.iter().find(|(known, _)| *known == year);
        found.map_or(0, |(_, state)| state.value(slot))
    }

    /// The counters of a person in a year, for explanations (年度累计).
    pub fn year_to_date(&self, bill: &Bill<'a>, year: i16) -> YearToDate {
        self.state(bill, year)
    }

    /// How the bill would be settled now, step by step (逐步说明).
    ///
    /// # Errors
    /// As [`Book::settle`].
    pub fn explain(&self, bill: &Bill<'a>) -> Result<Vec<Explanation>, ShareError> {
        let mut states: Vec<(i16, YearToDate)> = Vec::new();
        let mut explanations = Vec::new();
        for part in bill.parts(self.policy)? {
            let so_far = match states.last() {
                Some((year, state)) if *year == part.year => state.clone(),
                _ => self.state(bill, part.year),
            };
            let (part, standing) = self.covered(bill, &part)?;
            let policy = self.policy;
            explanations.push(bill.claim(&part, standing.as_ref(), |claim| explain(policy, claim, &so_far))?);
            let (_, after) = bill.claim(&part, standing.as_ref(), |claim| {
                settle(policy, claim, so_far, Quiet)
            })?;
            states.push((part.year, after));
        }
        Ok(explanations)
    }

    fn post(&mut self, bill: Bill<'a>) -> Result<Outcome<'a>, ShareError> {
        let settled = self
            .books
            .get(bill.person)
            .map_or(&[][..], |book| book.settled.as_slice());
        if settled.iter().any(|known| known.id() == bill.id) {
            return Err(ShareError::SettledBefore {
                settlement: bill.id.to_owned(),
            });
        }
        let mut outcome = outcome_of(&bill);
        let late = match self.rules.late {
            LateBill::AsArrived => Vec::new(),
            LateBill::Replay => {
                let bound = self.bound_together(bill.person, bill.family);
                self.live(&bound, |known| known.key > bill.key())
            }
        };
        self.unwind(&late, &mut outcome);
        let records = self.records(&bill)?;
        self.sequence += 1;
        let (id, person, family, hospital) = (bill.id, bill.person, bill.family, bill.hospital);
        let settled = self.settled(bill, &records);
        self.belongs(person, family);
        self.books.entry(person).or_default().settled.push(settled);
        for record in records {
            let Record {
                year,
                slip,
                moves,
                scale,
            } = record;
            let kind = MovementKind::Post;
            outcome.slips.push((year, slip));
            outcome.scales.push(scale);
            outcome
                .postings
                .push((id, hospital, Posting { kind, year, moves }));
        }
        self.rewind(&late, &mut outcome)?;
        Ok(outcome)
    }

    /// Settles every record of a bill on the counters as they stand, and moves these.
    fn records(&mut self, bill: &Bill<'a>) -> Result<Vec<Record>, ShareError> {
        let mut records: Vec<Record> = Vec::with_capacity(1);
        for part in bill.parts(self.policy)? {
            match self.record(bill, &part) {
                Ok(record) => records.push(record),
                Err(error) => {
                    // the records before it go back
                    for record in records.iter().rev() {
                        self.shift(bill, record.year, &turned(&record.moves), None);
                    }
                    return Err(error);
                }
            }
        }
        Ok(records)
    }

    /// Settles one record, and moves the counters; these stay where they were if it cannot be settled.
    fn record(&mut self, bill: &Bill<'a>, part: &Part) -> Result<Record, ShareError> {
        let (part, standing) = self.covered(bill, part)?;
        let state = self.state(bill, part.year);
        self.before.clone_from(&state);
        let policy = self.policy;
        let (slip, after) = bill.claim(&part, standing.as_ref(), |claim| {
            settle(policy, claim, state, Quiet)
        })?;
        let record = Record {
            year: part.year,
            slip,
            moves: moves(&self.before, &after, bill.hospital),
            scale: after.cii_scale,
        };
        self.put_state(bill, part.year, after);
        Ok(record)
    }

    /// The part of a bill that was covered, and what the person was then.
    fn covered(&self, bill: &Bill<'a>, part: &Part) -> Result<(Part, Option<Standing<'a>>), ShareError> {
        let Some(persons) = self.persons else {
            return Ok((*part, None));
        };
        let first = bill.admission.unwrap_or(part.discharge);
        let ended = persons
            .get(bill.person)
            .and_then(|person| person.ended_inside(self.scheme, first, part.discharge));
        let part = match ended {
            Some(last) => bill.covered_to(part, last)?,
            None => *part,
        };
        let standing = self.standing(persons, bill, &part)?;
        Ok((part, Some(standing)))
    }

    fn standing(
        &self,
        persons: &'a HashMap<String, InsuredPerson>,
        bill: &Bill<'a>,
        part: &Part,
    ) -> Result<Standing<'a>, ShareError> {
        let which = self
            .policy
            .dates
            .on(bill.discharge)
            .map(|period| period.value.person);
        let day = match which {
            Some(ParamDate::Admission) => bill.admission.unwrap_or(part.discharge),
            Some(ParamDate::Settlement) => bill.settlement.unwrap_or(part.discharge),
            _ => part.discharge,
        };
        let person = persons.get(bill.person).ok_or_else(|| ShareError::NoCoverage {
            person: bill.person.to_owned(),
            date: day,
            waiting_to: None,
        })?;
        person.standing(bill.person, self.scheme, day, part.discharge)
    }

    /// Counters of person and family in a year as they stand.
    fn state(&self, bill: &Bill<'a>, year: i16) -> YearToDate {
        let years = self
            .books
            .get(bill.person)
            .map_or(&[][..], |book| book.years.as_slice());
        let mut state = match years.iter().find(|(known, _)| *known == year) {
            Some((_, state)) => state.clone(),
            None => self.first_of_year(bill.person, years, year),
        };
        if !bill.family.is_empty() {
            let shared = self.families.get(&(bill.family, year));
            for slot in &self.policy.layout.of_family {
                state.set(*slot, shared.map_or(0, |shared| shared.value(*slot)));
            }
        }
        state
    }

    /// A year begins with what the last one leaves, or with what the person brought along.
    fn first_of_year(&self, person: &str, years: &[(i16, YearToDate)], year: i16) -> YearToDate {
        let earlier = years.iter().filter(|(known, _)| *known < year);
        if let Some((_, last)) = earlier.max_by_key(|(known, _)| *known) {
            return last.into_next_year();
        }
        let brought = self.persons.and_then(|persons| persons.get(person));
        YearToDate::with_quota(brought.map_or(Fen::ZERO, |person| person.quota_left))
    }

    /// Adds movements to the counters of person and family.
    fn shift(&mut self, bill: &Bill<'a>, year: i16, moves: &[Move], scale: Option<CiiScaleId>) {
        let mut state = self.state(bill, year);
        state.year = Some(year);
        for moved in moves {
            let delta = moved.after - moved.before;
            match moved.slot {
                AT_THE_HOSPITAL => state.add_admission_at(bill.hospital, delta),
                slot => state.set(slot, state.value(slot) + delta),
            }
        }
        state.cii_scale = scale.or(state.cii_scale);
        self.put_state(bill, year, state);
    }

    /// Where the counters of person and family now stand.
    fn put_state(&mut self, bill: &Bill<'a>, year: i16, state: YearToDate) {
        if !bill.family.is_empty() && !self.policy.layout.of_family.is_empty() {
            let shared = self.families.entry((bill.family, year)).or_default();
            for slot in &self.policy.layout.of_family {
                shared.set(*slot, state.value(*slot));
            }
        }
        let book = self.books.entry(bill.person).or_default();
        match book.years.iter_mut().find(|(known, _)| *known == year) {
            Some((_, known)) => *known = state,
            None => book.years.push((year, state)),
        }
    }

    /// Settlements of these persons that still stand, in the order of the year.
    fn live(&self, persons: &[&'a str], which: impl Fn(&Settled<'a>) -> bool) -> Vec<Place<'a>> {
        let mut found: Vec<(BillKey<'a>, Place<'a>)> = Vec::new();
        for person in persons {
            let settled = self.books.get(person).into_iter().flat_map(|book| &book.settled);
            let standing = settled.enumerate();
            let standing = standing.filter(|(_, known)| !known.reversed && which(known));
            found.extend(standing.map(|(index, known)| (known.key, (*person, index))));
        }
        found.sort_unstable();
        found.into_iter().map(|(_, place)| place).collect()
    }

    fn place_of(&self, persons: &[&'a str], id: &str) -> Option<Place<'a>> {
        persons.iter().find_map(|person| {
            let settled = &self.books.get(person)?.settled;
            Some((*person, settled.iter().position(|known| known.id() == id)?))
        })
    }

    fn settled_at(&self, (person, index): Place<'a>) -> Option<&Settled<'a>> {
        self.books.get(person).and_then(|book| book.settled.get(index))
    }

    fn settled_mut(&mut self, (person, index): Place<'a>) -> Option<&mut Settled<'a>> {
        let book = self.books.get_mut(person)?;
        book.settled.get_mut(index)
    }

    fn whole(&self, place: Place<'a>) -> Option<&Whole<'a>> {
        self.settled_at(place)?.whole.as_deref()
    }

    /// The last settlement as it is kept, whole where it may be taken back or replayed.
    fn settled(&self, bill: Bill<'a>, records: &[Record]) -> Settled<'a> {
        let is_whole = self.may_come_again(bill.id);
        Settled {
            key: bill.key(),
            sequence: self.sequence,
            reversed: false,
            moved_family: self.moved_family(records),
            scales: scales(records),
            whole: is_whole.then(|| {
                Box::new(Whole {
                    bill,
                    records: records.to_vec(),
                })
            }),
        }
    }

    fn moved_family(&self, records: &[Record]) -> bool {
        let of_family = &self.policy.layout.of_family;
        let mut moves = records.iter().flat_map(|record| &record.moves);
        !of_family.is_empty() && moves.any(|moved| of_family.contains(&moved.slot))
    }
}

/// Making a book again from what was kept.
impl<'a> Book<'a> {
    pub(super) fn put_again(
        &mut self,
        bill: Bill<'a>,
        slips: Vec<KeptSlip>,
        postings: Vec<KeptPosting>,
        replayed: Vec<(String, Vec<KeptSlip>)>,
    ) -> Result<(), String> {
        self.sequence += 1;
        self.belongs(bill.person, bill.family);
        let bound = self.bound_together(bill.person, self.family_of(&bill));
        let mut made: Vec<(String, i16, Vec<Move>)> = Vec::new();
        for (settlement, _, year, kept) in postings {
            let moves: Result<Vec<Move>, String> = kept.iter().map(|moved| self.move_of(moved)).collect();
            let moves = moves?;
            let moved = self.bill_of(&bound, &bill, &settlement);
            self.shift(&moved, year, &moves, None);
            made.push((settlement, year, moves));
        }
        for (id, slips) in replayed {
            let records = records_again(&made, &id, slips);
            let moved_family = self.moved_family(&records);
            let place = self.place_of(&bound, &id);
            if let Some(known) = place.and_then(|place| self.settled_mut(place)) {
                known.set_records(records, moved_family);
            }
        }
        match bill.reverses {
            Some(original) => {
                let place = self.place_of(&[bill.person], original);
                let known = place.and_then(|place| self.settled_mut(place));
                let known = known.ok_or_else(|| format!("`{original}` was reversed, but is not there"))?;
                known.reversed = true;
            }
            None => self.put_settled(bill, &made, slips),
        }
        for person in bound {
            self.scale_before(person, &[]);
        }
        Ok(())
    }

    fn put_settled(&mut self, bill: Bill<'a>, made: &[(String, i16, Vec<Move>)], slips: Vec<KeptSlip>) {
        let records = records_again(made, bill.id, slips);
        let person = bill.person;
        let settled = self.settled(bill, &records);
        self.books.entry(person).or_default().settled.push(settled);
    }

    /// The bill whose counters a posting moves: of a reversal, that of what it takes back.
    fn bill_of(&self, bound: &[&'a str], bill: &Bill<'a>, settlement: &str) -> Bill<'a> {
        let id = match bill.reverses {
            Some(original) if settlement == bill.id => original,
            _ => settlement,
        };
        let known = self.place_of(bound, id).and_then(|place| self.whole(place));
        match known {
            Some(known) => known.bill.clone(),
            // all that is asked of it is whose counters move
            None => Bill {
                person: self.place_of(bound, id).map_or(bill.person, |(person, _)| person),
                ..bill.clone()
            },
        }
    }

    fn move_of(&self, kept: &KeptMove) -> Result<Move, String> {
        let slot = match kept.counter.starts_with(AT_HOSPITAL) {
            true => Some(AT_THE_HOSPITAL),
            false => self.policy.layout.find(&kept.counter),
        };
        let slot = slot.ok_or_else(|| format!("`{}` is no counter of this policy", kept.counter))?;
        Ok(Move {
            slot,
            before: kept.before,
            after: kept.after,
        })
    }
}

/// The records of a settlement: its slips, and the last movements made for each.
fn records_again(made: &[(String, i16, Vec<Move>)], id: &str, slips: Vec<KeptSlip>) -> Vec<Record> {
    let moves_of = |year: i16| {
        let of = made
            .iter()
            .rev()
            .find(|(known, of, _)| known == id && *of == year);
        of.map_or_else(Vec::new, |(_, _, moves)| moves.clone())
    };
    let record = |(year, slip, scale)| Record {
        year,
        slip,
        moves: moves_of(year),
        scale,
    };
    slips.into_iter().map(record).collect()
}

/// Taking back, and replaying.
impl<'a> Book<'a> {
    fn reverse(&mut self, bill: &Bill<'a>, original: &'a str) -> Result<Outcome<'a>, ShareError> {
        let no_such = || ShareError::NoSuchSettlement {
            settlement: original.to_owned(),
        };
        let settled = &self.books.get(bill.person).ok_or_else(no_such)?.settled;
        let at = settled.iter().position(|known| known.id() == original);
        let at = at.ok_or_else(no_such)?;
        let known = settled.get(at).ok_or_else(no_such)?;
        let whole = known.whole.as_ref().ok_or_else(no_such)?;
        self.check_reversal(bill, &whole.bill, known.reversed)?;
        let (sequence, key, shared) = (known.sequence, known.key, known.moved_family);
        let bound = self.bound_together(bill.person, whole.bill.family);
        let years: Vec<i16> = known.scales.iter().map(|(year, _)| *year).collect();
        let replays = self.rules.reversal == Reversal::MirrorAndReplay;
        let own = bound.first().copied().unwrap_or_default();
        let comes_after = |other: &Settled<'a>| {
            let same_year = other.scales.iter().any(|(year, _)| years.contains(year));
            other.id() != original && same_year && (other.sequence > sequence || other.key > key)
        };
        let mut later = self.live(&bound, comes_after);
        // what another one of the family claimed stands on this one by a shared counter only
        later.retain(|place| {
            let touched = || self.settled_at(*place).is_some_and(|other| other.moved_family);
            place.0 == own || shared && (replays || touched())
        });
        if self.rules.reversal == Reversal::RefuseIfLater
            && let Some(first) = later.first()
        {
            let settled = self.settled_at(*first);
            return Err(ShareError::LaterClaimsExist {
                settlement: original.to_owned(),
                later: settled.map_or_else(String::new, |known| known.id().to_owned()),
            });
        }
        let mut outcome = outcome_of(bill);
        let replayed = if replays { later } else { Vec::new() };
        self.unwind(&replayed, &mut outcome);
        self.mirror(bill, at, &mut outcome);
        self.rewind(&replayed, &mut outcome)?;
        Ok(outcome)
    }

    fn check_reversal(&self, bill: &Bill<'a>, known: &Bill<'a>, reversed: bool) -> Result<(), ShareError> {
        let settlement = || known.id.to_owned();
        if reversed {
            return Err(ShareError::AlreadyReversed {
                settlement: settlement(),
            });
        }
        if let Some(open_from) = self.rules.open_from.filter(|day| known.discharge < *day) {
            return Err(ShareError::Locked {
                settlement: settlement(),
                open_from,
            });
        }
        let (fees, back) = (known.fees, bill.fees);
        let amounts = [
            ("total", known.total, bill.total),
            ("own", fees.own, back.own),
            ("over", fees.over, back.over),
            ("pre", fees.pre, back.pre),
            ("scope", fees.scope, back.scope),
        ];
        for (field, original, found) in amounts {
            if found != -original {
                return Err(ShareError::ReversalMismatch {
                    settlement: settlement(),
                    field,
                    expected: -original,
                    found,
                });
            }
        }
        Ok(())
    }

    /// The same counters and amounts, sign turned; never computed anew.
    fn mirror(&mut self, bill: &Bill<'a>, at: usize, outcome: &mut Outcome<'a>) {
        let Some(known) = self
            .books
            .get_mut(bill.person)
            .and_then(|book| book.settled.get_mut(at))
        else {
            return;
        };
        known.reversed = true;
        let Some(whole) = &known.whole else { return };
        let original = whole.bill.clone();
        let records: Vec<(i16, Slip, Vec<Move>)> = whole
            .records
            .iter()
            .map(|record| (record.year, record.slip.mirror(), turned(&record.moves)))
            .collect();
        for (year, slip, moves) in records {
            let posted = self.post_moves(&original, year, MovementKind::Mirror, &moves);
            outcome.postings.push((bill.id, original.hospital, posted));
            outcome.slips.push((year, slip));
        }
        self.scale_before(original.person, &[]);
    }

    /// Takes the movements of settlements off the counters, the last first.
    fn unwind(&mut self, which: &[Place<'a>], outcome: &mut Outcome<'a>) {
        for place in which.iter().rev() {
            let Some(whole) = self.whole(*place) else {
                continue;
            };
            let bill = whole.bill.clone();
            let records: Vec<(i16, Vec<Move>)> = whole
                .records
                .iter()
                .map(|record| (record.year, turned(&record.moves)))
                .collect();
            for (year, moves) in records.into_iter().rev() {
                let posted = self.post_moves(&bill, year, MovementKind::Replay, &moves);
                outcome.postings.push((bill.id, bill.hospital, posted));
            }
        }
        for (person, _) in which {
            self.scale_before(person, which);
        }
    }

    /// The scale last used is that of the last settlement that still stands, those aside that are replayed.
    fn scale_before(&mut self, person: &'a str, which: &[Place<'a>]) {
        let Some(book) = self.books.get_mut(person) else {
            return;
        };
        for (year, state) in &mut book.years {
            let before = book.settled.iter().enumerate();
            let before =
                before.filter(|(index, known)| !known.reversed && !which.contains(&(person, *index)));
            let scales = before.flat_map(|(_, known)| &known.scales);
            state.cii_scale = last_of_year(scales, *year);
        }
    }

    /// Settles them anew, the first first, and writes what changed.
    fn rewind(&mut self, which: &[Place<'a>], outcome: &mut Outcome<'a>) -> Result<(), ShareError> {
        for place in which {
            let Some(whole) = self.whole(*place) else {
                continue;
            };
            let bill = whole.bill.clone();
            let old = whole.records.clone();
            let records = self.records(&bill)?;
            for record in &records {
                outcome
                    .postings
                    .push((bill.id, bill.hospital, posting(MovementKind::Replay, record)));
            }
            outcome.vouchers.extend(voucher(bill.id, &old, &records));
            let slips = records.iter().map(|record| (record.year, record.slip.clone()));
            let scales = records.iter().map(|record| record.scale);
            outcome
                .replayed
                .push((bill.id, slips.collect(), scales.collect()));
            let moved_family = self.moved_family(&records);
            if let Some(known) = self.settled_mut(*place) {
                known.set_records(records, moved_family);
            }
        }
        Ok(())
    }

    /// Moves the counters, telling where they stood.
    fn post_moves(&mut self, bill: &Bill<'a>, year: i16, kind: MovementKind, moves: &[Move]) -> Posting {
        let state = self.state(bill, year);
        let placed = moves.iter().map(|moved| {
            let before = match moved.slot {
                AT_THE_HOSPITAL => state.admissions_at(bill.hospital),
                slot => state.value(slot),
            };
            Move {
                slot: moved.slot,
                before,
                after: before + (moved.after - moved.before),
            }
        });
        let moves: Vec<Move> = placed.collect();
        self.shift(bill, year, &moves, None);
        Posting { kind, year, moves }
    }
}

/// The last scale that a year used.
fn last_of_year<'s>(
    scales: impl DoubleEndedIterator<Item = &'s (i16, Option<CiiScaleId>)>,
    year: i16,
) -> Option<CiiScaleId> {
    let of_year = scales.filter(|(known, _)| *known == year);
    of_year.filter_map(|(_, scale)| *scale).next_back()
}

fn outcome_of<'a>(bill: &Bill<'a>) -> Outcome<'a> {
    Outcome {
        id: bill.id,
        person: bill.person,
        reverses: bill.reverses,
        slips: Vec::with_capacity(1),
        postings: Vec::with_capacity(1),
        vouchers: Vec::new(),
        scales: Vec::new(),
        replayed: Vec::new(),
    }
}

fn posting(kind: MovementKind, record: &Record) -> Posting {
    Posting {
        kind,
        year: record.year,
        moves: record.moves.clone(),
    }
}

fn turned(moves: &[Move]) -> Vec<Move> {
    let turn = |moved: &Move| Move {
        slot: moved.slot,
        before: moved.after,
        after: moved.before,
    };
    moves.iter().map(turn).collect()
}

/// What changed between two states of one year.
fn moves(before: &YearToDate, after: &YearToDate, hospital: &str) -> Vec<Move> {
    let values = after.values.iter().enumerate();
    let moved = values.filter_map(|(slot, value)| {
        let stood = before.value(slot);
        (stood != *value).then_some(Move {
            slot,
            before: stood,
            after: *value,
        })
    });
    let mut moves = Vec::with_capacity(moved.clone().count() + 1);
    moves.extend(moved);
    let (stood, stands) = (before.admissions_at(hospital), after.admissions_at(hospital));
    if stood != stands {
        moves.push(Move {
            slot: AT_THE_HOSPITAL,
            before: stood,
            after: stands,
        });
    }
    moves
}

/// By payer, new less old; nothing if nobody pays otherwise.
fn voucher(id: &str, old: &[Record], new: &[Record]) -> Option<Voucher> {
    let paid = |records: &[Record], payer| records.iter().map(|record| record.slip.fund(payer)).sum::<Fen>();
    let person = |records: &[Record]| records.iter().map(|record| record.slip.person).sum::<Fen>();
    let mut payers: Vec<(&'static str, Fen)> = Vec::new();
    for payer in Payer::ALL {
        payers.push((payer.as_str(), paid(new, payer) - paid(old, payer)));
    }
    payers.push(("person", person(new) - person(old)));
    payers.retain(|(_, difference)| *difference != Fen::ZERO);
    (!payers.is_empty()).then(|| Voucher {
        settlement: id.to_owned(),
        payers,
    })
}
