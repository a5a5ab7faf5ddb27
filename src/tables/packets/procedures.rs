//! What becomes of a case's procedures before a packet is looked for.

use hashbrown::HashMap;
use serde::Deserialize;

use crate::diagnostics::Words;
use crate::tables::{CodeId, SetRef};

/// Kind of treatment (手术操作类型), lowest rank first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TreatmentType {
    /// 保守治疗.
    #[default]
    Conservative,
    /// 诊断性操作.
    Diagnostic,
    /// 治疗性操作.
    Therapeutic,
    /// 介入治疗.
    Interventional,
    /// 相关手术.
    Surgical,
}

impl TreatmentType {
    /// Lowest rank first.
    pub const ALL: [TreatmentType; 5] = [
        TreatmentType::Conservative,
        TreatmentType::Diagnostic,
        TreatmentType::Therapeutic,
        TreatmentType::Interventional,
        TreatmentType::Surgical,
    ];

    /// The word of tables.
    pub const fn word(self) -> &'static str {
        match self {
            TreatmentType::Conservative => "conservative",
            TreatmentType::Diagnostic => "diagnostic",
            TreatmentType::Therapeutic => "therapeutic",
            TreatmentType::Interventional => "interventional",
            TreatmentType::Surgical => "surgical",
        }
    }

    /// By the word of tables.
    pub fn by_word(word: &str) -> Option<TreatmentType> {
        TreatmentType::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// For people.
    pub const fn words(self) -> Words {
        let zh = match self {
            TreatmentType::Conservative => "保守治疗",
            TreatmentType::Diagnostic => "诊断性操作",
            TreatmentType::Therapeutic => "治疗性操作",
            TreatmentType::Interventional => "介入治疗",
            TreatmentType::Surgical => "相关手术",
        };
        Words { en: self.word(), zh }
    }
}

/// What a list says of a procedure (不予入组手术操作规则).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ProcedureRule {
    /// 按保守治疗入组: removed; met before a main procedure is found, the case has none.
    AsConservative,
    /// 不可作为主要手术操作: stays as a related one.
    NotMain,
    /// 限范围可作主要手术操作: main only for these principal diagnoses.
    MainOnlyFor(SetRef),
    /// Removed everywhere.
    Drop,
}

/// What the tables say of one procedure (手术操作属性).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProcedureTraits {
    /// Its type, interventional already counted as the scheme counts it; none if no table says.
    pub kind: Option<TreatmentType>,
    /// Level of surgery, 1 to 4; 0 unknown.
    pub level: u8,
    /// Class of incision (切口等级), 0 to 3, if the table says it.
    pub incision_class: Option<u8>,
    /// What the list of exclusions says.
    pub rule: Option<ProcedureRule>,
}

/// Which procedures give the treatment type of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TypeFrom {
    /// The highest of all.
    Largest,
    /// The main one.
    Main,
}

/// What becomes of procedures (手术操作处理).
#[derive(Debug)]
pub struct Procedures {
    pub(super) traits: HashMap<CodeId, ProcedureTraits>,
    /// A procedure taken as conservative is passed over on the way to the main procedure.
    pub skip_conservative: bool,
    /// Which procedures give the type of the case.
    pub type_from: TypeFrom,
    /// A case is conservative too if no procedure has an incision or a level of 3 or more.
    pub by_incision_and_level: bool,
    /// The first layer looks at the procedures as recorded.
    pub raw_first_layer: bool,
}

impl Procedures {
    /// What the tables say of a code; nothing for one they do not name.
    pub fn traits(&self, code: CodeId) -> Option<&ProcedureTraits> {
        self.traits.get(&code)
    }

    /// The principal diagnoses that procedures are main procedures for, as sets written out.
    pub(in crate::tables) fn scopes(&self) -> Vec<(CodeId, &SetRef)> {
        let scopes = self
            .traits
            .iter()
            .filter_map(|(code, traits)| match &traits.rule {
                Some(ProcedureRule::MainOnlyFor(scope)) => Some((*code, scope)),
                _ => None,
            });
        let mut scopes: Vec<(CodeId, &SetRef)> = scopes.collect();
        scopes.sort_unstable_by_key(|(code, _)| *code);
        scopes
    }

    /// How many procedures have a type.
    pub fn typed(&self) -> usize {
        self.traits
            .values()
            .filter(|traits| traits.kind.is_some())
            .count()
    }

    /// Whether a procedure leaves the case conservative under `incision_and_level`.
    pub fn is_slight(traits: Option<&ProcedureTraits>) -> bool {
        traits.is_none_or(|traits| match (traits.kind, traits.incision_class) {
            (None, None) => true,
            (_, incision) => incision == Some(0) && traits.level < 3,
        })
    }
}
