//! The edit rules (校验规则), one a row. A code is never reused and never renumbered.

use crate::diagnostics::{Edit, Severity, Stops, Words};

macro_rules! edits {
    ($($code:ident $severity:ident $stops:ident $en:literal $zh:literal;)*) => {
        /// Every edit that this version runs, by code.
        pub const EDITS: &[&Edit] = &[$(&$code,)*];
        $(
            #[doc = $en]
            pub(super) static $code: Edit = Edit {
                code: stringify!($code),
                severity: Severity::$severity,
                stops: Stops::$stops,
                name: Words { en: $en, zh: $zh },
            };
        )*
    };
}

// Codes, severities and stops follow the settlement-list checks that hospitals already know;
// F014, M979, M980, M981, M982 and M983 are this project's own.
edits! {
    F002 Fatal Record "bytes that are no text in the file's encoding" "存在无法解码的字节";
    F003 Fatal Record "the row's shape differs from the header" "行结构与表头不符";
    F004 Info None "a placeholder; counts as empty" "占位符，按空值处理";
    F005 Error None "damaged by a spreadsheet" "被电子表格改写";
    F006 Error None "a value that is not in its code table" "值不在代码表中";
    F007 Error None "not a number, or out of range" "不是数字或超出范围";
    F008 Error None "not a date" "不是日期";
    F009 Error None "not written as a diagnosis code" "诊断编码格式错误";
    F010 Error None "not written as a procedure code" "手术操作编码格式错误";
    F012 Error Money "the same case twice" "病例重复";
    F014 Error Money "the case has no identifier" "缺少病例标识";
    C101 Fatal Group "no principal diagnosis" "缺少主要诊断";
    C102 Error None "the principal diagnosis is not listed" "主要诊断编码不在目录内";
    C103 Error None "another diagnosis is not listed" "其他诊断编码不在目录内";
    C104 Error None "a procedure is not listed" "手术操作编码不在目录内";
    C109 Warning None "the same diagnosis twice" "诊断编码重复";
    P201 Error None "an external cause as principal diagnosis" "外部原因编码作主要诊断";
    P205 Error None "a delivery outcome as principal diagnosis" "分娩结局编码作主要诊断";
    X301 Fatal Group "sex missing, or neither 1 nor 2" "性别缺失或不为1、2";
    A401 Fatal Group "age missing or unreadable" "年龄缺失或无法识别";
    A402 Error None "age out of range" "年龄超出范围";
    A404 Error None "an infant without age in days" "不足1周岁缺少日龄";
    A406 Error None "age in days out of range" "日龄超出范围";
    B501 Error None "a newborn without weight" "新生儿缺少体重";
    B502 Error None "newborn weight out of range" "新生儿体重超出范围";
    D601 Fatal Group "discharge before admission" "出院日期早于入院日期";
    D602 Error None "length of stay differs from the dates" "住院天数与日期不符";
    D603 Warning None "unusual length of stay" "住院天数异常";
    M971 Fatal Money "total fee missing or not above zero" "总费用缺失或不大于零";
    M979 Error Money "the fee split does not sum to the total" "费用构成之和不等于总费用";
    M980 Error Money "the hospital is not in the hospital list" "医疗机构不在机构名单内";
    M981 Error Money "the person is not in the list of insured persons" "人员不在参保名单内";
    M982 Error Money "the case is in no pool" "病例不属于任何基金池";
    M983 Error Money "discharge date missing or outside the settlement year" "出院日期缺失或不在结算年度内";
    M984 Error Money "the bill cannot be shared under the benefit policy" "该费用无法按待遇政策结算";
}

/// The edit of a code.
pub fn edit(code: &str) -> Option<&'static Edit> {
    EDITS.iter().copied().find(|edit| edit.code == code)
}
