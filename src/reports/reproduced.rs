//! What an analysis was made of, so that anybody gets the same again (可复现信息).

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::identity::{program, program_json};
use super::sheets::Sheet;
use crate::diagnostics::{Error, Result, Words, hexadecimal};

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
    /// The hash of the results; filled in where they are written.
    pub result_hash: String,
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

    /// SHA-256 of the sorted names and hashes of the inputs; folders are no part of a name.
    fn input_hash(&self) -> String {
        let name = |path: &String| {
            let name = std::path::Path::new(path).file_name();
            name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
        };
        let inputs = self.inputs.iter();
        let mut inputs: Vec<(String, String)> =
            inputs.map(|(path, hash)| (name(path), hash.clone())).collect();
        inputs.sort();
        hash(listed(&inputs).as_bytes())
    }

    /// SHA-256 of the parameters, keys sorted, one form for one value.
    fn policy_hash(&self) -> Result<String> {
        let text = serde_json::to_string(&self.parameters);
        text.map(|text| hash(text.as_bytes()))
            .map_err(|e| Error::new(format!("the parameters cannot be written: {e}")))
    }

    /// `run.json`.
    ///
    /// # Errors
    /// The parameters cannot be written.
    pub(super) fn json(&self, command: &str) -> Result<String> {
        let files = |files: &[(String, String)], name: &str| -> Vec<serde_json::Value> {
            files
                .iter()
                .map(|(file, hash)| json!({ name: file, "sha256": hash }))
                .collect()
        };
        let page = json!({
            "command": command,
            "version": program_json(),
            "inputs": files(&self.inputs, "path"),
            "input_hash": self.input_hash(),
            "policy_hash": self.policy_hash()?,
            "parameters": self.parameters,
            "seed": self.draws.map(|(seed, _)| seed),
            "draws": self.draws.map(|(_, draws)| draws),
            "warnings": self.warnings,
            "outputs": files(&self.outputs, "name"),
            "result_hash": self.result_hash,
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
        for (name, text) in program() {
            put("version", name, text);
        }
        for (file, hash) in &self.inputs {
            put("input", file, hash.clone());
        }
        put("input_hash", "", self.input_hash());
        put("policy_hash", "", self.policy_hash().unwrap_or_default());
        if let Some((seed, draws)) = self.draws {
            put("seed", "", seed.to_string());
            put("draws", "", draws.to_string());
        }
        for (warning, count) in &self.warnings {
            put("warnings", warning, count.to_string());
        }
        put("result_hash", "", self.result_hash.clone());
        sheet
    }
}

fn listed(files: &[(String, String)]) -> String {
    files
        .iter()
        .map(|(name, hash)| format!("{name} {hash}\n"))
        .collect()
}
