//! What a year's heads come to in money (筹资汇总), by district; every sum closes to the fen.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::finance::{
    BoundCheck, CoverPeriod, FinancePolicy, HeadSubsidy, Op, Structure, Verdict, average_at_least,
};
use super::heads::{Head, Matched, matched};
use super::person::PersonFile;
use crate::units::{Exact, Fen};

/// A refusal in words.
type Refusal<T> = Result<T, String>;

/// Heads by district, plan, period, terms and ground (参保人数).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadLine {
    /// Paid heads.
    pub paid: u64,
    /// Of these given back, since the person died before cover began.
    pub refunded: u64,
}

impl HeadLine {
    /// Heads that count.
    pub fn counted(&self) -> u64 {
        self.paid - self.refunded
    }
}

/// Fees by district, plan, period and terms (个人缴费).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeeLine {
    /// Heads that count.
    pub heads: u64,
    /// The fee of each.
    pub fee: Fen,
    /// Heads × fee.
    pub due: Fen,
    /// What the persons paid.
    pub paid: Fen,
    /// Enrolment subsidies that belong to these heads.
    pub subsidised: Fen,
    /// What others pay of what a subsidy leaves.
    pub rest: Fen,
    /// What is missing.
    pub short: Fen,
    /// What is too much.
    pub over: Fen,
}

impl FeeLine {
    /// `paid + subsidised + rest + short − over − due`: nothing, in any line.
    pub fn difference(&self) -> Fen {
        self.paid + self.subsidised + self.rest + self.short - self.over - self.due
    }

    fn add(&mut self, head: &Head<'_>) {
        let rest = head.rest().map_or(Fen::ZERO, |(_, amount)| amount);
        let off = head.payment.amount + head.granted() + rest - head.fee;
        self.heads += 1;
        self.fee = head.fee;
        self.due += head.fee;
        self.paid += head.payment.amount;
        self.subsidised += head.granted();
        self.rest += rest;
        match off.is_negative() {
            true => self.short += -off,
            false => self.over += off,
        }
    }
}

/// Enrolment subsidies by district, category and plan (参保资助).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantLine {
    /// Heads with a subsidy.
    pub heads: u64,
    /// Their sum.
    pub amount: Fen,
}

/// Who pays the fiscal subsidy (财政分担方).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Payer {
    /// 中央
    Central,
    /// 省
    Province,
    /// 市
    City,
    /// 县（区）
    County,
    /// 地方: province, city and county together, where the file does not say how they share
    Local,
    /// 各级财政: all together, where the file does not say what the centre pays
    AllLevels,
}

impl Payer {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Payer::Central => "central",
            Payer::Province => "province",
            Payer::City => "city",
            Payer::County => "county",
            Payer::Local => "local",
            Payer::AllLevels => "all_levels",
        }
    }
}

/// A payer's part of the fiscal subsidy (财政补助).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiscalLine {
    /// Who pays.
    pub payer: Payer,
    /// A head.
    pub per_head: Fen,
    /// Heads × that.
    pub amount: Fen,
}

/// A refund with its person (退费).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundLine {
    /// The insurer's number.
    pub person: String,
    /// District.
    pub place: String,
    /// The period.
    pub benefit: CoverPeriod,
    /// Day of payment.
    pub paid_on: Date,
    /// Day of death.
    pub died_on: Date,
    /// First day of cover.
    pub cover_begins: Date,
    /// To the person's heirs.
    pub person_amount: Fen,
    /// Subsidy returned.
    pub subsidy_amount: Fen,
}

/// One line of sources or uses (收支项).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomeLine {
    /// A source, or a use.
    pub is_source: bool,
    /// What it is.
    pub name: String,
    /// How much.
    pub amount: Fen,
}

/// One district's year (县区汇总).
#[derive(Clone, Debug, Default)]
pub struct PlaceTally {
    /// Distinct persons with a head that counts: heads of the fiscal subsidy and the premium.
    pub subsidy_heads: u64,
    /// By plan, period, student, ground.
    pub heads: BTreeMap<(String, CoverPeriod, bool, String), HeadLine>,
    /// By plan, period, student.
    pub fees: BTreeMap<(String, CoverPeriod, bool), FeeLine>,
    /// By category and plan.
    pub grants: BTreeMap<(String, String), GrantLine>,
    /// What others pay of what subsidies leave, by payer.
    pub rest: BTreeMap<String, Fen>,
    refunded: Fen,
    returned: Fen,
    paid_twice: Fen,
    unmatched: Fen,
}

/// A year's financing (筹资汇总).
#[derive(Clone, Debug)]
pub struct Tally<'p> {
    policy: &'p FinancePolicy,
    year: i16,
    /// By district.
    pub places: BTreeMap<String, PlaceTally>,
    /// What is given back, by person.
    pub refunds: Vec<RefundLine>,
}

/// The mean fee of a year of collection against its bound (平均缴费核对).
#[derive(Clone, Debug)]
pub struct AverageFee {
    /// The year of collection.
    pub collected: i16,
    /// Heads.
    pub heads: u64,
    /// The mean, exact.
    pub average: Exact,
    /// The bound as a check of the mean in whole fen, if there is one.
    pub check: Option<BoundCheck>,
}

/// Heads and rate of critical illness insurance (大病保险保费).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Premium {
    /// Heads.
    pub heads: u64,
    /// A head.
    pub rate: Fen,
    /// Heads × rate.
    pub amount: Fen,
    /// The rate of the year before, if it is on file.
    pub before: Option<Fen>,
}

impl<'p> Tally<'p> {
    /// An empty one.
    ///
    /// # Errors
    /// The policy has no fee or no fiscal subsidy of the year, or a premium of other years only.
    pub fn new(policy: &'p FinancePolicy, year: i16) -> Refusal<Tally<'p>> {
        policy.fiscal_of(year)?;
        policy.premium_of(year)?;
        Ok(Tally {
            policy,
            year,
            places: BTreeMap::new(),
            refunds: Vec::new(),
        })
    }

    /// Adds a person.
    ///
    /// # Errors
    /// The policy lacks a fee of a period that counts to the year.
    pub fn add(&mut self, person: &PersonFile) -> Refusal<()> {
        let matched = matched(self.policy, person, self.year)?;
        let ground = person
            .insured
            .as_ref()
            .map(|insured| insured.ground.as_str())
            .unwrap_or_default();
        for head in &matched.heads {
            let place = self.places.entry(head.payment.place.clone()).or_default();
            place.add(head, ground);
            if let (Some(refund), Some(died_on)) = (head.refund, person.died_on()) {
                self.refunds.push(RefundLine {
                    person: person.person.clone(),
                    place: head.payment.place.clone(),
                    benefit: head.payment.benefit,
                    paid_on: head.payment.paid_on,
                    died_on,
                    cover_begins: head.cover_begins,
                    person_amount: refund.person,
                    subsidy_amount: refund.subsidy,
                });
            }
        }
        if let Some(first) = matched.heads.iter().find(|head| head.refund.is_none()) {
            self.places
                .entry(first.payment.place.clone())
                .or_default()
                .subsidy_heads += 1;
        }
        self.add_rest(&matched);
        Ok(())
    }

    /// Money that belongs to no head.
    fn add_rest(&mut self, matched: &Matched<'_>) {
        for payment in &matched.paid_twice {
            self.places.entry(payment.place.clone()).or_default().paid_twice += payment.amount;
        }
        for subsidy in matched.unmatched.iter().chain(&matched.granted_twice) {
            self.places.entry(subsidy.place.clone()).or_default().unmatched += subsidy.amount;
        }
    }

    /// A head's fiscal subsidy by payer (财政补助分担).
    ///
    /// # Errors
    /// Sums out of range.
    pub fn per_head(&self) -> Refusal<Vec<(Payer, Fen)>> {
        let standard = self.policy.fiscal_of(self.year)?.value.standard;
        let Some(central) = self.policy.central_of(self.year) else {
            return Ok(vec![(Payer::AllLevels, standard)]);
        };
        let Some(local) = self.policy.local_of(self.year) else {
            let central = super::super::finance::central_subsidy(standard, &central.value);
            let central = central.map_err(|e| e.to_string())?;
            return Ok(vec![
                (Payer::Central, central),
                (Payer::Local, standard - central),
            ]);
        };
        let parts = HeadSubsidy::of(standard, &central.value, &local.value).map_err(|e| e.to_string())?;
        Ok(vec![
            (Payer::Central, parts.central),
            (Payer::Province, parts.province),
            (Payer::City, parts.city),
            (Payer::County, parts.county),
        ])
    }

    /// A district's fiscal subsidy by payer.
    ///
    /// # Errors
    /// Sums out of range.
    pub fn fiscal(&self, place: &PlaceTally) -> Refusal<Vec<FiscalLine>> {
        let lines = self.per_head()?.into_iter().map(|(payer, per_head)| {
            let amount = times(per_head, place.subsidy_heads)?;
            Ok(FiscalLine {
                payer,
                per_head,
                amount,
            })
        });
        lines.collect()
    }

    /// The premium of some heads; none where the file has no premiums at all.
    ///
    /// # Errors
    /// Sums out of range.
    pub fn premium(&self, heads: u64) -> Refusal<Option<Premium>> {
        let Some(premium) = self.policy.premium_of(self.year)? else {
            return Ok(None);
        };
        let (year, rate) = premium.value;
        let earlier = self.policy.premiums().iter().map(|premium| premium.value);
        let before = earlier
            .filter(|(other, _)| *other < year)
            .max_by_key(|(other, _)| *other);
        Ok(Some(Premium {
            heads,
            rate,
            amount: times(rate, heads)?,
            before: before.map(|(_, rate)| rate),
        }))
    }

    /// A district's sources and uses (收支平衡): the last line is their difference.
    ///
    /// # Errors
    /// Sums out of range.
    pub fn income(&self, place: &PlaceTally) -> Refusal<Vec<IncomeLine>> {
        let fees = |of: fn(&FeeLine) -> Fen| place.fees.values().map(of).sum::<Fen>();
        let line = |is_source, name: &str, amount| IncomeLine {
            is_source,
            name: name.to_owned(),
            amount,
        };
        let paid = fees(|fee| fee.paid) + place.refunded + place.paid_twice;
        let granted = fees(|fee| fee.subsidised) + place.returned + place.unmatched;
        let mut lines = vec![
            line(true, "personal_payments", paid),
            line(true, "enrolment_subsidies", granted),
        ];
        let rest = place.rest.iter();
        lines.extend(rest.map(|(payer, amount)| line(true, &format!("fees_paid_by_{payer}"), *amount)));
        let fiscal = self.fiscal(place)?;
        let fiscal_sum: Fen = fiscal.iter().map(|part| part.amount).sum();
        let named = |part: &FiscalLine| line(true, &format!("fiscal_{}", part.payer.as_str()), part.amount);
        lines.extend(fiscal.iter().map(named));
        let premium = self
            .premium(place.subsidy_heads)?
            .map_or(Fen::ZERO, |premium| premium.amount);
        let fund = fees(|fee| fee.due) - fees(|fee| fee.short) + fees(|fee| fee.over) + fiscal_sum - premium;
        lines.extend([
            line(false, "refunds_to_persons", place.refunded),
            line(false, "subsidies_returned", place.returned),
            line(false, "payments_to_give_back", place.paid_twice),
            line(false, "subsidies_without_head", place.unmatched),
            line(false, "cii_premium", premium),
            line(false, "basic_fund", fund),
        ]);
        Ok(lines)
    }

    /// The mean fee by year of collection, and its bound (平均缴费).
    ///
    /// # Errors
    /// Sums out of range.
    pub fn averages(&self) -> Refusal<Vec<AverageFee>> {
        let mut by_year: BTreeMap<i16, Vec<(Fen, u64)>> = BTreeMap::new();
        for place in self.places.values() {
            for ((_, period, student), line) in &place.fees {
                let collected = self.policy.fee_row(*period, *student)?.value.collected;
                if let Some(year) = collected.filter(|_| line.heads > 0) {
                    by_year.entry(year).or_default().push((line.fee, line.heads));
                }
            }
        }
        by_year
            .into_iter()
            .map(|(year, fees)| self.average(year, &fees))
            .collect()
    }

    fn average(&self, collected: i16, fees: &[(Fen, u64)]) -> Refusal<AverageFee> {
        let bound = self.policy.average_bound(collected);
        let than = bound.map_or(Fen::ZERO, |(than, _)| than);
        let (average, verdict) = average_at_least(fees, than).map_err(|e| e.to_string())?;
        let value = average.fen_half_away().map_err(|e| e.to_string())?;
        Ok(AverageFee {
            collected,
            heads: fees.iter().map(|(_, heads)| heads).sum(),
            average,
            check: bound.map(|(than, bound)| BoundCheck {
                rule: bound.value.rule.clone(),
                path: bound.value.path.as_str(),
                year: collected,
                of: "average".to_owned(),
                value,
                op: Op::AverageAtLeast,
                than,
                verdict,
                source: bound.source.clone(),
                place: bound.place.clone(),
            }),
        })
    }

    /// Bounds on values, and on means where heads are at hand; sorted by rule.
    ///
    /// # Errors
    /// Sums out of range.
    pub fn bounds(&self) -> Refusal<Vec<BoundCheck>> {
        let averages: Vec<BoundCheck> = self
            .averages()?
            .into_iter()
            .filter_map(|average| average.check)
            .collect();
        let has_mean = |check: &BoundCheck| {
            averages
                .iter()
                .any(|mean| (mean.path, mean.year) == (check.path, check.year))
        };
        let checks = self.policy.check_bounds().into_iter();
        let mut checks: Vec<BoundCheck> = checks
            .filter(|check| check.verdict != Verdict::NotCheckable || !has_mean(check))
            .collect();
        checks.extend(averages.iter().cloned());
        checks.sort_by(|a, b| (a.path, a.year, &a.of).cmp(&(b.path, b.year, &b.of)));
        Ok(checks)
    }

    /// Fee and subsidy by financing year, then as they are taken to grow (筹资结构与缴费规划).
    pub fn structure(&self) -> Vec<Structure> {
        let mut lines: Vec<Structure> = Vec::new();
        for fiscal in self.policy.fiscal_subsidies() {
            let year = fiscal.value.year;
            let fees = self.policy.fees().iter();
            let of_year = fees.filter(|fee| fee.value.collected == Some(year) && !fee.value.student);
            let least = of_year.flat_map(|fee| fee.value.by_plan.values()).min();
            lines.extend(least.map(|personal| Structure {
                year,
                personal: *personal,
                fiscal: fiscal.value.standard,
                projected: false,
            }));
        }
        lines.sort_by_key(|line| line.year);
        let (Some(projection), Some(mut last)) = (self.policy.projection(), lines.last().copied()) else {
            return lines;
        };
        for _ in 0..projection.value.years {
            last = Structure {
                year: last.year + 1,
                personal: last.personal + projection.value.personal_growth,
                fiscal: last.fiscal + projection.value.fiscal_growth,
                projected: true,
            };
            lines.push(last);
        }
        lines
    }
}

impl PlaceTally {
    fn add(&mut self, head: &Head<'_>, ground: &str) {
        let payment = head.payment;
        let of_fee = (payment.plan.clone(), payment.benefit, payment.student);
        let of_head = (
            payment.plan.clone(),
            payment.benefit,
            payment.student,
            ground.to_owned(),
        );
        let heads = self.heads.entry(of_head).or_default();
        heads.paid += 1;
        if let Some(refund) = head.refund {
            heads.refunded += 1;
            self.refunded += refund.person;
            self.returned += refund.subsidy;
            return;
        }
        self.fees.entry(of_fee).or_default().add(head);
        if let Some(subsidy) = head.subsidy {
            let grant = self
                .grants
                .entry((subsidy.category.clone(), payment.plan.clone()))
                .or_default();
            grant.heads += 1;
            grant.amount += subsidy.amount;
        }
        if let Some((payer, amount)) = head.rest() {
            *self.rest.entry(payer.to_owned()).or_default() += amount;
        }
    }
}

/// An amount a head, times heads.
fn times(amount: Fen, heads: u64) -> Refusal<Fen> {
    let product = amount.exact().mul(Exact::integer(i128::from(heads)));
    product.and_then(Exact::fen_half_away).map_err(|e| e.to_string())
}
