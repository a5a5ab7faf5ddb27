//! Checked cases in coded form (`.dzc`, 编码病例文件): what grouping reads, at memory speed.
//!
//! A loop that groups the same records again and again should not read text again and again. Here
//! a code is a number, found once; a case is a few integers; nothing is left to check.
//!
//! ```text
//! file   := magic (8 bytes)  format (u32)  block*  closing block
//! block  := "CASE" | "ENDS"  number (u32, from 0)  length of the body (u32)  checksum (u32)  body
//! CASE   := new texts of each vocabulary  count of cases (u32)  each field of all cases
//!           count of codes (u32)  all codes  texts: the case identifiers
//! ENDS   := cases (u64)  records read (u64)  records rejected (u64), when the file was written
//! texts  := count (u32, but for identifiers)  their lengths  length of all (u32)  all bytes, UTF-8
//! field, lengths, codes := width in bytes (u8: 0, 1, 2, 4 or 8)  one integer of that width each
//! ```
//!
//! * All integers are little-endian. Those of a block share the narrowest width that holds them
//!   all: a field that is empty in every case takes no room, a code mostly two bytes.
//! * Codes, departments, discharge statuses and hospitals are numbers into vocabularies that grow
//!   by block: a text stands in the first block that needs it, and texts are numbered in the order
//!   they are met. So writing streams, and frequent codes have neighbouring low numbers. Codes are
//!   counted from one, the others from zero: so each code takes a byte at least, and no block can
//!   claim more of them than it has bytes.
//! * Optional numbers are stored one higher; zero says that there is none.
//! * The checksum (CRC-32) covers kind, number, length and body, so that a block changed, lost,
//!   doubled or out of place is found where it stands, before anything of it is used. It guards
//!   against accidents, not against forgers: what a block says is checked all the same.
//! * Case identifiers stand behind everything else in the block; grouping never touches them.

mod block;
mod integers;
mod reader;
mod writer;

pub use block::{PackedBlock, PackedCase, PackedCases};
pub use reader::{Dictionary, PackedReader, Records, SharedDictionary};
pub use writer::{CodedCases, PackedWriter};

/// What a packed file begins with. A byte above 127 and both line ends are among it, so that a
/// transfer as text shows at once.
pub const PACKED_MAGIC: [u8; 8] = *b"\x89DZC\r\n\x1a\n";

/// The one format there is.
const FORMAT: u32 = 1;

/// Kinds of blocks.
const CASES: [u8; 4] = *b"CASE";
const CLOSING: [u8; 4] = *b"ENDS";

/// Bytes of kind, number, length and checksum.
const BLOCK_HEAD: usize = 16;

/// A block is closed when it is about so large: it stays in the cache of one processor core.
const BLOCK_BYTES: usize = 1 << 16;

/// No writer makes a larger one: a block below [`BLOCK_BYTES`] and one case of the longest row.
const LARGEST_BLOCK: u32 = 1 << 24;

/// Texts that stand in a file once, by number (词表).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// Diagnoses and procedures, in normal form (编码).
    Codes,
    /// Departments of discharge (出院科别).
    Departments,
    /// Discharge statuses (离院方式).
    DischargeStatuses,
    /// Hospitals (医疗机构).
    Hospitals,
}

impl Vocabulary {
    /// In the order they stand in a block.
    const ALL: [Vocabulary; 4] = [
        Vocabulary::Codes,
        Vocabulary::Departments,
        Vocabulary::DischargeStatuses,
        Vocabulary::Hospitals,
    ];

    const fn plural(self) -> &'static str {
        match self {
            Vocabulary::Codes => "codes",
            Vocabulary::Departments => "departments",
            Vocabulary::DischargeStatuses => "discharge statuses",
            Vocabulary::Hospitals => "hospitals",
        }
    }
}

/// An integer of every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Sex,
    Age,
    AgeDays,
    Weight,
    Los,
    IcuHours,
    Amount,
    Department,
    DischargeStatus,
    /// How many diagnoses there are; the codes follow each other case by case.
    Diagnoses,
    /// How many procedures.
    Procedures,
    Hospital,
}

const FIELDS: usize = Field::ALL.len();

impl Field {
    /// In the order they stand in a block.
    const ALL: [Field; 12] = [
        Field::Sex,
        Field::Age,
        Field::AgeDays,
        Field::Weight,
        Field::Los,
        Field::IcuHours,
        Field::Amount,
        Field::Department,
        Field::DischargeStatus,
        Field::Diagnoses,
        Field::Procedures,
        Field::Hospital,
    ];

    const fn name(self) -> &'static str {
        match self {
            Field::Sex => "sex",
            Field::Age => "age",
            Field::AgeDays => "age in days",
            Field::Weight => "weight",
            Field::Los => "days of stay",
            Field::IcuHours => "hours in intensive care",
            Field::Amount => "total fee",
            Field::Department => "department",
            Field::DischargeStatus => "discharge status",
            Field::Diagnoses => "number of diagnoses",
            Field::Procedures => "number of procedures",
            Field::Hospital => "hospital",
        }
    }

    /// Whose numbers it holds.
    const fn vocabulary(self) -> Option<Vocabulary> {
        match self {
            Field::Department => Some(Vocabulary::Departments),
            Field::DischargeStatus => Some(Vocabulary::DischargeStatuses),
            Field::Hospital => Some(Vocabulary::Hospitals),
            _ => None,
        }
    }
}
