//! The policy as the engine reads it (待遇政策): resolved, every word an index, nothing to parse.

use std::path::{Path, PathBuf};

use super::counters::{Layout, TierSlots};
use super::dated::{Dated, Days, Period};
use super::file::{
    AccountPart, Age, Area, BasicShape, CapOn, CapPeriod, CapUnit, CarryOrder, CiiPart, Edge, Facility,
    FloorBase, OnChange, OverCap, ParamDate, Per, Shape, TierBase, TierPer, TiltSpan, YearCrossing,
};
use super::head::Document;
use super::literal::{Band, Change, Known, Limit, Share};
use super::name::Name;
use super::{Care, Level, Payer, Status};
use crate::diagnostics::{Evidence, Told};
use crate::units::{Exact, Fen};

/// Where a value comes from (出处).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Ids of the documents, as listed under `doc`.
    pub doc: Vec<String>,
    /// Clause of the document.
    pub clause: Option<String>,
    /// How well it is known.
    pub evidence: Evidence,
    /// What the next reader should know.
    pub note: Option<String>,
}

/// A benefit file as it was read (参数文件原文), for hashing.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// Path as given, or as found by `extends`.
    pub path: PathBuf,
    /// Its content.
    pub bytes: Vec<u8>,
    pub(super) text: String,
}

/// The benefit rules of one place and scheme by date (待遇政策), with all files it extends.
#[derive(Debug)]
pub struct BenefitPolicy {
    pub(super) name: String,
    pub(super) draft: bool,
    pub(super) weakest: Evidence,
    pub(super) files: Vec<PolicyFile>,
    pub(super) replaced: Vec<Told>,
    pub(super) words: Words,
    pub(super) chain: Dated<Vec<Link>>,
    pub(super) dates: Dated<ClaimDates>,
    pub(super) treat_first: Option<Dated<Mask>>,
    pub(super) basic: Option<Basic>,
    pub(super) cii: Option<Cii>,
    pub(super) tiers: Vec<Tier>,
    pub(super) outpatient: Outpatient,
    pub(super) account: Option<Dated<Vec<AccountPart>>>,
    pub(super) layout: Layout,
    pub(super) link_names: LinkNames,
    /// Whether a rule asks which hospital earlier stays were in.
    pub(super) asks_hospital: bool,
    pub(super) checked_on: jiff::civil::Date,
    pub(super) warnings: Vec<Told>,
    pub(super) documents: Vec<Document>,
    pub(super) bounds_said: Option<Told>,
    pub(super) sections: [toml::Table; 2],
    pub(super) lists: Vec<List>,
    pub(super) skip_unknown_tiers: bool,
}

impl BenefitPolicy {
    /// Reads a benefit file and the files it extends (读取政策).
    ///
    /// `extends = "place/scheme"` is looked for beside this file's place folder.
    ///
    /// # Errors
    /// A file that cannot be read; unknown keys; a day with two values or none; wrong units;
    /// incomplete tables; formulas that disagree with the printed value. Each names file, line
    /// and key.
    pub fn load(path: &Path) -> crate::diagnostics::Result<BenefitPolicy> {
        super::load::load(path)
    }

    /// Place and scheme (统筹地区/险种), e.g. `500000/resident`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the file calls itself a draft (草案): slips made with it are drafts.
    pub fn is_draft(&self) -> bool {
        self.draft
    }

    /// The weakest evidence of any value in the files (最弱证据等级), used or not.
    pub fn weakest_evidence(&self) -> Evidence {
        self.weakest
    }

    /// The files this policy was read from (来源文件), the one extended by all others first, the
    /// national bounds last.
    pub fn files(&self) -> &[PolicyFile] {
        &self.files
    }

    /// What overlays replaced (被替换的参数), one line each.
    pub fn replaced(&self) -> &[Told] {
        &self.replaced
    }

    /// What loading found doubtful (读取警告), one line each: bounds that could not be checked,
    /// bounds that hold in principle only.
    pub fn warnings(&self) -> &[Told] {
        &self.warnings
    }

    /// Where the national bounds were found, or that there are none (国家底线说明), where the files do
    /// not say it; one of the warnings.
    pub fn bounds_said(&self) -> Option<&Told> {
        self.bounds_said.as_ref()
    }

    /// Number and title of the documents of these ids (文件名称).
    pub fn cited(&self, ids: &[String]) -> Vec<String> {
        let name = |id: &String| {
            let known = self.documents.iter().find(|document| document.id == *id);
            known.map_or_else(|| id.clone(), Document::name)
        };
        ids.iter().map(name).collect()
    }

    /// The day of the oldest last comparison with the documents (核对日期).
    pub fn checked_on(&self) -> jiff::civil::Date {
        self.checked_on
    }

    /// The section on contributions and subsidies (筹资), as written.
    pub fn finance(&self) -> &toml::Table {
        let [finance, _] = &self.sections;
        finance
    }

    /// The section on enrolment (参保), as written.
    pub fn enrolment(&self) -> &toml::Table {
        let [_, enrolment] = &self.sections;
        enrolment
    }

    /// Every counter this policy moves (累计量), in the order of lists.
    pub fn counters(&self) -> &[Name] {
        &self.layout.names
    }

    /// The identity categories of this place (身份类别), the one that counts first, first.
    pub fn categories(&self) -> &[String] {
        &self.words.categories
    }

    /// The hospital levels (医疗机构等级) of this place, as files write them.
    pub fn levels(&self) -> Vec<&'static str> {
        self.words.levels.iter().map(|level| level.as_str()).collect()
    }

    /// The employment statuses (就业状态) of this place; empty where the scheme asks for none.
    pub fn statuses(&self) -> Vec<&'static str> {
        self.words.statuses.iter().map(|status| status.as_str()).collect()
    }

    /// The contribution plans (档次); empty where the scheme has none.
    pub fn plans(&self) -> &[String] {
        &self.words.plans
    }

    /// Leaves out assistance and tail tiers that need an unknown value (跳过参数未知的层), and
    /// names them on the slip, instead of not settling the claim.
    #[must_use]
    pub fn skip_unknown_tiers(mut self, skip: bool) -> BenefitPolicy {
        self.skip_unknown_tiers = skip;
        self
    }
}

/// Names of tiers that every policy can have, ready to stand on slips.
#[derive(Debug)]
pub struct LinkNames {
    pub basic: Name,
    pub cii: Name,
    pub drug: Name,
    pub quota: Name,
    care: [Name; 5],
}

impl Default for LinkNames {
    fn default() -> LinkNames {
        LinkNames {
            basic: Name::of(super::chain_words::BASIC),
            cii: Name::of(super::chain_words::CII),
            drug: Name::of("special_drug"),
            quota: Name::of("quota"),
            care: Care::ALL.map(|care| Name::of(care.as_str())),
        }
    }
}

impl LinkNames {
    pub fn outpatient(&self, care: Care) -> Name {
        let named = self.care.get(care.index());
        named.copied().unwrap_or(self.basic)
    }
}

/// The closed words of a place.
#[derive(Debug, Default)]
pub struct Words {
    pub plans: Vec<String>,
    pub levels: Vec<Level>,
    pub statuses: Vec<Status>,
    /// In identity order.
    pub categories: Vec<String>,
    pub groups: Vec<(String, Mask)>,
}

/// A set of categories, one bit each in identity order.
pub type Mask = u64;

/// What the keys of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    Plan,
    Level,
    Status,
}

impl Axis {
    pub const ALL: [Axis; 3] = [Axis::Plan, Axis::Level, Axis::Status];

    pub fn as_str(self) -> &'static str {
        match self {
            Axis::Plan => "plan",
            Axis::Level => "level",
            Axis::Status => "status",
        }
    }
}

impl Words {
    pub fn keys(&self, axis: Axis) -> Vec<&str> {
        match axis {
            Axis::Plan => self.plans.iter().map(String::as_str).collect(),
            Axis::Level => self.levels.iter().map(|level| level.as_str()).collect(),
            Axis::Status => self.statuses.iter().map(|status| status.as_str()).collect(),
        }
    }

    /// The categories a name stands for: a group, or one category.
    pub fn mask(&self, name: &str) -> Option<Mask> {
        let group = self.groups.iter().find(|(group, _)| group == name);
        group.map(|(_, mask)| *mask).or_else(|| self.bit(name))
    }

    pub fn bit(&self, category: &str) -> Option<Mask> {
        let index = self.categories.iter().position(|known| known == category)?;
        u32::try_from(index)
            .ok()
            .and_then(|index| 1_u64.checked_shl(index))
    }
}

/// A value for all, or one for each key of an axis.
#[derive(Clone, Debug)]
pub enum Grid<T> {
    Leaf(T),
    By(Axis, Vec<Grid<T>>),
}

impl<T> Grid<T> {
    /// Every value of it, in the order of the keys.
    pub fn leaves<'g>(&'g self, found: &mut Vec<&'g T>) {
        match self {
            Grid::Leaf(value) => found.push(value),
            Grid::By(_, cells) => cells.iter().for_each(|cell| cell.leaves(found)),
        }
    }
}

/// A link of the chain of payers.
#[derive(Clone, Debug)]
pub enum Link {
    Basic,
    Cii,
    /// Rows of assistance or of a tail tier, as indices into the policy's tiers.
    Tiers {
        name: Name,
        rows: Vec<usize>,
    },
}

/// Which day picks what, and which year a stay over the turn of the year belongs to.
#[derive(Clone, Copy, Debug)]
pub struct ClaimDates {
    pub basic: ParamDate,
    pub cii: ParamDate,
    pub assist: ParamDate,
    pub tail: ParamDate,
    pub person: ParamDate,
    pub crossing: YearCrossing,
}

#[derive(Debug)]
pub struct Basic {
    pub shape: BasicShape,
    pub deductible: Dated<Deductible>,
    /// Without it every admission has the first one's deductible.
    pub nth: Option<Dated<Known<Vec<Nth>>>>,
    pub deductible_limit: Option<Dated<Grid<Known<Limit>>>>,
    pub bands: Dated<Grid<Known<Vec<Band>>>>,
    pub adjust: Vec<Period<Adjust>>,
    pub cap: Dated<Cap>,
    pub waive: Vec<Period<Waive>>,
    pub items: Vec<ItemRatio>,
    pub floor: Vec<Period<Floor>>,
    /// Terms of care out of the area; empty where the policy says nothing on it.
    pub area: Vec<Period<AreaTerms>>,
}

#[derive(Clone, Debug)]
pub struct Waive {
    pub when: When,
    pub factor: Share,
}

/// The ratio of one class of items.
#[derive(Debug)]
pub struct ItemRatio {
    pub class: String,
    pub ratio: Dated<Grid<Known<Share>>>,
}

#[derive(Clone, Debug)]
pub struct Floor {
    pub when: When,
    pub base: FloorBase,
    pub ratio: Known<Share>,
}

#[derive(Clone, Debug)]
pub struct AreaTerms {
    pub when: When,
    pub change: Option<Known<Change>>,
    pub first_bear: Option<Known<Share>>,
    /// Index of the level whose rules apply.
    pub then_level: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Deductible {
    pub per: Per,
    pub amount: DeductibleAmount,
    /// Factor by kind of hospital.
    pub facility: Vec<(Facility, Share)>,
}

#[derive(Clone, Debug)]
pub enum DeductibleAmount {
    Fixed(Grid<Known<Fen>>),
    /// A part of the in-scope cost, between two edges.
    OfScope {
        ratio: Share,
        min: Fen,
        max: Limit,
    },
}

#[derive(Clone, Debug)]
pub struct Nth {
    pub n: u32,
    pub act: NthAct,
}

#[derive(Clone, Debug)]
pub enum NthAct {
    Factor(Share),
    Amount(Grid<Fen>),
}

#[derive(Clone, Debug)]
pub struct Adjust {
    pub when: When,
    pub change: Known<Change>,
}

#[derive(Clone, Debug)]
pub struct Cap {
    pub on: CapOn,
    pub limit: Grid<Known<Limit>>,
}

#[derive(Debug)]
pub struct Cii {
    pub rules: Dated<CiiRule>,
    pub ordinary: CiiScale,
    pub tilt: Option<Tilt>,
    pub drug: Option<Dated<DrugTerms>>,
}

/// Special drugs: a second ledger with its own threshold, ratio and cap.
#[derive(Clone, Debug)]
pub struct DrugTerms {
    pub threshold: Known<Fen>,
    pub zero_threshold_for: Mask,
    pub bands: Known<Vec<Band>>,
    pub cap: Known<Limit>,
}

#[derive(Debug, Default)]
pub struct Outpatient {
    pub general: Option<Scheme>,
    pub two_disease: Option<Scheme>,
    pub chronic: Option<Scheme>,
    pub quota: Option<Dated<Known<Fen>>>,
    pub carry: Option<Dated<CarryOrder>>,
    pub major: Option<Dated<MajorTerms>>,
    pub chain: Option<Dated<Vec<Link>>>,
}

impl Outpatient {
    pub fn scheme(&self, care: Care) -> Option<&Scheme> {
        match care {
            Care::General => self.general.as_ref(),
            Care::TwoDisease => self.two_disease.as_ref(),
            Care::Chronic => self.chronic.as_ref(),
            Care::Inpatient | Care::Major => None,
        }
    }
}

/// An outpatient scheme: deductible, ratio, yearly cap.
#[derive(Debug)]
pub struct Scheme {
    pub deductible: Option<Dated<Deductible>>,
    pub ratio: Dated<Grid<Known<Share>>>,
    pub cap: Dated<SchemeCap>,
}

#[derive(Clone, Debug)]
pub struct SchemeCap {
    pub limit: SchemeLimit,
    pub per_extra_disease: Fen,
    pub shared_with: Option<Care>,
}

#[derive(Clone, Debug)]
pub enum SchemeLimit {
    Grid(Grid<Known<Limit>>),
    ByCondition(ByCondition),
}

/// A cap by disease of the two-disease scheme.
#[derive(Clone, Debug)]
pub struct ByCondition {
    pub hypertension: Known<Limit>,
    pub diabetes: Known<Limit>,
    pub both: Known<Limit>,
    pub insulin: Option<Known<Limit>>,
}

/// Major diseases as stays: whether, and how the deductible is charged.
#[derive(Clone, Copy, Debug)]
pub struct MajorTerms {
    pub as_inpatient: bool,
    pub per: Per,
}

#[derive(Clone, Debug)]
pub struct CiiRule {
    pub base: Vec<CiiPart>,
    pub over_cap: OverCap,
    pub on_change: OnChange,
    pub allow_negative: bool,
    pub tilt_span: TiltSpan,
}

#[derive(Debug)]
pub struct Tilt {
    pub categories: Dated<Mask>,
    pub scale: CiiScale,
}

#[derive(Debug)]
pub struct CiiScale {
    pub shape: Shape,
    pub threshold: Dated<Known<Exact>>,
    pub bands: Dated<Grid<Known<Vec<Band>>>>,
    pub cap: Dated<Grid<Known<Limit>>>,
}

#[derive(Debug)]
pub struct Tier {
    /// The section it stands in.
    pub path: &'static str,
    pub id: Name,
    pub group: Option<String>,
    pub days: Days,
    pub when: When,
    pub base: TierBase,
    pub threshold: Known<Fen>,
    pub shape: Shape,
    pub entitled: Entitled,
    pub cap: Known<Limit>,
    pub cap_unit: CapUnit,
    pub cap_period: CapPeriod,
    pub per: TierPer,
    pub slots: TierSlots,
    pub payer: Payer,
    pub source: Source,
}

/// Whose ratio a tier knows.
#[derive(Debug)]
pub enum Entitled {
    All(Known<Vec<Band>>),
    /// By category, in identity order; who is not listed is not entitled.
    By(Vec<(Mask, Known<Vec<Band>>)>),
}

/// A resolved condition; every part that is written must hold.
#[derive(Clone, Debug, Default)]
pub struct When {
    pub plans: Option<Vec<usize>>,
    pub levels: Option<Vec<usize>>,
    pub age: Option<Age>,
    pub status: Option<Status>,
    pub categories: Option<Mask>,
    pub disease_list: Option<usize>,
    pub facility: Option<Facility>,
    pub area: Option<Area>,
    pub referral: Option<bool>,
    pub same_hospital: Option<bool>,
    pub nth_from: Option<u32>,
    pub total_over: Option<Fen>,
    pub student_entry_year: Option<bool>,
}

#[derive(Debug)]
pub struct List {
    pub path: String,
    pub prefixes: Known<Vec<String>>,
    pub source: Source,
}

/// The edge rule where a shape names none: only slab scales ask, and the loader makes them say.
pub const MARGINAL_EDGE: Edge = Edge::UpperIn;
