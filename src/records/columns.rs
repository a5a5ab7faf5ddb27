//! The neutral layout's columns and the header row that names them.

use std::sync::Arc;

use super::layout::Origins;
use crate::diagnostics::{Error, Place, Result, suggestion};

macro_rules! columns {
    ($($name:ident = $text:literal, $zh:literal;)*) => {
        /// A column of the neutral layout (中性列). Others are passed through.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "each variant is its column's name")]
        pub enum Column { $($name,)* }

        impl Column {
            /// All, in the order of their index.
            pub const ALL: &'static [Column] = &[$(Column::$name,)*];

            /// The column of a header, compared as headers are.
            pub fn of(header: &str) -> Option<Column> {
                let header = fold(header);
                Column::ALL.iter().copied().find(|column| column.name() == header)
            }

            /// Whether two headers are the same, as headers are compared.
            pub fn same_header(one: &str, other: &str) -> bool {
                fold(one) == fold(other)
            }

            /// The header.
            pub const fn name(self) -> &'static str {
                match self { $(Column::$name => $text,)* }
            }

            /// The Chinese term.
            pub const fn chinese(self) -> &'static str {
                match self { $(Column::$name => $zh,)* }
            }
        }
    };
}

columns! {
    CaseId = "case_id", "病例标识";
    Hospital = "hospital", "定点医疗机构代码";
    HospitalLevel = "hospital_level", "医疗机构等级";
    RecordNo = "record_no", "病案号";
    VisitNo = "visit_no", "住院次数";
    EncounterId = "encounter_id", "就诊ID";
    SettlementId = "settlement_id", "结算ID";
    Person = "person", "人员编号";
    InsuredScheme = "insured_scheme", "险种";
    Plan = "plan", "缴费档次";
    Payer = "payer", "医疗付费方式";
    InsuredRegion = "insured_region", "参保地";
    Sex = "sex", "性别";
    BirthDate = "birth_date", "出生日期";
    Age = "age", "年龄";
    AgeDays = "age_days", "日龄";
    WeightG = "weight_g", "体重";
    BirthWeightsG = "birth_weights_g", "新生儿出生体重";
    AdmitWeightG = "admit_weight_g", "新生儿入院体重";
    NewbornType = "newborn_type", "新生儿入院类型";
    AdmitDate = "admit_date", "入院日期";
    AdmitTime = "admit_time", "入院时间";
    DischargeDate = "discharge_date", "出院日期";
    DischargeTime = "discharge_time", "出院时间";
    LosDays = "los_days", "实际住院天数";
    AdmitRoute = "admit_route", "入院途径";
    AdmitDepartment = "admit_department", "入院科别";
    TransferDepartments = "transfer_departments", "转科科别";
    Department = "department", "出院科别";
    DischargeStatus = "discharge_status", "离院方式";
    DischargeTo = "discharge_to", "拟接收医疗机构";
    Autopsy = "autopsy", "死亡患者尸检";
    ReadmitPlan = "readmit_plan", "31天再住院计划";
    DaySurgery = "day_surgery", "日间手术";
    TreatmentType = "treatment_type", "治疗类别";
    Diagnoses = "diagnoses", "诊断编码";
    DiagnosisNames = "diagnosis_names", "诊断名称";
    Poa = "poa", "入院病情";
    DiagnosisOutcomes = "diagnosis_outcomes", "出院情况";
    TcmDiagnoses = "tcm_diagnoses", "中医诊断";
    ExternalCauses = "external_causes", "损伤中毒外部原因";
    Pathologies = "pathologies", "病理诊断编码";
    OutpatientDiagnosis = "outpatient_diagnosis", "门（急）诊诊断编码";
    Procedures = "procedures", "手术操作编码";
    ProcedureNames = "procedure_names", "手术操作名称";
    ProcedureStarts = "procedure_starts", "手术操作日期";
    ProcedureEnds = "procedure_ends", "手术操作结束时间";
    ProcedureLevels = "procedure_levels", "手术级别";
    ProcedureHours = "procedure_hours", "手术持续时间";
    Anaesthesia = "anaesthesia", "麻醉方式";
    Asa = "asa", "麻醉分级";
    Wounds = "wounds", "切口愈合等级";
    VentilatorHours = "ventilator_hours", "呼吸机使用时间";
    ComaBeforeMin = "coma_before_min", "入院前昏迷时间";
    ComaAfterMin = "coma_after_min", "入院后昏迷时间";
    IcuHours = "icu_hours", "重症监护时长";
    IcuStays = "icu_stays", "重症监护";
    NursingDays = "nursing_days", "护理天数";
    Blood = "blood", "输血";
    TotalFee = "total_fee", "医疗总费用";
    PatientPaid = "patient_paid", "自付金额";
    Copay = "copay", "个人自付";
    SelfPaid = "self_paid", "个人自费";
    AccountPaid = "account_paid", "个人账户支出";
    CashPaid = "cash_paid", "个人现金支付";
    FundPaid = "fund_paid", "基金支付";
    FeeOwn = "fee_own", "全自费";
    FeeOver = "fee_over", "超限价自费";
    FeePre = "fee_pre", "先行自付";
    FeeScope = "fee_scope", "政策范围内费用";
    FrontFees = "front_fees", "首页费用分类";
    ListFees = "list_fees", "结算清单收费项目";
    PayMethod = "pay_method", "医保支付方式";
    SettleDate = "settle_date", "结算日期";
    SettleMonth = "settle_month", "结算期";
    MotherCase = "mother_case", "母亲病例标识";
    StayPurposes = "stay_purposes", "住院目的";
    Refunds = "refunds", "退费金额";
    Denied = "denied", "审核扣减金额";
    TcmFee = "tcm_fee", "中医药费用";
    TreatmentFee = "treatment_fee", "治疗与药耗费用";
    Addons = "addons", "加项";
    OutlierApproved = "outlier_approved", "高倍率审核通过";
    DiagnosesWritten = "diagnoses_written", "映射前诊断编码";
    ProceduresWritten = "procedures_written", "映射前手术操作编码";
    CodeVersion = "code_version", "编码版本";
}

/// What a file of records must have to be grouped.
pub(super) const FOR_GROUPING: [Column; 4] = [Column::CaseId, Column::Sex, Column::Age, Column::Diagnoses];

/// What it must have besides for money.
pub(super) const FOR_MONEY: [Column; 9] = [
    Column::Hospital,
    Column::Person,
    Column::InsuredScheme,
    Column::DischargeDate,
    Column::TotalFee,
    Column::FeeOwn,
    Column::FeeOver,
    Column::FeePre,
    Column::FeeScope,
];

/// Headers of personal data: such a column is neither read nor passed on.
pub(super) const PERSONAL: [&str; 24] = [
    "name",
    "patient_name",
    "psn_name",
    "id_card",
    "id_no",
    "idcard",
    "certno",
    "phone",
    "mobile",
    "tel",
    "address",
    "employer",
    "contact_name",
    "contact_phone",
    "姓名",
    "患者姓名",
    "身份证号",
    "身份证号码",
    "证件号码",
    "联系电话",
    "电话",
    "手机号",
    "住址",
    "工作单位",
];

/// Which field of a row is which column (表头).
#[derive(Clone, Debug)]
pub struct Header {
    names: Vec<String>,
    fields: Vec<Option<usize>>,
    personal: Vec<usize>,
    /// Of a foreign file: where its columns stand there.
    origins: Option<Arc<Origins>>,
}

impl Header {
    /// Reads the header row that stands at `place`.
    ///
    /// # Errors
    /// F001: a required column missing, with the nearest header found; a header that stands twice.
    pub fn read(place: &Place, names: Vec<String>, for_money: bool) -> Result<Header> {
        one_column_only(place, &names)?;
        let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
        let mut fields = Vec::with_capacity(Column::ALL.len());
        let mut errors = Vec::new();
        for column in Column::ALL {
            let mut found = folded
                .iter()
                .enumerate()
                .filter(|(_, name)| *name == column.name());
            let first = found.next().map(|(index, _)| index);
            if let Some((second, _)) = found.next() {
                let message = format!(
                    "F001: column `{}` stands twice (fields {} and {})",
                    column.name(),
                    first.map_or(0, |f| f + 1),
                    second + 1
                );
                errors.push(Error::at(place.clone(), message));
            }
            fields.push(first);
        }
        let header = Header {
            personal: personal(&folded),
            names,
            fields,
            origins: None,
        };
        let needed = FOR_GROUPING.iter().chain(FOR_MONEY.iter().filter(|_| for_money));
        for column in needed.filter(|column| header.field(**column).is_none()) {
            let near = suggestion(column.name(), folded.iter().map(String::as_str));
            let message = format!(
                "F001: column `{}` ({}) is missing{near}",
                column.name(),
                column.chinese()
            );
            errors.push(Error::at(place.clone(), message));
        }
        Error::all(errors)?;
        Ok(header)
    }

    /// The same with further columns behind the last.
    pub(super) fn with(&self, columns: &[Column]) -> Header {
        let mut header = self.clone();
        for column in columns {
            if let Some(field) = header.fields.get_mut(*column as usize) {
                *field = Some(header.names.len());
            }
            header.names.push(column.name().to_owned());
        }
        header
    }

    /// The field of a column.
    #[inline]
    pub fn field(&self, column: Column) -> Option<usize> {
        self.fields.get(column as usize).copied().flatten()
    }

    /// The same, of a foreign file.
    pub(super) fn with_origins(self, origins: Origins) -> Header {
        Header {
            origins: Some(Arc::new(origins)),
            ..self
        }
    }

    /// The source's own header of a column, or of a slot of its list (来源列名).
    pub fn origin(&self, column: Column, slot: Option<usize>) -> &str {
        match &self.origins {
            Some(origins) => origins.header(column, slot),
            None => {
                let name = self.field(column).and_then(|field| self.names.get(field));
                name.map_or(column.name(), String::as_str)
            }
        }
    }

    /// The cell of a row of a sheet, e.g. `Sheet1!C7`; nothing for other files (单元格位置).
    pub fn cell(&self, line: u64, column: Option<Column>, slot: Option<usize>) -> Option<String> {
        self.origins.as_ref()?.cell(line, column, slot)
    }

    /// Whether the reader of the layout asks an edit of its own cells.
    pub(super) fn reader_asks(&self, edit: &str) -> bool {
        self.origins.as_ref().is_some_and(|origins| origins.asks(edit))
    }

    /// How many fields a row has.
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// The headers as written.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Fields that hold personal data, never read and never passed on.
    pub fn personal(&self) -> &[usize] {
        &self.personal
    }
}

/// # Errors
/// F001: a single header that holds another separator.
pub(super) fn one_column_only(place: &Place, names: &[String]) -> Result<()> {
    let [only] = names else { return Ok(()) };
    let found = [
        (';', "semicolons", ";"),
        ('\t', "tabs", "tab"),
        ('|', "bars", "|"),
    ];
    match found
        .into_iter()
        .find(|(separator, ..)| only.contains(*separator))
    {
        Some((_, words, typed)) => {
            let message = format!("F001: the columns are separated by {words}; give --delimiter '{typed}'");
            Err(Error::at(place.clone(), message))
        }
        None => Ok(()),
    }
}

fn personal(folded: &[String]) -> Vec<usize> {
    let hits = folded
        .iter()
        .enumerate()
        .filter(|(_, name)| PERSONAL.contains(&name.as_str()));
    hits.map(|(index, _)| index).collect()
}

/// Header names are compared trimmed, width-folded, ignoring case.
pub(super) fn fold(name: &str) -> String {
    let name = name.trim().trim_matches('\u{feff}');
    name.chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => u32::from(c)
                .checked_sub(0xfee0)
                .and_then(char::from_u32)
                .unwrap_or(c),
            _ => c,
        })
        .collect::<String>()
        .to_lowercase()
}
