//! The packages that `setup.cfg` and `setup.py` ask for on every system, as PyPI compares their names.
//!
//! Source: setuptools, "Declarative config" and "Keywords": `install_requires`.

use std::collections::BTreeSet;

use crate::inputs::code::{after_each, bodies, without_comments};
use crate::inputs::lock_packages::names_of_requirements;
use crate::inputs::required::sections;

pub(super) fn of_setup_cfg(text: &str) -> BTreeSet<String> {
    let mut key = String::new();
    let mut lines = Vec::new();
    for (section, line) in sections(text) {
        let is_more = line.starts_with([' ', '\t']);
        let mut value = line.trim();
        if !is_more {
            let (name, rest) = line.split_once(['=', ':']).unwrap_or((line, ""));
            (key, value) = (name.trim().replace('-', "_"), rest.trim());
        }
        if section == "options"
            && key == "install_requires"
            && !value.starts_with("file:")
            && !value.contains(';')
        {
            lines.push(value);
        }
    }
    names_of_requirements(&lines.join("\n")).into_iter().collect()
}

/// `None`: the program makes its list.
pub(super) fn of_setup_py(text: &str) -> Option<BTreeSet<String>> {
    let code = without_comments(text, "#", false);
    let mut lists =
        after_each(&code, "install_requires").filter_map(|rest| rest.trim_start().strip_prefix('='));
    let rest = lists.next()?.trim_start();
    let list = rest.starts_with('[').then(|| bodies(rest, "[", ('[', ']')).next())??;
    let mut lines = Vec::new();
    let mut left = list;
    while let Some(at) = left.find(['"', '\'']) {
        let (between, rest) = left.split_at(at);
        let (text, after) = rest[1..].split_once(&rest[..1])?;
        is_between(between).then(|| lines.push(text))?;
        left = after;
    }
    is_between(left).then_some(())?;
    lines.retain(|line| !line.contains(';'));
    Some(names_of_requirements(&lines.join("\n")).into_iter().collect())
}

/// Whether this may stand between two texts of a list.
fn is_between(code: &str) -> bool {
    code.chars().all(|c| c == ',' || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::{of_setup_cfg, of_setup_py};

    #[test]
    fn what_is_asked_for_on_every_system_is_known() {
        let cfg = "[metadata]\nname = a\n[options]\ninstall_requires =\n    Py_YAML==5.3\n    # no\n    six\n    tomli; python_version < '3.11'\npackages = find:\n";
        assert!(of_setup_cfg(cfg).iter().eq(["py-yaml", "six"]));
        assert!(of_setup_cfg("[options]\ninstall_requires = file: requirements.txt\n").is_empty());
        let py = "setup(\n  install_requires=['PyYAML==5.3', \"six[x]>=1\",  # why\n    'tomli; python_version<\"3\"'],\n)\n";
        assert!(of_setup_py(py).unwrap().iter().eq(["pyyaml", "six"]));
        for program in [
            "setup(install_requires=read('x'))",
            "setup(install_requires=['a'] + x)",
            "setup()",
            "setup(install_requires=[x, 'a'])",
        ] {
            assert!(of_setup_py(program).is_none_or(|names| names.iter().eq(["a"])), "{program}");
        }
        assert_eq!(of_setup_py("setup(install_requires=[x, 'a'])"), None);
    }
}
