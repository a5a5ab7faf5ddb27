//! What an analysis was made of, so that anybody gets the same again (可复现信息).

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::sheets::Sheet;
use crate::diagnostics::{Error, Result, Words, hexadecimal};

/// The libraries this program was built with.
const LOCK_FILE: &[u8] = include_bytes!("../../Cargo.lock");

/// Inputs, parameters, seed and results of an analysis (可复现信息).
#[derive(Clone, Debug, Default)]
pub struct Reproduced<'r> {
    /// Each input as named and its SHA-256.
    pub inputs: Vec<(String, String)>,
    /// The parameters as the program read them: a TOML table.
    pub parameters: toml::Table,
    /// Seed and number of draws.
    pub draws: Option<(u64, u32)>,
    /// How often each warning was given.
    pub warnings: BTreeMap<&'r str, u64>,
    /// Each result table and its SHA-256; filled in where they are written.
    pub outputs: Vec<(String, String)>,
}

fn hash(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

impl Reproduced<'_> {
    /// Hashes the result files.
    pub(super) fn set_outputs(&mut self, files: &[(String, Vec<u8>)]) {
        let hashed = files.iter().map(|(name, bytes)| (name.clone(), hash(bytes)));
        self.outputs = hashed.collect();
    }

    /// SHA-256 of the sorted names and hashes of the inputs.
    fn table_hash(&self) -> String {
        let mut inputs = self.inputs.clone();
        inputs.sort();
        hash(listed(&inputs).as_bytes())
    }

    /// SHA-256 of the parameters, keys sorted, one form for one value.
    fn policy_hash(&self) -> Result<String> {
        let text = serde_json::to_string(&self.parameters);
        text.map(|text| hash(text.as_bytes()))
            .map_err(|e| Error::new(format!("the parameters cannot be written: {e}")))
    }

    /// SHA-256 of the result tables in their order.
    fn result_hash(&self) -> String {
        hash(listed(&self.outputs).as_bytes())
    }

    /// `run.json`.
    ///
    /// # Errors
    /// The parameters cannot be written.
    pub(super) fn json(&self) -> Result<String> {
        let files = |files: &[(String, String)], name: &str| -> Vec<serde_json::Value> {
            files
                .iter()
                .map(|(file, hash)| json!({ name: file, "sha256": hash }))
                .collect()
        };
        let page = json!({
            "engine": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
            "lock_file_hash": hash(LOCK_FILE),
            "target": target(),
            "inputs": files(&self.inputs, "path"),
            "table_hash": self.table_hash(),
            "policy_hash": self.policy_hash()?,
            "parameters": self.parameters,
            "seed": self.draws.map(|(seed, _)| seed),
            "draws": self.draws.map(|(_, draws)| draws),
            "warnings": self.warnings,
            "outputs": files(&self.outputs, "name"),
            "result_hash": self.result_hash(),
        });
        Ok(format!("{page:#}\n"))
    }

    /// The same for people.
    pub(super) fn sheet(&self) -> Sheet {
        let columns = [
            ("field", "field", "项目"),
            ("name", "name", "名称"),
            ("hash", "value or SHA-256", "值或SHA-256"),
        ];
        let title = Words {
            en: "Reproducibility",
            zh: "可复现信息",
        };
        let mut sheet = Sheet::new("reproducibility", title, &columns);
        let mut put = |field: &str, name: &str, value: String| {
            sheet.row().text(field).text(name).text(value).end();
        };
        put(
            "version",
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION").to_owned(),
        );
        put("version", "target", target());
        put("version", "lock_file_hash", hash(LOCK_FILE));
        for (file, hash) in &self.inputs {
            put("input_hash", file, hash.clone());
        }
        put("table_hash", "", self.table_hash());
        put("policy_hash", "", self.policy_hash().unwrap_or_default());
        if let Some((seed, draws)) = self.draws {
            put("seed", "", seed.to_string());
            put("draws", "", draws.to_string());
        }
        for (warning, count) in &self.warnings {
            put("warnings", warning, count.to_string());
        }
        put("result_hash", "", self.result_hash());
        sheet
    }
}

fn listed(files: &[(String, String)]) -> String {
    files
        .iter()
        .map(|(name, hash)| format!("{name} {hash}\n"))
        .collect()
}

fn target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}
