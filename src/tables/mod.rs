//! Rule tables and their compiler (规则表): a grouping scheme is a folder of rows, never code.
//!
//! [`Library`] says where tables are, [`Scheme::load`] reads one scheme with all it inherits and
//! reports every fault at its file, line and column, [`Compiled`] is the same scheme as bit sets
//! over numbered codes, for the fast evaluation.

mod code_lists;
mod code_maps;
mod compile;
mod condition;
mod diff;
mod ground;
mod import;
mod kinds;
mod lint;
mod marks;
mod packets;
mod scheme;
mod words;

pub use crate::library::{Library, TableFile};
pub use code_lists::{CodeLists, code_list_version, first_code_list_version};
pub use code_maps::{CodeMapFiles, code_map};
pub use compile::{CodeFacts, Compiled, Complications, Drg, Entry, EntryKind, Mdc, Predicate, SetId};
pub use condition::{
    Atom, Comparison, Condition, NumberFact, Pattern, SetRef, Subject, SyntaxError, hundredths,
};
pub use diff::{Change, ChangeKind, compare};
pub use import::{Imported, Ledger, Problem, Reason, Remark, SCHEME_FILES, import};
pub use kinds::CodeKind;
pub use lint::{Grade, TableFinding, lint};
pub use marks::{BitRow, Marks, Role};
pub use packets::{
    Comorbidity, CompiledPackets, Criterion, Expression, FallbackKind, Family, FeeItems, Figure, KindRule,
    KindTraits, Label, MOST_FAMILIES, Offer, OrderStep, Packet, PacketTest, Packets, ProcedureRule,
    ProcedureTraits, Procedures, Selection, SeverityRows, Syntax, TreatmentType, TriedRow, TypeChoice,
    TypeFrom, occurrences,
};
pub use scheme::{
    CodeId, CodeSet, Complication, ComplicationLevel, Kind, Level, NO_GROUP, OPERATIONS, Otherwise, Rule,
    Scheme,
};
pub use words::{Wording, folded, narrow};
