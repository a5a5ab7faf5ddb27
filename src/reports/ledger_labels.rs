//! What the words of the ledger's tables are called by people.

use crate::diagnostics::{Lang, Words};
use crate::points::{Kind, Mark};

/// A column, step, line or state of a settlement with its labels (中英对照).
const LABELS: [(&str, &str, &str); 105] = [
    ("pool", "pool", "基金池"),
    ("month", "month", "月份"),
    ("hospital", "hospital", "医疗机构"),
    ("level", "level", "医院等级"),
    ("case_id", "case", "结算清单号"),
    ("discharge_date", "discharged", "出院日期"),
    ("group", "group", "病组"),
    ("kind", "kind", "病例类型"),
    ("why", "why", "类型说明"),
    ("points", "points", "点数"),
    ("main_procedure", "main procedure", "主要手术操作"),
    ("related_procedures", "related procedures", "相关手术操作"),
    ("packet_type", "treatment type", "手术操作类型"),
    ("primary_care", "primary care", "基层病种"),
    ("auxiliary", "auxiliary label", "辅助目录标签"),
    ("codes_read_as", "codes read as", "编码映射"),
    ("weight", "weight or score", "权重（分值）"),
    ("coefficient", "coefficient", "机构系数"),
    ("auxiliary_coefficient", "auxiliary coefficient", "辅助目录系数"),
    ("outlier_base", "cost is held against", "费用对照基准"),
    ("preset_price", "preset price of a point, yuan", "预定点值（元）"),
    ("cases", "cases", "病例数"),
    ("standard", "standard", "支付标准"),
    ("cost", "cost", "总费用"),
    ("claim", "paid by items", "按项目统筹支付"),
    ("nonfund", "paid by others", "非基金支付"),
    ("amount_due", "due by amount", "定额病例应付"),
    ("due", "due", "应付"),
    ("gain", "gain", "盈亏"),
    ("booked", "booked", "月度入账"),
    ("deposit", "deposit", "质量保证金"),
    ("deductions", "deductions", "扣款"),
    ("cash", "cash", "月度拨付"),
    ("advance_offset", "advance taken back", "冲抵预付金"),
    ("pnl_formula", "profit by the formula", "公式盈亏"),
    ("pnl_official", "profit as returned", "回盘盈亏"),
    ("pnl_adjust", "returned less formula", "盈亏差额"),
    ("fund_minus_claim", "due less paid by items", "应付减记账"),
    ("hash", "hash", "哈希"),
    ("deposit_withheld", "deposit withheld", "已扣保证金"),
    ("deposit_returned", "deposit returned", "返还保证金"),
    ("deposit_forfeited", "deposit forfeited", "不予返还保证金"),
    ("advance_outstanding", "advance outstanding", "未冲抵预付金"),
    ("clearing", "still to be paid", "清算应补付"),
    ("state", "state", "状态"),
    ("PREPARED", "prepared", "已生成"),
    ("LOCKED", "locked", "已锁定"),
    ("item", "item", "项目"),
    ("value", "value", "数值"),
    ("side", "side", "类别"),
    ("reason", "reason", "原因"),
    ("author", "by", "经办人"),
    ("reversal", "reversal", "冲正"),
    ("difference", "difference", "差额"),
    ("source", "source", "来源"),
    ("use", "use", "使用"),
    ("price", "price", "价格"),
    ("warning", "warning", "提示"),
    ("look at", "look at", "请核对"),
    ("sources - uses", "sources less uses", "来源减使用"),
    ("point_value_yuan", "value of a point, yuan", "点值（元）"),
    ("k", "factor", "折算系数"),
    ("fund_part", "fund part", "基金部分"),
    ("scale", "scaling", "总额折算"),
    ("cap", "cap", "封顶"),
    ("reflow", "reflow", "超限回补"),
    ("corridor", "corridor", "盈亏走廊"),
    ("addons", "add-ons", "倾斜加成"),
    ("assess", "assessment", "考核"),
    ("penalty", "penalty", "违规处理"),
    ("residual", "residual", "尾差"),
    ("net_off", "netting", "轧差"),
    ("budget", "budget", "预算"),
    ("reserve", "reserve", "风险金"),
    ("reserve_drawn", "reserve drawn", "动用风险金"),
    ("amount_cases", "cases paid by amount", "定额病例"),
    ("standard_cases", "cases paid by standard", "按标准付费病例"),
    ("points_cases", "cases paid by points", "按点数付费病例"),
    ("kept_by_fund", "kept by the fund", "基金留存"),
    ("gap_funding", "funding of the gap", "缺口资金"),
    ("unallocated", "not allocated", "未分配"),
    ("to_reserve", "to the reserve", "转入风险金"),
    ("carve_outs", "carved out", "专项划出"),
    ("changes", "approved changes", "批准调整"),
    ("run_id", "run", "运行编号"),
    ("pack", "policy pack", "政策包"),
    ("pack_hash", "hash of the pack", "政策包哈希"),
    ("input_hash", "hash of the input", "输入哈希"),
    ("evidence_min", "weakest evidence", "最弱依据"),
    ("insured_scheme", "insurance", "险种"),
    ("admit_date", "admitted", "入院日期"),
    ("los_days", "days", "住院天数"),
    ("grouper_version", "grouper", "分组器版本"),
    ("base_points", "base points", "基准点数"),
    ("also", "also", "其他命中类型"),
    ("marks", "marks", "标记"),
    ("ratio", "ratio", "倍率"),
    ("threshold", "threshold", "倍率界限"),
    ("edge", "edge", "界限归属"),
    ("amount_case", "due by amount", "定额应付"),
    ("prior_year", "of earlier years", "往年分录"),
    ("run", "run", "运行"),
    ("count", "count", "数量"),
    ("hospitals", "hospitals", "医疗机构数"),
    ("points_of_kind", "points by kind", "分类型点数"),
];

/// What a word is called; one that has no label is called by itself, as a person named it.
pub(super) fn label(word: &str, lang: Lang) -> String {
    let known = LABELS.iter().find(|(known, ..)| *known == word);
    if let Some((_, en, zh)) = known {
        return lang.pick(en, zh).to_owned();
    }
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == word);
    kind.map_or_else(|| word.to_owned(), |kind| kind.words().in_lang(lang).to_owned())
}

/// Why a case is of its kind (类型说明).
pub(super) fn why(kind: Kind, lang: Lang) -> &'static str {
    let (en, zh) = match kind {
        Kind::Normal => (
            "its cost lies within the limits of its group",
            "费用在本病组上下限之内",
        ),
        Kind::Low => (
            "its cost lies below the low limit of its group",
            "费用低于本病组下限",
        ),
        Kind::High => (
            "its cost lies above the high limit of its group",
            "费用高于本病组上限",
        ),
        Kind::Extreme => (
            "its cost lies above the extreme limit of its group",
            "费用高于本病组极高上限",
        ),
        Kind::Ungrouped => ("it has no group, or several", "未入组或歧义"),
        Kind::Unstable => ("its group has no weight that may be used", "所入病组无可用权重"),
        Kind::ZeroScore => ("the weight of its group is zero", "所入病组分值为零"),
        Kind::OutOfScope => (
            "its stay is too short or too long for this payment",
            "住院天数不在付费范围",
        ),
        Kind::NotCovered => (
            "insurance, hospital or person are outside this payment",
            "险种、机构或人员不在付费范围",
        ),
        Kind::Incomplete => ("the treatment was not completed", "未完整治疗"),
        Kind::BedDay => ("it is paid by the day", "按床日付费"),
        Kind::DayCare => ("it is day care", "日间病例"),
    };
    Words { en, zh }.in_lang(lang)
}

/// What befell a case after its kind was found (标记说明).
pub(super) fn why_marked(mark: Mark, lang: Lang) -> &'static str {
    let (en, zh) = match mark {
        Mark::Review => (
            "it is to be reviewed, and paid as its kind until then",
            "待特例单议，暂按原类型付费",
        ),
        Mark::CoefficientAssumed => ("its coefficient is not known", "调节系数缺失"),
        Mark::Regrouped => (
            "too little traditional medicine for its group: it was moved to another one",
            "中医占比不足，已改组",
        ),
        Mark::Returned => ("it was given back to the hospital", "退回医院"),
        Mark::Readmitted => (
            "a stay of the same illness lies within days of it",
            "规定天数内再入院",
        ),
        Mark::Merged => (
            "it is joined to another stay and paid with that",
            "并入另一次住院，合并付费",
        ),
        Mark::Chained => (
            "earlier hospitals of its chain of transfers have their points of it",
            "转院链前序机构已计点数，予以扣减",
        ),
    };
    Words { en, zh }.in_lang(lang)
}
