//! The policy as the engine reads it (待遇政策): resolved, every word an index, nothing to parse.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dated::{Dated, Days, Period};
use super::file::{
    Age, BasicShape, CapOn, CapPeriod, CiiPart, Edge, OnChange, OverCap, Per, Shape, TierBase,
};
use super::literal::{Band, Change, Known, Limit, Share};
use super::{Payer, Status};
use crate::codes::HospitalLevel;
use crate::diagnostics::Evidence;
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
    pub(super) replaced: Vec<String>,
    pub(super) words: Words,
    pub(super) chain: Dated<Vec<Link>>,
    pub(super) dates: Dated<()>,
    pub(super) basic: Option<Basic>,
    pub(super) cii: Option<Cii>,
    pub(super) tiers: Vec<Tier>,
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

    /// The files this policy was read from (来源文件), the one extended by all others first.
    pub fn files(&self) -> &[PolicyFile] {
        &self.files
    }

    /// What overlays replaced (被替换的参数), one line each.
    pub fn replaced(&self) -> &[String] {
        &self.replaced
    }

    /// The identity categories of this place (身份类别), the one that counts first, first.
    pub fn categories(&self) -> &[String] {
        &self.words.categories
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

/// The closed words of a place.
#[derive(Debug, Default)]
pub struct Words {
    pub plans: Vec<String>,
    pub levels: Vec<(String, HospitalLevel)>,
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
            Axis::Level => self.levels.iter().map(|(word, _)| word.as_str()).collect(),
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

/// A link of the chain of payers.
#[derive(Clone, Debug)]
pub enum Link {
    Basic,
    Cii,
    /// Rows of assistance or of a tail tier, as indices into the policy's tiers.
    Tiers {
        name: Arc<str>,
        rows: Vec<usize>,
    },
}

#[derive(Debug)]
pub struct Basic {
    pub shape: BasicShape,
    pub deductible: Dated<Deductible>,
    pub nth: Dated<Known<Vec<Nth>>>,
    pub deductible_limit: Option<Dated<Grid<Known<Limit>>>>,
    pub bands: Dated<Grid<Known<Vec<Band>>>>,
    pub adjust: Vec<Period<Adjust>>,
    pub cap: Dated<Cap>,
}

#[derive(Clone, Debug)]
pub struct Deductible {
    pub per: Per,
    pub amount: Grid<Known<Fen>>,
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
}

#[derive(Clone, Debug)]
pub struct CiiRule {
    pub base: Vec<CiiPart>,
    pub over_cap: OverCap,
    pub on_change: OnChange,
    pub allow_negative: bool,
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
    pub id: Arc<str>,
    pub group: Option<String>,
    pub days: Days,
    pub when: When,
    pub base: TierBase,
    pub threshold: Known<Fen>,
    pub shape: Shape,
    pub entitled: Entitled,
    pub cap: Known<Limit>,
    pub cap_period: CapPeriod,
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
    pub total_over: Option<Fen>,
}

#[derive(Debug)]
pub struct List {
    pub path: String,
    pub prefixes: Known<Vec<String>>,
    pub source: Source,
}

/// The edge rule where a shape names none: only slab scales ask, and the loader makes them say.
pub const MARGINAL_EDGE: Edge = Edge::UpperIn;
