//! A bill as it arrives (待结算单据): a claim with its person, its day of settlement, and what it
//! reverses.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::file::YearCrossing;
use super::lines::FeeSplit;
use super::persons::Standing;
use super::policy::BenefitPolicy;
use super::slip::Uncovered;
use super::{Area, Care, Claim, Condition, Facility, ItemAmount, Level, ShareError, Status};
use crate::units::Fen;

/// A bill of one person (单据), words borrowed from the file it was read from; lists as written,
/// parted by `|`.
#[derive(Clone, Debug)]
pub struct Bill<'a> {
    /// Settlement id (结算号).
    pub id: &'a str,
    /// The settlement this one takes back (被冲销结算号); then the amounts are its mirror.
    pub reverses: Option<&'a str>,
    /// The person (人员编号).
    pub person: &'a str,
    /// The family (家庭编号); empty for a family of one.
    pub family: &'a str,
    /// Kind of care (医疗类别).
    pub care: Care,
    /// Contribution plan (档次).
    pub plan: &'a str,
    /// Identity categories (身份类别), parted by `|`.
    pub categories: &'a str,
    /// Employment status (在职/退休).
    pub status: Option<Status>,
    /// Under age (未成年人), where that is said.
    pub minor: Option<bool>,
    /// A student in the year of entry (入学当年学生).
    pub student_entry_year: bool,
    /// The hospital (医疗机构编码).
    pub hospital: &'a str,
    /// Its level (等级).
    pub level: Level,
    /// Its kind (机构类别).
    pub facility: Facility,
    /// Where it is (就医地).
    pub area: Area,
    /// Whether the patient was referred (是否转诊).
    pub referral: bool,
    /// ICD-10 codes (诊断), parted by `|`.
    pub diagnoses: &'a str,
    /// Diseases of the two-disease scheme (两病病种).
    pub conditions: Vec<Condition>,
    /// Number of diseases registered for special outpatient care (慢特病病种数).
    pub registered_diseases: u32,
    /// Admission day (入院日期).
    pub admission: Option<Date>,
    /// Discharge or visit day (出院/就诊日期).
    pub discharge: Date,
    /// Day of settlement (结算日期).
    pub settlement: Option<Date>,
    /// The year the patient chose for a stay over the turn of the year (选择年度).
    pub chosen_year: Option<i16>,
    /// Total and its four parts (费用).
    pub total: Fen,
    /// The four parts (费用四分).
    pub fees: FeeSplit,
    /// The parts by calendar year of their lines (按年度费用), where the lines are known.
    pub by_year: BTreeMap<i16, FeeSplit>,
    /// The parts by day of their lines (按日费用), where the lines are known.
    pub by_day: BTreeMap<Date, FeeSplit>,
    /// In-scope cost of classes with their own ratio (单列项目).
    pub items: Vec<(&'a str, Fen)>,
    /// Special drugs (大病特效药).
    pub special_drug: Fen,
    /// What the personal account holds (个人账户余额).
    pub account: Fen,
    /// What the family's account holds (共济账户余额).
    pub family_account: Fen,
    /// Deposit (押金).
    pub deposit: Fen,
}

impl Default for Bill<'_> {
    /// An empty bill of a local stay at a hospital of level 1.
    fn default() -> Self {
        Bill {
            id: "",
            reverses: None,
            person: "",
            family: "",
            care: Care::Inpatient,
            plan: "",
            categories: "",
            status: None,
            minor: None,
            student_entry_year: false,
            hospital: "",
            level: Level::One,
            facility: Facility::General,
            area: Area::Local,
            referral: false,
            diagnoses: "",
            conditions: Vec::new(),
            registered_diseases: 1,
            admission: None,
            discharge: Date::ZERO,
            settlement: None,
            chosen_year: None,
            total: Fen::ZERO,
            fees: FeeSplit::default(),
            by_year: BTreeMap::new(),
            by_day: BTreeMap::new(),
            items: Vec::new(),
            special_drug: Fen::ZERO,
            account: Fen::ZERO,
            family_account: Fen::ZERO,
            deposit: Fen::ZERO,
        }
    }
}

/// One record of a bill: the whole of it, or its part in one year.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Year of the counters.
    pub year: i16,
    pub discharge: Date,
    pub total: Fen,
    pub fees: FeeSplit,
    /// Not the first part of its stay.
    pub reentry: bool,
    /// What was spent after cover had ended.
    pub uncovered: Option<Uncovered>,
}

/// Order of the year (年度次序): discharge day, settlement day, id.
pub type BillKey<'a> = (Date, Option<Date>, &'a str);

/// The words of a list as written.
pub fn words(list: &str) -> Vec<&str> {
    list.split('|').filter(|word| !word.is_empty()).collect()
}

impl<'a> Bill<'a> {
    /// Order of the year (年度次序): discharge day, settlement day, id.
    pub fn key(&self) -> BillKey<'a> {
        (self.discharge, self.settlement, self.id)
    }

    /// The records a bill is settled as, by what the policy does with a stay over the turn of
    /// the year.
    pub fn parts(&self, policy: &BenefitPolicy) -> Result<Vec<Part>, ShareError> {
        let crossing = match policy.dates.on(self.discharge) {
            Some(period) => period.value.crossing,
            None => YearCrossing::WholeByDischarge,
        };
        let whole = |year| {
            vec![Part {
                year,
                discharge: self.discharge,
                total: self.total,
                fees: self.fees,
                reentry: false,
                uncovered: None,
            }]
        };
        let crosses = self
            .admission
            .is_some_and(|day| day.year() != self.discharge.year());
        let not_said = |what| ShareError::NotSaid {
            path: "rules.dates.year_crossing".to_owned(),
            what,
        };
        match crossing {
            YearCrossing::WholeBySettlement => {
                let day = self.settlement.ok_or_else(|| not_said("settlement day"))?;
                Ok(whole(day.year()))
            }
            YearCrossing::PatientChoice if crosses => {
                let year = self
                    .chosen_year
                    .ok_or_else(|| not_said("year the patient chose"))?;
                self.check_choice(year).map(whole)
            }
            YearCrossing::SplitByLineDate | YearCrossing::ForcedYearend if crosses => {
                if self.by_year.is_empty() {
                    return Err(not_said("dates of the lines"));
                }
                self.split_by_year()
            }
            _ => Ok(whole(self.discharge.year())),
        }
    }

    /// Only years of the stay can be chosen.
    fn check_choice(&self, year: i16) -> Result<i16, ShareError> {
        let first = self.admission.unwrap_or(self.discharge).year();
        match (first..=self.discharge.year()).contains(&year) {
            true => Ok(year),
            false => Err(ShareError::OtherYear {
                counters: self.discharge.year(),
                claim: year,
            }),
        }
    }

    /// One record a year; all but the last end on the last day of their year.
    fn split_by_year(&self) -> Result<Vec<Part>, ShareError> {
        let mut parts = Vec::new();
        for (year, fees) in &self.by_year {
            let last_day = Date::new(*year, 12, 31).map_err(|_| ShareError::Overflow)?;
            parts.push(Part {
                year: *year,
                discharge: last_day.min(self.discharge),
                total: fees.total(),
                fees: *fees,
                reentry: !parts.is_empty(),
                uncovered: None,
            });
        }
        let sum: Fen = parts.iter().map(|part| part.total).sum();
        match sum == self.total {
            true => Ok(parts),
            false => Err(ShareError::IdentityBroken {
                identity: "total = lines of all years",
                left: self.total,
                right: sum,
            }),
        }
    }

    /// The part with cover up to a day inside the stay: what was spent later is the person's own.
    pub fn covered_to(&self, part: &Part, last: Date) -> Result<Part, ShareError> {
        let ended = ShareError::CoverEnded {
            last,
            date: part.discharge,
        };
        let from = last.tomorrow().map_err(|_| ShareError::Overflow)?;
        if self.by_day.is_empty() {
            return Err(ended);
        }
        let of_part = |day: Date| part.total == self.total || day.year() == part.year;
        let later = self.by_day.range(from..).filter(|(day, _)| of_part(**day));
        let later = later.fold(FeeSplit::default(), |sum, (_, fees)| sum.plus(*fees));
        let fees = part.fees;
        Ok(Part {
            discharge: last,
            fees: FeeSplit {
                own: fees.own + later.over + later.pre + later.scope,
                over: fees.over - later.over,
                pre: fees.pre - later.pre,
                scope: fees.scope - later.scope,
            },
            uncovered: Some(Uncovered {
                from,
                amount: later.total(),
            }),
            ..*part
        })
    }

    /// Hands the claim of one part to `then`; what the person was on that day wins over what the
    /// bill says.
    pub fn claim<T>(
        &self,
        part: &Part,
        standing: Option<&Standing<'_>>,
        then: impl FnOnce(&Claim<'_>) -> T,
    ) -> T {
        let own = words(self.categories);
        let categories = standing.map_or(own.as_slice(), |standing| &standing.categories);
        let of_year = standing.map_or(&[][..], |standing| standing.of_year.as_slice());
        let diagnoses = words(self.diagnoses);
        let items: Vec<ItemAmount<'_>> = self
            .items
            .iter()
            .map(|(class, scope)| ItemAmount { class, scope: *scope })
            .collect();
        then(&Claim {
            id: self.id,
            care: self.care,
            plan: standing.map_or(self.plan, |standing| standing.plan),
            level: self.level,
            hospital: self.hospital,
            facility: self.facility,
            area: self.area,
            referral: self.referral,
            categories,
            categories_of_year: of_year,
            status: standing.map_or(self.status, |standing| standing.status.or(self.status)),
            minor: standing.and_then(|standing| standing.minor).or(self.minor),
            student_entry_year: self.student_entry_year,
            diagnoses: &diagnoses,
            conditions: &self.conditions,
            registered_diseases: self.registered_diseases,
            admission: self.admission,
            discharge: part.discharge,
            settlement: self.settlement,
            year: Some(part.year),
            reentry: part.reentry,
            uncovered: part.uncovered,
            total: part.total,
            own: part.fees.own,
            over: part.fees.over,
            pre: part.fees.pre,
            scope: part.fees.scope,
            items: &items,
            special_drug: self.special_drug,
            account: self.account,
            family_account: self.family_account,
            deposit: self.deposit,
        })
    }
}
