//! What `init` writes for tests: an example, as nobody can guess whether they need a database.

use crate::model::input::TestRunner;
use crate::scan::seen::folder_of;
use crate::scan::suggestion::{Seen, Suggestion, list, quoted};

/// Suggests no gate, only an example.
pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let npm = seen.packages().find(|(_, package)| package.scripts.contains_key("test"));
    let of_npm = || npm.map(|(folder, _)| (vec![seen.manager(&folder).id(), "test"], folder));
    let python = seen.test_runs().into_iter().find(|(_, run)| run.runner == TestRunner::Pytest);
    let of_python =
        || python.map(|(config, _)| (vec!["pytest", "--junit-xml=junit.xml"], folder_of(&config).to_owned()));
    let example = of_npm().or_else(of_python).map(|(run, folder)| {
        let run: Vec<String> = run.into_iter().map(str::to_owned).collect();
        format!(
            "\n# Unit tests as a gate; let them write JUnit XML, and name the file:\n# [[gate]]\n# id = \"tests\"\n# tool = \"command\"\n# run = {}\n# dir = {}\n# report = {{ format = \"junit\", path = \"junit.xml\" }}\n",
            list(&run),
            quoted(&folder)
        )
    });
    Suggestion { example, ..Suggestion::default() }
}
