//! Files of a scheme that stand on weaker ground than the scheme (证据较弱的表): `weaker` of `scheme.toml`.

use std::collections::BTreeMap;

use toml::Spanned;

use crate::diagnostics::{Error, Evidence, Result};
use crate::library::{Library, TableFile};

/// `weaker = { "procedure-types.csv" = "assumption" }`
pub(super) type WeakerKeys = BTreeMap<Spanned<String>, Evidence>;

/// One scheme of a chain, as far as ground is asked.
pub(super) struct Ground<'c> {
    pub(super) folder: &'c str,
    pub(super) file: &'c TableFile,
    pub(super) evidence: Evidence,
    pub(super) weaker: &'c WeakerKeys,
}

/// Files with their evidence, by name: what a scheme says of a file, its own or one it inherits, holds until an
/// heir has a file of its own by that name.
///
/// # Errors
/// A file that is not there, or that is said to stand on no weaker ground than the scheme.
pub(super) fn weaker_files(library: &Library, chain: &[Ground<'_>]) -> Result<Vec<(String, Evidence)>> {
    let mut found: BTreeMap<String, Evidence> = BTreeMap::new();
    let has =
        |scheme: &Ground<'_>, name: &str| Ok::<bool, Error>(library.read(scheme.folder, name)?.is_some());
    for (at, scheme) in chain.iter().enumerate() {
        for (name, evidence) in scheme.weaker {
            let place = scheme.file.place.of_offset(&scheme.file.text, name.span().start);
            let name = name.get_ref();
            let mut own_or_inherited = false;
            for above in chain.iter().skip(at) {
                own_or_inherited |= has(above, name)?;
            }
            if !own_or_inherited {
                let message = format!(
                    "`weaker` names `{name}`, and there is no such file here or in what this scheme extends"
                );
                return Err(Error::at(place, message));
            }
            if *evidence <= scheme.evidence {
                let message = format!(
                    "`weaker`: `{name}` is `{}`, and the scheme is `{}`; expected weaker ground than that",
                    evidence.as_str(),
                    scheme.evidence.as_str()
                );
                return Err(Error::at(place, message));
            }
            let mut replaced = false;
            for heir in chain.iter().take(at) {
                replaced |= has(heir, name)?;
            }
            if !replaced {
                found.entry(name.clone()).or_insert(*evidence);
            }
        }
    }
    Ok(found.into_iter().collect())
}
