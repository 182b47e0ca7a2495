//! Reports of scanners that Portcullis does not run, for `portcullis judge --report FORMAT=PATH`.

use serde::Serialize;

use crate::formats::{Format, format};
use crate::keys::table::Keys;
use crate::policy::licence::InventoryRules;
use crate::scan::declared::Declared;
use crate::scan::job::Job;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::suggestion::Suggestion;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::tools::inventory_check::check_inventory;

/// One tool for each of [`crate::formats::FORMATS`], with the format's name.
pub static TOOLS: [ToolSpec; 7] = [
    reader("sarif", |_| Box::new(Foreign(format("sarif")))),
    reader("junit", |_| Box::new(Foreign(format("junit")))),
    reader("checkstyle", |_| Box::new(Foreign(format("checkstyle")))),
    reader("cyclonedx", |_| Box::new(Foreign(format("cyclonedx")))),
    reader("spdx", |_| Box::new(Foreign(format("spdx")))),
    reader("osv-scanner", |_| Box::new(Foreign(format("osv-scanner")))),
    reader("snyk", |_| Box::new(Foreign(format("snyk")))),
];

const fn reader(name: &'static str, configure: fn(&Keys) -> Box<dyn Tool>) -> ToolSpec {
    ToolSpec {
        name,
        title: name,
        stage: "Reports",
        usual_seconds: 2,
        program: "",
        version_args: &[],
        version: VersionFrom::Report,
        docs: "docs/configuration.md#command",
        install: "",
        secret_fields: super::command::SPEC.secret_fields,
        steering: &[],
        looks_for: Declared::None("the content of its reports is not known in advance"),
        config_files: Declared::None("it is not run"),
        init: Suggestion::nothing,
        configure,
    }
}

#[derive(Debug, Serialize)]
struct Foreign(Option<&'static Format>);

impl Tool for Foreign {
    fn plan(&self, _scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        Err(Unplanned::Impossible("a report format is read, not run".to_owned()))
    }

    fn exit(&self, _code: i32) -> Exit {
        Exit::Silent
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let Some(format) = self.0 else {
            return Err(ReportError::ToolError("this report format is not known".to_owned()));
        };
        let mut parsed = (format.read)(raw.report(), origin)?;
        if format.is_inventory {
            check_inventory(&InventoryRules::default(), raw.report(), &mut parsed)?;
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::FORMATS;

    #[test]
    fn every_format_has_its_reader() {
        let formats: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        let readers: Vec<&str> = TOOLS.iter().map(|spec| spec.name).collect();
        assert_eq!(readers, formats);
    }
}
