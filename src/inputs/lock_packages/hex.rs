//! `mix.lock`: `"my_phx": {:hex, :phoenix, "1.6.0", …}`. Trivy lists the name before the colon, which may be the project's own, and reads
//! each package from one line.

use super::{LockPackage, LockPackages};
use crate::inputs::code::after_each;

pub(super) fn read(text: &str) -> Option<LockPackages> {
    text.trim_start().starts_with("%{").then_some(())?;
    let packages = after_each(text, "{:hex,").filter_map(|rest| {
        let (name, rest) = rest.trim_start().strip_prefix(':')?.split_once(',')?;
        let (version, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
        Some(LockPackage::new(name.trim().trim_matches('"'), Some(version.to_owned())))
    });
    Some(LockPackages { shipped: packages.collect(), ..LockPackages::default() })
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::read;

    #[test]
    fn a_package_has_the_name_that_hex_knows() {
        let lock = "%{\n  \"my_phx\": {:hex, :phoenix, \"1.6.0\", \"00\", [:mix], [{:a, \"~> 1\", [hex: :a]}], \"hexpm\", \"00\"},\n  \
            \"b\":\n    {:hex, :b, \"2.0.0\", \"00\", [:mix], [],\n     \"hexpm\", \"00\"},\n  \"c\": {:git, \"https://x.test/c\", \"00\", []},\n}\n";
        assert_eq!(names(&read(lock).unwrap()), ["b 2.0.0", "phoenix 1.6.0"]);
        assert_eq!(read("[]"), None);
    }
}
