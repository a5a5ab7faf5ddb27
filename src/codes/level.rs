//! Hospital level.

use std::fmt;
use std::str::FromStr;

/// Level of a hospital (医疗机构等级), `1 | 2 | 3` in every file (一级, 二级, 三级).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HospitalLevel {
    /// 一级, and ungraded.
    One,
    /// 二级.
    Two,
    /// 三级.
    Three,
}

impl HospitalLevel {
    /// The digit used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            HospitalLevel::One => "1",
            HospitalLevel::Two => "2",
            HospitalLevel::Three => "3",
        }
    }
}

impl fmt::Display for HospitalLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for HospitalLevel {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<HospitalLevel, &'static str> {
        match text {
            "1" => Ok(HospitalLevel::One),
            "2" => Ok(HospitalLevel::Two),
            "3" => Ok(HospitalLevel::Three),
            _ => Err("expected a hospital level: 1, 2 or 3"),
        }
    }
}
