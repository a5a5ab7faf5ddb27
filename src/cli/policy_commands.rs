//! What a policy pack means, in words.

use std::path::Path;

use super::commands::{Ending, print};
use super::policy_arguments::PolicyCommand;
use super::terminal::Terminal;
use crate::diagnostics::{Evidence, Lang, Result};
use crate::points::{Pack, Parameter};

/// `policy …`
///
/// # Errors
/// The pack cannot be used; each error names file, line and key.
pub(super) fn policy(command: &PolicyCommand, terminal: &Terminal) -> Result<Ending> {
    match command {
        PolicyCommand::Check { pack } => check(pack, terminal),
    }
}

fn check(path: &Path, terminal: &Terminal) -> Result<Ending> {
    let pack = Pack::load(path)?;
    print(&words(&pack, terminal.lang))?;
    Ok(Ending {
        findings: !pack.unresolved().is_empty() || pack.evidence() > Evidence::Local,
    })
}

/// Sentences, then what is assumed, then what is left open.
fn words(pack: &Pack, lang: Lang) -> String {
    let (class, version) = (pack.class().as_str(), &pack.grouper().version);
    let mut lines = vec![match lang {
        Lang::En => format!("pack {}: class {class}, grouped by {version}", pack.name()),
        Lang::Zh => format!("政策包 {}：{class}类，分组器 {version}", pack.name()),
    }];
    let sentences = pack.sentences(lang);
    lines.extend(
        sentences
            .iter()
            .map(|sentence| format!("  {}: {}", sentence.key, sentence.text)),
    );
    let assumed: Vec<&Parameter> = pack.assumed().collect();
    lines.push(match lang {
        Lang::En => format!(
            "on weaker ground than the place's own data: {} keys",
            assumed.len()
        ),
        Lang::Zh => format!("依据弱于本地数据的参数：{}项", assumed.len()),
    });
    lines.extend(assumed.iter().map(|parameter| {
        let Parameter {
            key, value, evidence, ..
        } = parameter;
        format!(
            "  {} {key} = {value} ({})",
            evidence.as_str(),
            ground(pack, parameter, lang)
        )
    }));
    if !pack.unresolved().is_empty() {
        let open = pack.unresolved().join(", ");
        lines.push(match lang {
            Lang::En => format!("left open, so that nothing is settled: {open}"),
            Lang::Zh => format!("未决，不得结算：{open}"),
        });
    }
    lines.join("\n") + "\n"
}

/// The document of a key; one that is known less well than its document says so.
fn ground(pack: &Pack, parameter: &Parameter, lang: Lang) -> String {
    let document = pack
        .documents()
        .iter()
        .find(|document| document.id == parameter.document);
    let source = &parameter.source;
    match document.is_some_and(|document| document.evidence < parameter.evidence) {
        false => source.clone(),
        true => match lang {
            Lang::En => format!("less sure than its document: {source}"),
            Lang::Zh => format!("弱于所引文件：{source}"),
        },
    }
}
