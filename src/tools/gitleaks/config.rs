//! .gitleaks.toml: the project's own rules, and allowlists.

use toml::de::{DeTable, DeValue};

use crate::scan::config_file::{BaseOverride, ConfigFile, ConfigNote, Follows};
use crate::scan::job::Job;
use crate::tools::named_files;

/// The file in the scanned folder.
pub(super) static OWN: ConfigFile = ConfigFile {
    name: ".gitleaks.toml",
    describe,
    overrule: BaseOverride::Take { neutral: Some("[extend]\nuseDefault = true\n"), take: own },
    bars: None,
    programs: None,
    part: None,
    follows: EXTENDED,
};

/// The file that the key `config` names.
pub(super) static NAMED: ConfigFile = ConfigFile {
    name: "`config`",
    describe,
    overrule: BaseOverride::Take { neutral: None, take: named },
    bars: None,
    programs: None,
    part: None,
    follows: EXTENDED,
};

/// gitleaks `config/config.go` `extendPath` (8.30): relative to the folder in which it starts.
const EXTENDED: Option<Follows> = Some(Follows { names: extended, file: Some(&named_files::NAMED) });

fn extended(content: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(content);
    let (table, _) = DeTable::parse_recoverable(&text);
    let extend = table.get_ref().get("extend").and_then(|extend| extend.get_ref().as_table());
    let path = extend.and_then(|extend| extend.get("path")).and_then(|path| path.get_ref().as_str());
    path.into_iter().map(str::to_owned).collect()
}

fn own(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    job.options(["--config"].into_iter().chain(copy));
    Ok(())
}

fn named(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    let copy = copy.ok_or("gates.toml names it, but the base does not have it")?;
    let at = job.invocation.args.iter().position(|arg| arg == "--config").map(|at| at + 1);
    let named = at.and_then(|at| job.invocation.args.get_mut(at)).ok_or("its command does not name it")?;
    *named = copy.to_owned();
    Ok(())
}

/// Its allowlists, rules that it disables, and whether gitleaks' own rules are left out.
fn describe(content: &[u8]) -> Option<ConfigNote> {
    let text = String::from_utf8_lossy(content);
    let (table, _) = DeTable::parse_recoverable(&text);
    let table = table.get_ref();
    fn at<'t, 'a>(table: &'t DeTable<'a>, key: &str) -> Option<&'t DeValue<'a>> {
        table.get(key).map(toml::Spanned::get_ref)
    }
    let allowlists_of = |table: &DeTable| {
        let list = at(table, "allowlists").and_then(DeValue::as_array).map_or(0, |list| list.len());
        list + usize::from(at(table, "allowlist").is_some())
    };
    let rules = at(table, "rules").and_then(DeValue::as_array);
    let in_rules: usize = rules.map_or(0, |rules| {
        rules.iter().filter_map(|rule| rule.get_ref().as_table()).map(allowlists_of).sum()
    });
    let extend = at(table, "extend").and_then(DeValue::as_table);
    let own_rules =
        extend.and_then(|extend| at(extend, "useDefault")).and_then(DeValue::as_bool) == Some(true);
    let disabled = extend
        .and_then(|extend| at(extend, "disabledRules"))
        .and_then(DeValue::as_array)
        .map_or(0, |rules| rules.len());
    let mut details = Vec::new();
    match allowlists_of(table) + in_rules {
        0 => {}
        1 => details.push("1 allowlist".to_owned()),
        n => details.push(format!("{n} allowlists")),
    }
    if disabled > 0 {
        details.push(format!("{disabled} disabled"));
    }
    if !own_rules {
        details.push("without gitleaks' own rules".to_owned());
    }
    Some(ConfigNote::Holds(details))
}
