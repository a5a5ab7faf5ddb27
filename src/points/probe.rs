//! A case held against its group's row: the tests of the classification, and what each kind is
//! paid (病例分类与计价).

use super::document::Effective;
use super::file::{
    Approval, BaseIncludes, Compose, HighPay, NonlocalRule, Test, UnstablePay, ZeroBase, ZeroPay,
};
use super::file_money::FundFormula;
use super::file_stay::{DaysEdge, DaysThen, IncompletePay, IncompleteWhen, Newborn, OutPay};
use super::lookup::Asked;
use super::outlier::Priced;
use super::rules::Rules;
use super::rules_event::Effect;
use super::rules_money::FundRatio;
use super::rules_outlier::{Base, Blank, High, Ungrouped};
use super::rules_price::{Known, One, PoolRates, Rates, nonlocal_in};
use super::rules_stay::{DayCare, Gate};
use super::score::{Ending, Pay, PricingCase, ScoreError};
use super::weights::WEIGHT;
use super::{GroupWeight, Kind, Kinds, Mark, Marks, Payment, Weights};
use crate::units::{Exact, Fen, Points};

type Outcome<T> = Result<T, ScoreError>;

/// A case held against its group's row.
pub(super) struct Probe<'a> {
    rules: &'a Rules,
    weights: &'a Weights,
    case: &'a PricingCase<'a>,
    /// The group the case is paid by.
    group: Option<&'a str>,
    /// That group, where it is not the grouper's.
    pub(super) regrouped: Option<&'a str>,
    pub(super) row: Option<&'a GroupWeight>,
    /// Cost by the pack's basis.
    cost: Fen,
    /// Cost that ratios are taken of.
    pub(super) held: Fen,
    coefficient_assumed: bool,
    /// There when the group has a stable weight above zero.
    pub(super) priced: Option<Priced>,
}

impl<'a> Probe<'a> {
    pub(super) fn new(
        rules: &'a Rules,
        weights: &'a Weights,
        case: &'a PricingCase<'a>,
    ) -> Outcome<Probe<'a>> {
        let refunds = if rules.net_cost {
            case.facts.refunds
        } else {
            Fen::ZERO
        };
        let cost = case.cost + refunds;
        if cost.is_negative() || case.cost.is_negative() {
            return Err(ScoreError::NegativeCost);
        }
        let denied = if rules.outlier.net_of_denied {
            case.facts.denied
        } else {
            Fen::ZERO
        };
        let regrouped = regrouped(rules, case)?;
        let group = regrouped.or(own_group(rules, case)?);
        let mut probe = Probe {
            rules,
            weights,
            case,
            group,
            regrouped,
            row: group.and_then(|group| weights.get(group)),
            cost,
            held: cost - denied,
            coefficient_assumed: false,
            priced: None,
        };
        let weight = probe.usable();
        if let Some(weight) = weight.filter(|weight| *weight != Exact::ZERO) {
            probe.priced = Some(probe.price(weight)?);
        }
        Ok(probe)
    }

    /// The group's weight for this hospital, or its price in yuan where prices are listed.
    fn usable(&self) -> Option<Exact> {
        if let Known::Table(prices, nonlocal) = &self.rules.price.known {
            self.group?;
            let fen = prices.get(&self.asked_of_price(nonlocal).ok()?)?;
            return fen.div(Exact::integer(100)).ok();
        }
        let columns = &self.rules.weight.columns;
        let column = columns.iter().find(|(level, _)| *level == self.case.level);
        let column = match column {
            Some((_, name)) => name.as_str(),
            None if columns.is_empty() => WEIGHT,
            None => return None,
        };
        self.row?.usable(column)
    }

    /// The case as lookups ask for it.
    fn asked(&self) -> Asked<'a> {
        Asked {
            group: self.group.unwrap_or(""),
            hospital: self.case.hospital,
            level: self.case.level.as_str(),
            insurance: self.case.insurance(),
            month: self.case.facts.month,
            insured_place: if self.case.facts.insured_place.is_empty() {
                "local"
            } else {
                self.case.facts.insured_place
            },
            family: "",
            label: "",
        }
    }

    fn price(&mut self, printed: Exact) -> Outcome<Priced> {
        let weight = printed.div(self.rules.weight.catalogue_scale)?;
        let base_points = weight.mul(self.rules.price.scale)?;
        let own = self
            .group
            .and_then(|group| self.rules.groups.own_coefficient(group));
        let coefficient = match own {
            Some(own) => own,
            None => self.coefficient()?,
        };
        let auxiliary = match (&self.rules.auxiliary, self.group) {
            (Some(rule), Some(group)) => rule.coefficient(group, self.case.facts.auxiliary)?,
            _ => Exact::ONE,
        };
        let mut priced = Priced {
            weight,
            base_points,
            coefficient,
            auxiliary,
            outlier_base: None,
        };
        let base = self.outlier_base(&priced, own)?;
        priced.outlier_base = match (base == Exact::ZERO, self.rules.outlier.zero_base) {
            (false, _) => Some(base),
            (true, ZeroBase::Normal) => None,
            (true, ZeroBase::Error) => return Err(ScoreError::BaseZero),
        };
        Ok(priced)
    }

    /// What the cost is held against, with the factors the pack counts in.
    fn outlier_base(&self, priced: &Priced, own: Option<Exact>) -> Outcome<Exact> {
        let rule = &self.rules.outlier;
        let mut base = match &rule.base {
            Base::Standard => {
                let points = priced.base_points.mul(priced.coefficient)?;
                points.mul(self.point_price()?)?
            }
            Base::MeanPrice(prices) => {
                let price = prices.get(&self.asked());
                let price = price.ok_or_else(|| self.no_value("outlier.mean_price"))?;
                priced.base_points.mul(price)?
            }
            Base::Means(means) => {
                let asked = self.asked();
                let labels = self.case.facts.auxiliary.iter().map(|(family, label)| Asked {
                    family,
                    label,
                    ..asked
                });
                let mean = labels.chain([asked]).find_map(|asked| means.get(&asked));
                mean.ok_or_else(|| self.no_value("outlier.table"))?
            }
            Base::GroupMean => self.group_mean(priced.weight)?,
        };
        for included in &rule.base_includes {
            base = base.mul(match included {
                BaseIncludes::Aux => priced.auxiliary,
                BaseIncludes::OwnCoef => own.unwrap_or(Exact::ONE),
                BaseIncludes::Coef => priced.coefficient,
            })?;
        }
        Ok(base)
    }

    fn no_value(&self, key: &'static str) -> ScoreError {
        let asked = self.asked();
        let asked = format!(
            "group `{}`, hospital `{}`, level {}, insurance `{}`, month `{}`, insured place `{}`",
            asked.group, asked.hospital, asked.level, asked.insurance, asked.month, asked.insured_place
        );
        ScoreError::NoValue { key, asked }
    }

    /// The group's mean cost; a table that prints weights only gives it by the weight's own
    /// definition, weight × what a weight of one stands for.
    fn group_mean(&self, weight: Exact) -> Outcome<Exact> {
        match self.row.and_then(|row| row.mean_cost) {
            Some(mean) => Ok(mean.exact()),
            None => {
                let one = self.cost_of_one().ok_or(ScoreError::NoGroupMean)?;
                Ok(weight.mul(one)?)
            }
        }
    }

    /// The cost that a weight of one stands for, where it is known.
    fn cost_of_one(&self) -> Option<Exact> {
        match &self.rules.weight.one {
            One::CityMean => self.weights.city_mean().map(Fen::exact),
            One::Fen(fen) => Some(*fen),
            One::Group(group) => self.weights.get(group)?.mean_cost.map(Fen::exact),
        }
    }

    /// The hospital's coefficient: its factors, less those the group skips.
    fn coefficient(&mut self) -> Outcome<Exact> {
        let rule = &self.rules.coefficients;
        let (asked, level) = (self.asked(), self.case.level);
        let mut whole: Option<Exact> = None;
        for (kind, factor) in &rule.factors {
            if self.rules.groups.skip(asked.group, level, *kind) {
                continue;
            }
            let factor = match factor.get(&asked) {
                Some(factor) => factor,
                None if rule.one_if_missing => {
                    self.coefficient_assumed = true;
                    Exact::ONE
                }
                None => return Err(no_coefficient(kind.as_str(), &asked)),
            };
            whole = Some(match (whole, rule.compose) {
                (None, _) => factor,
                (Some(whole), Compose::Product) => whole.mul(factor)?,
                (Some(whole), Compose::BasePlusAddons) => whole.add(factor)?,
            });
        }
        Ok(whole.unwrap_or(Exact::ONE))
    }

    /// Marks that the case has before it is paid.
    pub(super) fn marks(&self) -> Marks {
        let mut marks = Marks::default();
        if self.coefficient_assumed {
            marks.insert(Mark::CoefficientAssumed);
        }
        if self.regrouped.is_some() {
            marks.insert(Mark::Regrouped);
        }
        marks
    }

    pub(super) fn classify(&self) -> Outcome<(Kind, Kinds)> {
        let mut first = self.excluded_by_event().map(|_| Kind::NotCovered);
        let mut reasons = Kinds::default();
        for test in &self.rules.classify {
            match (self.hit(*test)?, first) {
                (Some(kind), None) => first = Some(kind),
                (Some(kind), Some(_)) => reasons.insert(kind),
                (None, _) => {}
            }
        }
        Ok((first.unwrap_or(Kind::Normal), reasons))
    }

    fn hit(&self, test: Test) -> Outcome<Option<Kind>> {
        Ok(match test {
            Test::Scope => self.is_not_covered().then_some(Kind::NotCovered),
            Test::Days => self.stay_is_excluded()?.then_some(Kind::OutOfScope),
            // the group was changed before the row was looked up
            Test::Tcm => None,
            Test::BedDay => self.points_per_day().map(|_| Kind::BedDay),
            Test::DayCare => self.day_care().map(|_| Kind::DayCare),
            Test::Ungrouped => self.group.is_none().then_some(Kind::Ungrouped),
            Test::Unpriced => match (self.group, self.usable()) {
                (None, _) => None,
                (Some(_), None) => Some(Kind::Unstable),
                (Some(_), Some(weight)) => (weight == Exact::ZERO).then_some(Kind::ZeroScore),
            },
            Test::Incomplete => self.is_incomplete()?.then_some(Kind::Incomplete),
            Test::Outlier => match &self.priced {
                None => None,
                Some(priced) => priced.outlier_kind(&self.rules.outlier, self.held, self.is_dearest()?)?,
            },
        })
    }

    /// Whether the case is among the dearest, where the pack asks for that.
    fn is_dearest(&self) -> Outcome<bool> {
        if !matches!(self.rules.outlier.high, High::Top(_)) {
            return Ok(false);
        }
        self.case.facts.dearest.ok_or(ScoreError::NotKnown {
            key: "outlier.high",
            what: "its place among the other cases",
        })
    }

    /// What an event does to the case, if it is one of it.
    fn event(&self) -> Option<&'a Effect> {
        let event = self.rules.event(self.case.facts.day, self.group)?;
        Some(&event.what)
    }

    fn excluded_by_event(&self) -> Option<OutPay> {
        match self.event() {
            Some(Effect::Exclude(pay)) => Some(*pay),
            _ => None,
        }
    }

    fn is_not_covered(&self) -> bool {
        let by_list = self.rules.stay.out.as_ref().is_some_and(|out| {
            out.hospitals.contains(self.case.hospital) || out.insurance.contains(self.case.insurance())
        });
        by_list || self.case.facts.not_covered
    }

    fn stay_is_excluded(&self) -> Outcome<bool> {
        let Some(rule) = &self.rules.stay.days else {
            return Ok(false);
        };
        let stay = self
            .case
            .los_days
            .ok_or(ScoreError::NoStay)?
            .saturating_add(rule.more);
        Ok(rule.exclude.iter().any(|(edge, days)| match edge {
            DaysEdge::Below => stay < *days,
            DaysEdge::AtOrBelow => stay <= *days,
            DaysEdge::Above => stay > *days,
            DaysEdge::AtOrAbove => stay >= *days,
        }))
    }

    fn is_incomplete(&self) -> Outcome<bool> {
        let Some(rule) = &self.rules.stay.incomplete else {
            return Ok(false);
        };
        if rule.pay == IncompletePay::Off {
            return Ok(false);
        }
        let key = "scope.incomplete";
        let ending = self.case.facts.ending;
        let ending = ending.ok_or(ScoreError::NotKnown {
            key,
            what: "how the stay ended",
        })?;
        Ok(match ending {
            Ending::Completed => false,
            Ending::TransferOut => rule.when.contains(&IncompleteWhen::TransferOut),
            Ending::LeftEarly => rule.when.contains(&IncompleteWhen::LeftEarly),
            Ending::Death => match rule.death_hours {
                None => false,
                Some(limit) => {
                    let hours = self.case.facts.hours;
                    hours.ok_or(ScoreError::NotKnown {
                        key,
                        what: "the hours of a stay that ended in death",
                    })? <= limit
                }
            },
        })
    }

    fn points_per_day(&self) -> Option<Exact> {
        self.rules.stay.bed_day.as_ref()?.points.get(&self.asked())
    }

    /// The rule of day care, where it is another than that of any stay.
    fn day_care(&self) -> Option<&'a DayCare> {
        let rule = self.rules.stay.day_care.as_ref()?;
        let other = self.case.facts.day_care && !matches!(rule, DayCare::InDrg);
        other.then_some(rule)
    }

    /// What a kind is paid; marks what is to be reviewed.
    pub(super) fn pay(&self, kind: Kind, marks: &mut Marks) -> Outcome<Pay> {
        let by_mean = || self.cost_in_points(self.mean_per_point()?);
        let at_price = || self.cost_in_points(self.point_price()?);
        let rule = &self.rules.outlier;
        let pay = match (kind, &self.priced) {
            (Kind::NotCovered, _) => self.pay_not_covered(),
            (Kind::OutOfScope, _) => self.pay_excluded_stay()?,
            (Kind::BedDay, _) => self.pay_by_day()?,
            (Kind::ZeroScore, _) => self.pay_zero_score()?,
            (Kind::Ungrouped, _) => self.pay_ungrouped(marks)?,
            (Kind::DayCare, priced) => self.pay_day_care(priced.as_ref())?,
            (Kind::Incomplete, Some(priced)) => self.pay_incomplete(priced)?,
            (Kind::Low, Some(priced)) => priced.low(rule, self.held, by_mean, at_price)?,
            (Kind::High, Some(priced)) => self.pay_high(priced, marks)?,
            (Kind::Extreme, Some(priced)) => {
                if matches!(rule.extreme, Some((_, super::file::ExtremePay::Review))) {
                    marks.insert(Mark::Review);
                }
                priced.extreme(rule)?
            }
            (_, Some(priced)) => Pay::Points(priced.normal()?),
            (_, None) => match self.rules.unstable_pay {
                UnstablePay::ByItem => Pay::ByItem,
                UnstablePay::CostRatio => Pay::Points(by_mean()?),
            },
        };
        self.for_newborn(self.tilted(pay)?)
    }

    /// What traditional medicine gains in a group that asks for it.
    fn tilted(&self, pay: Pay) -> Outcome<Pay> {
        let gate = self.rules.stay.gate.as_ref();
        let keeps = |gate: &&Gate| {
            self.regrouped.is_none() && self.group.is_some_and(|g| gate.groups.contains_key(g))
        };
        let tilt = gate
            .filter(keeps)
            .and_then(|gate| gate.tilt.as_ref()?.get(&self.asked()));
        match (pay, tilt) {
            (Pay::Points(points), Some(tilt)) => Ok(Pay::Points(points.mul(Exact::ONE.add(tilt)?)?)),
            (pay, _) => Ok(pay),
        }
    }

    /// More than the standard may wait for a review.
    fn pay_high(&self, priced: &Priced, marks: &mut Marks) -> Outcome<Pay> {
        let rule = &self.rules.outlier;
        let waits = rule.approval == Approval::Review && !self.case.facts.approved;
        let adds = !matches!(rule.high_pay, HighPay::Standard | HighPay::ByItem);
        if adds && (waits || rule.high_pay == HighPay::Review) {
            marks.insert(Mark::Review);
            return Ok(Pay::Points(priced.normal()?));
        }
        priced.high(rule, self.held, || self.cost_in_points(self.mean_per_point()?))
    }

    fn for_newborn(&self, pay: Pay) -> Outcome<Pay> {
        let counts = self.case.facts.newborn && self.rules.stay.newborn == Newborn::Coef;
        match pay {
            Pay::Points(points) if counts => Ok(Pay::Points(points.mul(self.rules.stay.newborn_factor)?)),
            pay => Ok(pay),
        }
    }

    fn pay_not_covered(&self) -> Pay {
        let by_list = self.rules.stay.out.as_ref().map(|out| out.pay);
        match self.excluded_by_event().or(by_list) {
            Some(OutPay::ByItem) => Pay::ByItem,
            Some(OutPay::Zero) | None => Pay::Nothing,
        }
    }

    fn pay_excluded_stay(&self) -> Outcome<Pay> {
        match self.rules.stay.days.as_ref().map(|days| days.then) {
            Some(DaysThen::BedDay) => self.pay_by_day(),
            Some(DaysThen::ByItem) | None => Ok(Pay::ByItem),
        }
    }

    /// Daily points over the days of the stay; days behind the last phase have none.
    fn pay_by_day(&self) -> Outcome<Pay> {
        let rule = self.rules.stay.bed_day.as_ref();
        let (Some(rule), Some(daily)) = (rule, self.points_per_day()) else {
            return Err(self.no_value("bedday.table"));
        };
        let days = self.case.los_days.ok_or(ScoreError::NoStay)?;
        if rule.phases.is_empty() {
            return Ok(Pay::Points(daily.mul(Exact::integer(days.into()))?));
        }
        let mut sum = Exact::ZERO;
        let mut before = 0;
        for (to_day, factor) in &rule.phases {
            let counted = days.min(*to_day).saturating_sub(before);
            sum = sum.add(factor.mul(Exact::integer(counted.into()))?)?;
            before = *to_day;
        }
        Ok(Pay::Points(daily.mul(sum)?))
    }

    fn pay_day_care(&self, priced: Option<&Priced>) -> Outcome<Pay> {
        match (self.day_care(), priced) {
            (Some(DayCare::Share(share)), Some(priced)) => Ok(Pay::Points(priced.normal()?.mul(*share)?)),
            (Some(DayCare::Own(points)), _) => {
                let points = points.get(&self.asked());
                Ok(Pay::Points(points.ok_or_else(|| self.no_value("daycare.list"))?))
            }
            _ => Ok(Pay::ByItem),
        }
    }

    /// Cost over the group's mean, at most the base points; no coefficient.
    fn pay_incomplete(&self, priced: &Priced) -> Outcome<Pay> {
        Ok(match self.rules.stay.incomplete.as_ref().map(|rule| rule.pay) {
            Some(IncompletePay::ByItem) => Pay::ByItem,
            Some(IncompletePay::RatioCappedAtBase) => {
                let mean = self.group_mean(priced.weight)?;
                if mean == Exact::ZERO {
                    return Err(ScoreError::BaseZero);
                }
                let share = self.held.exact().div(mean)?.min(Exact::ONE);
                Pay::Points(priced.base_points.mul(share)?)
            }
            _ => Pay::Points(priced.normal()?),
        })
    }

    fn pay_zero_score(&self) -> Outcome<Pay> {
        match self.rules.zero_pay {
            ZeroPay::Actual => Ok(Pay::Actual),
            ZeroPay::Zero => Ok(Pay::Points(Exact::ZERO)),
            ZeroPay::Error => Err(ScoreError::ZeroScore),
        }
    }

    /// Without a group there are no base points, but points ÷ base is the same for every group:
    /// one over the cost of a point.
    fn pay_ungrouped(&self, marks: &mut Marks) -> Outcome<Pay> {
        let own = self.rules.blank.as_ref().and_then(Blank::own);
        let rule = own
            .filter(|_| self.case.facts.blank)
            .unwrap_or(&self.rules.ungrouped);
        let (factor, base) = match rule {
            Ungrouped::ByItem => return Ok(Pay::ByItem),
            Ungrouped::Actual => return Ok(Pay::Actual),
            Ungrouped::Zero => return Ok(Pay::Points(Exact::ZERO)),
            Ungrouped::Fixed(points) => return Ok(Pay::Points(*points)),
            Ungrouped::Return => {
                marks.insert(Mark::Returned);
                return Ok(Pay::Nothing);
            }
            Ungrouped::Ratio(factor, base) => (factor, base),
        };
        let per_point = match base {
            Base::Standard => self.point_price()?,
            Base::GroupMean => self.mean_per_point()?,
            Base::MeanPrice(prices) => {
                let price = prices.get(&self.asked());
                price.ok_or_else(|| self.no_value("outlier.mean_price"))?
            }
            Base::Means(means) => {
                let mean = means.get(&self.asked());
                let mean = mean.ok_or_else(|| self.no_value("outlier.table"))?;
                mean.div(self.rules.price.scale)?
            }
        };
        Ok(Pay::Points(self.cost_in_points(per_point)?.mul(*factor)?))
    }

    fn cost_in_points(&self, fen_per_point: Exact) -> Outcome<Exact> {
        Ok(self.held.exact().div(fen_per_point)?)
    }

    /// The cost that a weight of one stands for, per point.
    fn mean_per_point(&self) -> Outcome<Exact> {
        let one = self.cost_of_one().ok_or(ScoreError::NoCityMean)?;
        Ok(one.div(self.rules.price.scale)?)
    }

    /// The known price of a point, in fen.
    fn point_price(&self) -> Outcome<Exact> {
        let rates = match &self.rules.price.known {
            Known::Rates(rates) => rates,
            Known::Table(..) => return Ok(Exact::integer(100)),
            Known::Preset(prices, nonlocal) => {
                let price = prices.get(&self.asked_of_price(nonlocal)?);
                return price.ok_or_else(|| self.no_value("price.table"));
            }
            Known::Floating => return Err(no_rate("price.rate".to_owned())),
        };
        let rate = self.rate(rates)?;
        Ok(rate.div(self.rules.price.scale)?)
    }

    /// The case as a table of prices is asked for it: a person insured elsewhere by the rule of
    /// the month.
    fn asked_of_price(&self, nonlocal: &[(Effective, NonlocalRule)]) -> Outcome<Asked<'a>> {
        let asked = self.asked();
        if self.case.facts.insured_place.is_empty() {
            return Ok(asked);
        }
        let insured_place = match nonlocal_in(nonlocal, asked.month) {
            Some(NonlocalRule::Same) => "local",
            Some(NonlocalRule::ByInsuredPlace) => asked.insured_place,
            Some(NonlocalRule::Common) => "common",
            None => return Err(self.no_value("price.nonlocal")),
        };
        Ok(Asked {
            insured_place,
            ..asked
        })
    }

    /// The fixed rate of the case's pool and level.
    fn rate<'r>(&self, rates: &'r Rates) -> Outcome<&'r Exact> {
        let (pool, level) = (self.case.pool, self.case.level);
        match rates {
            Rates::One(rate) => Ok(rate),
            Rates::ByPool(pools) => match pools.get(pool).or_else(|| pools.get(self.case.insurance())) {
                None => Err(no_rate(format!("price.rate.{pool}"))),
                Some(PoolRates::One(rate)) => Ok(rate),
                Some(PoolRates::ByLevel(levels)) => levels
                    .get(&level)
                    .ok_or_else(|| no_rate(format!("price.rate.{pool}.{level}"))),
            },
        }
    }

    /// The fund's share of the standard by the pack's table, where it has one.
    pub(super) fn fund_ratio(&self) -> Outcome<Option<Exact>> {
        let money = &self.rules.money;
        match (&money.ratio, money.formula) {
            (Some(FundRatio::Table(ratios)), FundFormula::Ratio) => {
                let ratio = ratios.get(&self.asked());
                ratio.map(Some).ok_or_else(|| self.no_value("fund.table"))
            }
            _ => Ok(None),
        }
    }

    /// Rounds the points, once; a known price makes them a standard at the same time.
    pub(super) fn finish(&self, pay: Pay) -> Outcome<Finished> {
        let points = match pay {
            Pay::ByItem => return Ok(Finished::without_points(Payment::ByItem)),
            Pay::Actual => return Ok(Finished::without_points(Payment::Amount(self.cost))),
            Pay::Nothing => return Ok(Finished::without_points(Payment::Nothing)),
            Pay::Points(exact) => exact.points_half_away(self.rules.points_decimals)?,
        };
        let (price, is_known) = (self.price_of_a_point()?, self.rules.price.is_known());
        let payment = match price {
            None => Payment::Points(points),
            Some(price) => {
                let exact = points.exact()?.mul(price)?;
                match is_known {
                    true => Payment::Standard(exact),
                    false => Payment::Amount(exact.fen_half_away()?),
                }
            }
        };
        Ok(Finished {
            points: Some(points),
            price,
            payment,
        })
    }

    /// What a point is worth where an event froze it or the pack knows it; none where it floats.
    fn price_of_a_point(&self) -> Outcome<Option<Exact>> {
        match self.event() {
            Some(Effect::Freeze(price)) => Ok(Some(*price)),
            _ if self.rules.price.is_known() => self.point_price().map(Some),
            _ => Ok(None),
        }
    }
}

/// What a case comes to, rounded.
pub(super) struct Finished {
    pub(super) points: Option<Points>,
    /// What a point is worth, in fen, where that is known.
    pub(super) price: Option<Exact>,
    pub(super) payment: Payment,
}

impl Finished {
    const fn without_points(payment: Payment) -> Finished {
        Finished {
            points: None,
            price: None,
            payment,
        }
    }
}

/// The group the grouper gave, unless it is the blank one and that is paid as none.
fn own_group<'a>(rules: &Rules, case: &PricingCase<'a>) -> Outcome<Option<&'a str>> {
    if !case.facts.blank {
        return Ok(case.group);
    }
    let blank = rules.blank.as_ref().ok_or(ScoreError::NotSaid {
        key: "ungrouped.blank",
        what: "what the blank group is paid",
    })?;
    Ok(case.group.filter(|_| matches!(blank, Blank::Group)))
}

/// The group a case goes to because it has too little traditional medicine for its own.
fn regrouped<'a>(rules: &'a Rules, case: &PricingCase<'a>) -> Outcome<Option<&'a str>> {
    let (Some(gate), Some(group)) = (&rules.stay.gate, case.group) else {
        return Ok(None);
    };
    let Some(other) = gate.groups.get(group) else {
        return Ok(None);
    };
    let what = "the cost of traditional medicine and of all treatment";
    let (part, whole) = case.facts.traditional.ok_or(ScoreError::NotKnown {
        key: "tcm.gate",
        what,
    })?;
    let needed = gate.min_ratio.mul(whole.exact())?;
    let enough = whole > Fen::ZERO && part.exact().compare(needed).is_ge();
    Ok((!enough).then_some(other))
}

fn no_rate(key: String) -> ScoreError {
    ScoreError::NoRate { key }
}

fn no_coefficient(kind: &str, asked: &Asked) -> ScoreError {
    let name = match kind {
        "level" => asked.level.to_owned(),
        "hospital" | "incentive" => asked.hospital.to_owned(),
        _ => format!("{}.{}", asked.hospital, asked.group),
    };
    ScoreError::NoCoefficient {
        key: format!("coef.values.{kind}.{name}"),
    }
}
