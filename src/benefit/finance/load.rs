//! Reading a finance file and the files it extends (读取与叠加), and checking every row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use toml::Spanned;

use super::super::PolicyFile;
use super::super::chain::read_chain;
use super::super::literal::{Known, Lit, Share};
use super::bounds::{self, Bound, Op};
use super::file::{
    BoundRow, CentralRow, FeeRow, File, FiscalRow, GroundsRow, LocalRow, PremiumRow, ProjectionRow, Sourced,
    Standing, SubsidyRow, WaitingRow, Who, WindowRow, days,
};
use super::money::CentralShare;
use super::period::Span;
use super::policy::{
    EnrolSubsidy, Fee, FinanceDocument, FinancePolicy, Fiscal, Grant, LocalShare, Parameter, Projection,
    Waiting, Window,
};
use crate::diagnostics::{Error, Evidence, Place, Result, suggestion};
use crate::units::{Exact, Fen};

/// A refusal in words; the row it concerns is added by [`Desk::each`].
type Refusal<T> = std::result::Result<T, String>;

pub fn load(path: &Path) -> Result<FinancePolicy> {
    let read = read_chain(path)?;
    let desk = Desk::new(&read)?;
    let policy = desk.policy()?;
    policy.refuse_violated()?;
    Ok(policy)
}

/// What every check needs at hand.
struct Desk<'a> {
    /// The top file first.
    read: &'a [(PolicyFile, File)],
    top: &'a File,
    plans: Vec<String>,
    categories: Vec<String>,
    documents: Vec<FinanceDocument>,
}

impl<'a> Desk<'a> {
    fn new(read: &'a [(PolicyFile, File)]) -> Result<Desk<'a>> {
        let Some((_, top)) = read.first() else {
            return Err(Error::new("there is no file to read"));
        };
        let heads = || read.iter().map(|(_, file)| &file.file);
        let desk = Desk {
            read,
            top,
            plans: heads().find_map(|head| head.plans.clone()).unwrap_or_default(),
            categories: heads()
                .find_map(|head| head.categories.clone())
                .unwrap_or_default(),
            documents: documents(read)?,
        };
        Ok(desk)
    }

    fn policy(&self) -> Result<FinancePolicy> {
        let mut policy = self.without_rows()?;
        self.read_finance(&mut policy)?;
        self.read_enrolment(&mut policy)?;
        policy.bounds = self.each("bounds", |f| &f.bounds, bound_key, bound)?;
        policy.weakest = self.weakest(&policy);
        self.refuse_overlaps(&policy)?;
        self.refuse_years(&policy)?;
        Ok(policy)
    }

    fn without_rows(&self) -> Result<FinancePolicy> {
        let mut sections = self.read.iter().map(|(_, file)| &file.finance);
        let mut heads = self.read.iter().map(|(_, file)| &file.file);
        Ok(FinancePolicy {
            place: self.top.file.place.clone(),
            draft: heads.any(|head| head.status == Standing::Draft),
            weakest: Evidence::Official,
            checked_on: self.checked_on(),
            files: self.read.iter().rev().map(|(file, _)| file.clone()).collect(),
            documents: self.documents.clone(),
            plans: self.plans.clone(),
            categories: self.categories.clone(),
            academic: sections.find_map(|section| section.academic_year_counts),
            fees: Vec::new(),
            fiscal: Vec::new(),
            central: Vec::new(),
            local: Vec::new(),
            subsidies: Vec::new(),
            premiums: Vec::new(),
            projection: self.projection()?,
            windows: Vec::new(),
            waiting: Vec::new(),
            grounds: Vec::new(),
            bounds: Vec::new(),
        })
    }

    fn checked_on(&self) -> Date {
        let days = self.read.iter().map(|(_, file)| file.file.checked_on.0);
        days.min().unwrap_or(self.top.file.checked_on.0)
    }

    fn read_finance(&self, policy: &mut FinancePolicy) -> Result<()> {
        let mut heads = self.read.iter().map(|(_, file)| &file.file);
        let mut sections = self.read.iter().map(|(_, file)| &file.finance);
        let region = heads.find_map(|head| head.region.as_ref());
        let reading = sections.find_map(|section| section.central_reading.as_ref());
        let of_place = |row: &CentralRow| (Some(&row.region), Some(&row.reading)) == (region, reading);
        let fee = |row: &FeeRow| self.fee(row);
        let subsidy = |row: &SubsidyRow| self.subsidy(row);
        policy.fees = self.each("finance.personal_fee", |f| &f.finance.personal_fee, fee_key, fee)?;
        let (rows, key) = (
            |f: &'a File| &f.finance.fiscal_subsidy,
            |r: &FiscalRow| r.year.to_string(),
        );
        policy.fiscal = self.each("finance.fiscal_subsidy", rows, key, fiscal)?;
        let rows = |f: &'a File| &f.finance.central_share;
        policy.central = self.some("finance.central_share", rows, central_key, of_place, central)?;
        let (rows, key) = (
            |f: &'a File| &f.finance.local_share,
            |r: &LocalRow| r.from_year.to_string(),
        );
        policy.local = self.each("finance.local_share", rows, key, local)?;
        let rows = |f: &'a File| &f.finance.enrol_subsidy;
        policy.subsidies = self.each("finance.enrol_subsidy", rows, subsidy_key, subsidy)?;
        let (rows, key) = (
            |f: &'a File| &f.finance.cii_premium,
            |r: &PremiumRow| r.year.to_string(),
        );
        policy.premiums = self.each("finance.cii_premium", rows, key, premium)?;
        Ok(())
    }

    fn read_enrolment(&self, policy: &mut FinancePolicy) -> Result<()> {
        let waiting = |row: &WaitingRow| self.waiting(row);
        policy.windows = self.each("enrolment.window", |f| &f.enrolment.window, window_key, window)?;
        let (rows, key) = (
            |f: &'a File| &f.enrolment.waiting,
            |r: &WaitingRow| r.from.0.to_string(),
        );
        policy.waiting = self.each("enrolment.waiting", rows, key, waiting)?;
        let (rows, key) = (
            |f: &'a File| &f.enrolment.grounds,
            |r: &GroundsRow| r.from.0.to_string(),
        );
        policy.grounds = self.each("enrolment.grounds", rows, key, grounds)?;
        nearest_only(&mut policy.waiting);
        nearest_only(&mut policy.grounds);
        Ok(())
    }

    /// The rows of all files, resolved; a nearer file's row takes the place of one with its key.
    fn each<R: Sourced + 'a, T>(
        &self,
        path: &str,
        rows: impl Fn(&'a File) -> &'a Vec<Spanned<R>>,
        key: impl Fn(&R) -> String,
        convert: impl Fn(&R) -> Refusal<T>,
    ) -> Result<Vec<Parameter<T>>> {
        self.some(path, rows, key, |_| true, convert)
    }

    /// As [`Desk::each`], of the rows that concern this place.
    fn some<R: Sourced + 'a, T>(
        &self,
        path: &str,
        rows: impl Fn(&'a File) -> &'a Vec<Spanned<R>>,
        key: impl Fn(&R) -> String,
        concerns: impl Fn(&R) -> bool,
        convert: impl Fn(&R) -> Refusal<T>,
    ) -> Result<Vec<Parameter<T>>> {
        let mut kept = Vec::new();
        let mut nearer: BTreeSet<String> = BTreeSet::new();
        let mut errors = Vec::new();
        for (file, content) in self.read {
            let mut here = BTreeSet::new();
            for row in rows(content) {
                let place = Place::file(&file.path).of_offset(&file.text, row.span().start);
                let row = row.get_ref();
                let key = key(row);
                let mut fail = |message: String| {
                    errors.push(Error::at(place.clone(), format!("`{path}`: {message}")));
                };
                if !here.insert(key.clone()) {
                    fail(format!("a second row of {key}"));
                    continue;
                }
                let source = self.source(row);
                match source.and_then(|source| Ok((source, convert(row)?))) {
                    Err(message) => fail(message),
                    Ok((source, value)) if !nearer.contains(&key) && concerns(row) => {
                        kept.push(Parameter { value, source, place });
                    }
                    Ok(_) => {}
                }
            }
            nearer.extend(here);
        }
        Error::all(errors)?;
        Ok(kept)
    }

    /// The source of a row, if its documents are listed and its evidence is strong enough.
    fn source<R: Sourced>(&self, row: &R) -> Refusal<super::super::Source> {
        let source = row.source();
        let known = || self.documents.iter().map(|document| document.id.as_str());
        if let Some(id) = source
            .doc
            .iter()
            .find(|id| !known().any(|known| known == id.as_str()))
        {
            return Err(format!(
                "no document has the id `{id}`{}",
                suggestion(id, known())
            ));
        }
        if source.evidence < Evidence::Assumption && source.doc.is_empty() {
            let evidence = source.evidence.as_str();
            return Err(format!("evidence `{evidence}` must name its `doc`"));
        }
        if self.top.file.status == Standing::Final && source.evidence > Evidence::Local {
            let evidence = source.evidence.as_str();
            return Err(format!(
                "evidence `{evidence}` is too weak for a file whose status is `final`"
            ));
        }
        Ok(source)
    }

    fn fee(&self, row: &FeeRow) -> Refusal<Fee> {
        let collected = match (row.collected, row.collect_from) {
            (Some(year), Some(day)) if day.0.year() != year => {
                return Err(format!("`collected` is {year}, but `collect_from` is {}", day.0));
            }
            (year, day) => year.or(day.map(|day| day.0.year())),
        };
        Ok(Fee {
            benefit: row.benefit,
            student: row.who == Some(Who::Student),
            collected,
            op: row.op.unwrap_or(Op::Equals),
            by_plan: self.by_plan(row.value.as_ref(), row.table.as_ref())?,
        })
    }

    /// One amount for every plan, or one for each.
    fn by_plan(
        &self,
        value: Option<&Lit<Fen>>,
        table: Option<&BTreeMap<String, Lit<Fen>>>,
    ) -> Refusal<BTreeMap<String, Fen>> {
        let table = match (value, table) {
            (Some(value), None) if self.plans.is_empty() => {
                return Ok(BTreeMap::from([(String::new(), value.0)]));
            }
            (Some(value), None) => {
                return Ok(self.plans.iter().map(|plan| (plan.clone(), value.0)).collect());
            }
            (None, Some(table)) => table,
            _ => return Err("write exactly one of `value` and `table`".to_owned()),
        };
        let plans = || self.plans.iter().map(String::as_str);
        if let Some(unknown) = table.keys().find(|key| !self.plans.contains(key)) {
            let hint = suggestion(unknown, plans());
            return Err(format!("`{unknown}` is no plan of this file{hint}"));
        }
        if let Some(missing) = plans().find(|plan| !table.contains_key(*plan)) {
            return Err(format!("the table has no entry for plan `{missing}`"));
        }
        Ok(table
            .iter()
            .map(|(plan, amount)| (plan.clone(), amount.0))
            .collect())
    }

    fn subsidy(&self, row: &SubsidyRow) -> Refusal<EnrolSubsidy> {
        self.known_categories(&row.categories)?;
        let grant = match (&row.of_plan, &row.ratio) {
            (Some(plan), Some(Lit(Share(ratio)))) if row.value.is_none() && row.table.is_none() => {
                if !self.plans.contains(plan) {
                    let hint = suggestion(plan, self.plans.iter().map(String::as_str));
                    return Err(format!("`of_plan`: `{plan}` is no plan of this file{hint}"));
                }
                Grant::OfPlan {
                    plan: plan.clone(),
                    ratio: *ratio,
                }
            }
            (None, None) => Grant::Amounts(self.by_plan(row.value.as_ref(), row.table.as_ref())?),
            _ => return Err("write `value`, `table`, or `of_plan` with `ratio`".to_owned()),
        };
        Ok(EnrolSubsidy {
            benefit: row.benefit,
            categories: row.categories.clone(),
            grant,
            rest: row.rest.clone(),
        })
    }

    fn known_categories(&self, written: &[String]) -> Refusal<()> {
        let known = || self.categories.iter().map(String::as_str);
        match written.iter().find(|word| !self.categories.contains(word)) {
            Some(word) => Err(format!(
                "`{word}` is no category of this file{}",
                suggestion(word, known())
            )),
            None => Ok(()),
        }
    }

    fn waiting(&self, row: &WaitingRow) -> Refusal<Waiting> {
        self.known_categories(&row.categories)?;
        Ok(Waiting {
            days: not_reversed(days(row.from, row.to))?,
            length: match row.value.0 {
                Known::Value(length) => Some(length),
                Known::Unknown => None,
            },
            employee_grace: row.employee_grace.0,
            newborn: row.newborn.0,
            categories: row.categories.clone(),
        })
    }

    fn projection(&self) -> Result<Option<Parameter<Projection>>> {
        for (file, content) in self.read {
            let Some(row) = &content.finance.projection else {
                continue;
            };
            let place = Place::file(&file.path).of_offset(&file.text, row.span().start);
            let ProjectionRow {
                years,
                personal_growth,
                fiscal_growth,
                ..
            } = row.get_ref();
            let refused =
                |message: String| Error::at(place.clone(), format!("`finance.projection`: {message}"));
            if !(1..=10).contains(years) {
                return Err(refused(format!("`years` is {years}; expected 1 to 10")));
            }
            let source = self.source(row.get_ref()).map_err(refused)?;
            let value = Projection {
                years: *years,
                personal_growth: personal_growth.0,
                fiscal_growth: fiscal_growth.0,
            };
            return Ok(Some(Parameter { value, source, place }));
        }
        Ok(None)
    }

    /// Two rules in force on one day.
    fn refuse_overlaps(&self, policy: &FinancePolicy) -> Result<()> {
        let waiting: Vec<_> = policy.waiting.iter().map(|w| (w.value.days, &w.place)).collect();
        let grounds: Vec<_> = policy.grounds.iter().map(|g| (g.value.0, &g.place)).collect();
        for (path, rows) in [("enrolment.waiting", waiting), ("enrolment.grounds", grounds)] {
            for (index, (days, place)) in rows.iter().enumerate() {
                let earlier = rows
                    .iter()
                    .take(index)
                    .find(|(other, _)| other.common(*days).is_some());
                if let Some((other, _)) = earlier {
                    let message = format!("`{path}`: the row {days} overlaps the row {other}");
                    return Err(Error::at((*place).clone(), message));
                }
            }
        }
        Ok(())
    }

    /// An academic year on file needs to know which year it counts to.
    fn refuse_years(&self, policy: &FinancePolicy) -> Result<()> {
        Error::all(policy.fees.iter().filter_map(|fee| {
            let refused = policy.year_of(fee.value.benefit).err()?;
            Some(Error::at(fee.place.clone(), refused))
        }))
    }

    fn weakest(&self, policy: &FinancePolicy) -> Evidence {
        let all = [
            policy.fees.iter().map(|p| p.source.evidence).max(),
            policy.fiscal.iter().map(|p| p.source.evidence).max(),
            policy.central.iter().map(|p| p.source.evidence).max(),
            policy.local.iter().map(|p| p.source.evidence).max(),
            policy.subsidies.iter().map(|p| p.source.evidence).max(),
            policy.premiums.iter().map(|p| p.source.evidence).max(),
            policy.windows.iter().map(|p| p.source.evidence).max(),
            policy.waiting.iter().map(|p| p.source.evidence).max(),
            policy.grounds.iter().map(|p| p.source.evidence).max(),
        ];
        all.into_iter().flatten().max().unwrap_or(Evidence::Official)
    }
}

/// A place that has rules of its own has them alone: what a farther file says gives way whole.
fn nearest_only<T>(rows: &mut Vec<Parameter<T>>) {
    let nearest = rows.first().map(|row| row.place.file.clone());
    rows.retain(|row| Some(&row.place.file) == nearest.as_ref());
}

/// Documents of all files; a nearer file may say more of one, by its id.
fn documents(read: &[(PolicyFile, File)]) -> Result<Vec<FinanceDocument>> {
    let mut documents: Vec<FinanceDocument> = Vec::new();
    for (file, content) in read {
        let mut here = BTreeSet::new();
        for document in &content.doc {
            if !here.insert(document.id.as_str()) {
                let message = format!("`doc`: the id `{}` names two documents", document.id);
                return Err(Error::at(Place::file(&file.path), message));
            }
            if documents.iter().any(|known| known.id == document.id) {
                continue;
            }
            documents.push(FinanceDocument {
                id: document.id.clone(),
                name: document.name(),
                dated: document.dated.map(|day| day.0),
            });
        }
    }
    Ok(documents)
}

fn fiscal(row: &FiscalRow) -> Refusal<Fiscal> {
    Ok(Fiscal {
        year: row.year,
        op: row.op.unwrap_or(Op::Equals),
        standard: row.value.0,
    })
}

fn premium(row: &PremiumRow) -> Refusal<(i16, Fen)> {
    Ok((row.year, row.value.0))
}

fn central_key(row: &CentralRow) -> String {
    format!("{} {} {}", row.region, row.reading, row.from_year)
}

fn fee_key(row: &FeeRow) -> String {
    let who = if row.who.is_some() { " for students" } else { "" };
    format!("{}{who}", row.benefit)
}

fn subsidy_key(row: &SubsidyRow) -> String {
    format!("{} {}", row.benefit, row.categories.join("|"))
}

fn window_key(row: &WindowRow) -> String {
    let who = if row.who.is_some() { " for students" } else { "" };
    format!("{}{who}", row.benefit)
}

fn bound_key(row: &BoundRow) -> String {
    format!("{} {:?} {:?}", row.path, row.op, row.than)
}

fn not_reversed(span: Span) -> Refusal<Span> {
    match span.to < span.from {
        true => Err(format!("the row ends before it begins: {span}")),
        false => Ok(span),
    }
}

fn window(row: &WindowRow) -> Refusal<Window> {
    Ok(Window {
        benefit: row.benefit,
        student: row.who.is_some(),
        days: not_reversed(days(row.from, Some(row.to)))?,
    })
}

fn grounds(row: &GroundsRow) -> Refusal<(Span, Vec<String>)> {
    Ok((not_reversed(days(row.from, row.to))?, row.value.clone()))
}

fn central(row: &CentralRow) -> Refusal<CentralShare> {
    Ok(CentralShare {
        from_year: row.from_year,
        to_year: row.to_year,
        base: row.base.0,
        old_share: row.old_share.0.0,
        share: row.share.0.0,
    })
}

fn local(row: &LocalRow) -> Refusal<LocalShare> {
    let (province, city) = (row.province.0.0, row.city.0.0);
    let sum = province.add(city).map_err(|e| e.to_string())?;
    if sum.compare(Exact::ONE).is_gt() {
        return Err("`province` and `city` together are above 100%".to_owned());
    }
    Ok(LocalShare {
        from_year: row.from_year,
        to_year: row.to_year,
        province,
        city,
    })
}

fn bound(row: &BoundRow) -> Refusal<Bound> {
    let needs_tolerance = matches!(&row.op, super::file::ByYear::All(Op::About));
    if needs_tolerance != row.tolerance.is_some() {
        return Err("`tolerance` is written with `about`, and only with it".to_owned());
    }
    let needs_than = !matches!(&row.op, super::file::ByYear::All(Op::NeverFalls));
    if needs_than != row.than.is_some() {
        return Err("`than` is written with every `op` but `never_falls`".to_owned());
    }
    Ok(Bound {
        rule: row.rule.clone(),
        path: bounds::Path::parse(&row.path)?,
        op: row.op.clone(),
        than: row.than.clone(),
        tolerance: row.tolerance.as_ref().map(|tolerance| tolerance.0),
    })
}
