//! What an earlier run wrote into the folder of results (前次结果): tables that a later run does not have
//! would be taken for its own.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::diagnostics::{Error, Result, hexadecimal};

/// Files of an earlier run of the same command that a later run does not write (残留文件).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// As the earlier run wrote them: they are taken away.
    pub stale: Vec<PathBuf>,
    /// Changed since by somebody: they stay, and are told.
    pub changed: Vec<PathBuf>,
}

impl Leftovers {
    /// Of `folder`, by the list in its `run.json`, which names the command; nothing of other commands.
    pub fn of(folder: &Path, command: &str, written: &[String]) -> Leftovers {
        let mut left = Leftovers::default();
        for (name, hash) in outputs(folder, command) {
            let path = folder.join(&name);
            if written.contains(&name) || !is_below(&name) || !path.is_file() {
                continue;
            }
            match std::fs::read(&path) {
                Ok(bytes) if sha256(&bytes) == hash => left.stale.push(path),
                _ => left.changed.push(path),
            }
        }
        left
    }

    /// Takes away what is stale.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn remove(&self) -> Result<()> {
        self.stale.iter().try_for_each(|path| {
            std::fs::remove_file(path)
                .map_err(|e| Error::io(path, "of an earlier run could not be removed", &e))
        })
    }
}

fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Name and SHA-256 of what the run wrote whose page lies in a folder.
fn outputs(folder: &Path, command: &str) -> Vec<(String, String)> {
    let page = std::fs::read(folder.join("run.json")).ok();
    let page: Option<Value> = page.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let Some(page) = page.filter(|page| page.get("command").and_then(Value::as_str) == Some(command)) else {
        return Vec::new();
    };
    let files = page.get("outputs").and_then(Value::as_array);
    let text = |file: &Value, name: &str| file.get(name).and_then(Value::as_str).map(str::to_owned);
    files
        .into_iter()
        .flatten()
        .filter_map(|file| Some((text(file, "name")?, text(file, "sha256")?)))
        .collect()
}

/// A list may be edited: nothing outside the folder is touched.
fn is_below(name: &str) -> bool {
    let path = Path::new(name);
    path.components().all(|part| matches!(part, Component::Normal(_))) && !name.is_empty()
}
