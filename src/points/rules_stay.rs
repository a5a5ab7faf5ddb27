//! Rules about stays (住院情形规则): out of scope, length, incomplete treatment, bed days, day care,
//! traditional medicine, readmission.

use hashbrown::{HashMap, HashSet};

use super::file::{BedDayMethod, DayCareMethod, PackFile};
use super::file_stay::{
    BedDayBy, CutHow, DayCareMode, DaysCount, DaysEdge, DaysThen, IncompletePay, IncompleteWhen, Newborn,
    OutPay, ReadmitTable, ReadmitWithin, TransferMode,
};
use super::lookup::{Key, Lookup, Unit, list};
use super::pack::Places;
use super::readmission::Readmission;
use super::rules::{lookup, missing, not_negative, share, together};
use super::transfer::Transfer;
use crate::diagnostics::Result;
use crate::units::Exact;

/// Everything that depends on the stay rather than on its group.
#[derive(Clone, Debug)]
pub(crate) struct StayRules {
    pub(super) out: Option<OutOfScope>,
    pub(super) days: Option<Days>,
    pub(super) incomplete: Option<Incomplete>,
    pub(super) newborn: Newborn,
    /// The newborn's factor, where it has one.
    pub(super) newborn_factor: Exact,
    pub(super) bed_day: Option<BedDay>,
    pub(super) day_care: Option<DayCare>,
    pub(super) gate: Option<Gate>,
    pub(crate) readmission: Option<Readmission>,
    pub(crate) transfer: Option<Transfer>,
}

/// Cases outside this payment.
#[derive(Clone, Debug)]
pub(super) struct OutOfScope {
    pub(super) pay: OutPay,
    pub(super) hospitals: HashSet<String>,
    pub(super) insurance: HashSet<String>,
}

/// Stays too short or too long.
#[derive(Clone, Debug)]
pub(super) struct Days {
    /// Days added to discharge minus admission.
    pub(super) more: u32,
    pub(super) exclude: Vec<(DaysEdge, u32)>,
    pub(super) then: DaysThen,
}

/// Stays whose treatment was not completed.
#[derive(Clone, Debug)]
pub(super) struct Incomplete {
    pub(super) when: Vec<IncompleteWhen>,
    pub(super) death_hours: Option<u32>,
    pub(super) pay: IncompletePay,
}

/// Points by the day.
#[derive(Clone, Debug)]
pub(super) struct BedDay {
    pub(super) points: Lookup,
    /// Last day and factor of each phase; none: every day counts alike.
    pub(super) phases: Vec<(u32, Exact)>,
}

/// Day care.
#[derive(Clone, Debug)]
pub(super) enum DayCare {
    /// As any stay.
    InDrg,
    /// A share of the inpatient points.
    Share(Exact),
    /// Points of its own by group.
    Own(Lookup),
    /// What was paid by items.
    ByItem,
}

/// Groups that ask for a share of traditional medicine, and the group a case goes to without it.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) min_ratio: Exact,
    pub(super) groups: HashMap<String, String>,
    /// What cases that keep their group gain: a share of their points.
    pub(super) tilt: Option<Lookup>,
}

impl StayRules {
    pub(super) fn of(file: &PackFile, at: &Places) -> Result<StayRules> {
        let scope = file.scope.as_ref();
        let newborn = scope.and_then(|s| s.newborn).unwrap_or(Newborn::Separate);
        let factor = scope.and_then(|s| s.newborn_factor);
        let factor = together(
            at,
            newborn == Newborn::Coef,
            "scope.newborn_factor",
            "scope",
            factor,
        )?;
        Ok(StayRules {
            out: scope.and_then(|s| s.out.as_ref()).map(|out| OutOfScope {
                pay: out.pay,
                hospitals: out.hospitals.iter().cloned().collect(),
                insurance: out.insurance.iter().cloned().collect(),
            }),
            days: days(file, at)?,
            incomplete: incomplete(file, at)?,
            newborn,
            newborn_factor: match factor {
                Some(factor) => not_negative(at, "scope.newborn_factor", factor)?,
                None => Exact::ONE,
            },
            bed_day: bed_day(file, at)?,
            day_care: day_care(file, at)?,
            gate: gate(file, at)?,
            readmission: file
                .readmit
                .as_ref()
                .map(|table| readmission(table, at))
                .transpose()?,
            transfer: transfer(file, at)?,
        })
    }
}

/// Stays of two hospitals are never joined: one of them would be paid for both.
fn readmission(table: &ReadmitTable, at: &Places) -> Result<Readmission> {
    if table.cut.how == CutHow::Merge && table.within != ReadmitWithin::Hospital {
        let message =
            "`readmit.cut.how = merge` joins stays of one hospital; expected `readmit.within` hospital";
        return Err(at.error("readmit.within", message));
    }
    Ok(Readmission::of(table))
}

/// Days and what makes stays one illness stand exactly where chains are told apart.
fn transfer(file: &PackFile, at: &Places) -> Result<Option<Transfer>> {
    let Some(table) = &file.transfer else {
        return Ok(None);
    };
    let wanted = table.mode == TransferMode::DeductAlongChain;
    together(at, wanted, "transfer.days", "transfer", table.days)?;
    together(at, wanted, "transfer.match", "transfer", table.matching)?;
    Ok(Transfer::of(table))
}

fn days(file: &PackFile, at: &Places) -> Result<Option<Days>> {
    let Some(days) = file.scope.as_ref().and_then(|s| s.days.as_ref()) else {
        return Ok(None);
    };
    if days.then == DaysThen::BedDay && file.bedday.is_none() {
        return Err(missing(at, "scope.days", "bedday"));
    }
    Ok(Some(Days {
        more: u32::from(days.count == DaysCount::BothDaysCount),
        exclude: days.exclude.clone(),
        then: days.then,
    }))
}

fn incomplete(file: &PackFile, at: &Places) -> Result<Option<Incomplete>> {
    const KEY: &str = "scope.incomplete.death_hours";
    let Some(written) = file.scope.as_ref().and_then(|s| s.incomplete.as_ref()) else {
        return Ok(None);
    };
    let dies = written.when.contains(&IncompleteWhen::Death);
    let death_hours = together(at, dies, KEY, "scope.incomplete", written.death_hours)?;
    Ok(Some(Incomplete {
        when: written.when.clone(),
        death_hours,
        pay: written.pay,
    }))
}

fn bed_day(file: &PackFile, at: &Places) -> Result<Option<BedDay>> {
    let method = file.case.method.bed_day;
    let Some(table) = &file.bedday else {
        return match method {
            Some(BedDayMethod::BedDay) => Err(missing(at, "case", "bedday")),
            None => Ok(None),
        };
    };
    let keys: &[Key] = match table.by {
        BedDayBy::Hospital => &[Key::Hospital],
        BedDayBy::Level => &[Key::Level, Key::Group],
        BedDayBy::Group => &[Key::Group],
        BedDayBy::Phase => &[Key::Hospital, Key::Level, Key::Group],
    };
    let points = lookup(
        at,
        "bedday.table",
        &table.table,
        None,
        keys,
        ("points_per_day", Unit::Points),
    )?;
    let by_phase = table.by == BedDayBy::Phase;
    let phases = together(at, by_phase, "bedday.phases", "bedday", table.phases.as_ref())?;
    let mut read: Vec<(u32, Exact)> = Vec::new();
    for phase in phases.into_iter().flatten() {
        if read.last().is_some_and(|(before, _)| *before >= phase.to_day) {
            return Err(at.error("bedday.phases", "`bedday.phases`: the last days do not rise"));
        }
        read.push((phase.to_day, not_negative(at, "bedday.phases", phase.factor)?));
    }
    Ok(Some(BedDay { points, phases: read }))
}

fn day_care(file: &PackFile, at: &Places) -> Result<Option<DayCare>> {
    let method = file.case.method.day_care;
    let Some(table) = &file.daycare else {
        return match method {
            Some(_) => Err(missing(at, "case", "daycare")),
            None => Ok(None),
        };
    };
    let of = |mode: DayCareMode| table.mode == mode;
    let whole = together(
        at,
        of(DayCareMode::ShareOfInpatient),
        "daycare.share",
        "daycare",
        table.share,
    )?;
    let own = together(
        at,
        of(DayCareMode::OwnList),
        "daycare.list",
        "daycare",
        table.list.as_ref(),
    )?;
    let agrees = match method {
        None => true,
        Some(DayCareMethod::Share) => of(DayCareMode::ShareOfInpatient),
        Some(DayCareMethod::Quota) => of(DayCareMode::OwnList),
        Some(DayCareMethod::Item) => of(DayCareMode::InDrg),
    };
    if !agrees {
        return Err(at.error(
            "case.method.day_care",
            "`case.method.day_care` and `daycare.mode` differ: share goes with share_of_inpatient, quota with own_list, item with in_drg",
        ));
    }
    Ok(Some(match (whole, own) {
        (Some(part), _) => DayCare::Share(share(at, "daycare.share", part)?),
        (_, Some(own)) => DayCare::Own(lookup(
            at,
            "daycare.list",
            own,
            None,
            &[Key::Group],
            ("points", Unit::Points),
        )?),
        _ if method == Some(DayCareMethod::Item) => DayCare::ByItem,
        _ => DayCare::InDrg,
    }))
}

fn gate(file: &PackFile, at: &Places) -> Result<Option<Gate>> {
    let Some(gate) = file.tcm.as_ref().map(|tcm| &tcm.gate) else {
        return Ok(None);
    };
    let (place, text) = at.beside("tcm.gate.groups", &gate.groups)?;
    let rows = list(&place, &text, &["group", &gate.else_group])?;
    let pairs = rows.into_iter().filter_map(|row| {
        let mut cells = row.into_iter();
        Some((cells.next()?, cells.next()?))
    });
    Ok(Some(Gate {
        min_ratio: share(at, "tcm.gate.min_ratio", gate.min_ratio)?,
        groups: pairs.collect(),
        tilt: tilt(file, at)?,
    }))
}

/// The tilt of traditional medicine, no row above the pack's limit.
fn tilt(file: &PackFile, at: &Places) -> Result<Option<Lookup>> {
    const KEY: &str = "tcm.tilt";
    let Some(table) = &file.tcm else { return Ok(None) };
    let wanted = table.tilt_max.is_some();
    let Some(written) = together(at, wanted, KEY, "tcm", table.tilt.as_ref())? else {
        return Ok(None);
    };
    let most = match table.tilt_max {
        Some(most) => share(at, "tcm.tilt_max", most)?,
        None => return Err(missing(at, "tcm", "tcm.tilt_max")),
    };
    let keys = [Key::Hospital, Key::Group, Key::Level];
    let tilt = lookup(at, KEY, written, None, &keys, ("tilt", Unit::Factor))?;
    if tilt.values().any(|value| value.compare(most).is_gt()) {
        let message = format!("`{KEY}`: `{written}` has a tilt above `tcm.tilt_max`");
        return Err(at.error(KEY, message));
    }
    Ok(Some(tilt))
}
