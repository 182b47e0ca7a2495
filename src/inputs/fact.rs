//! What a file says, by what it is.

use std::collections::BTreeMap;

use crate::inputs::builds::Told;
use crate::inputs::cargo_manifest::CargoManifest;
use crate::inputs::go_mod::GoMod;
use crate::inputs::packages;
use crate::inputs::terraform::TerraformFile;
use crate::inputs::test_runs::TestRun;
use crate::inputs::typescript::TsConfig;

#[derive(Debug)]
pub(super) enum Fact {
    Npm(packages::NpmPackage),
    /// The projects of TypeScript that an `angular.json` names.
    Angular(BTreeMap<String, bool>),
    Pnpm(Vec<String>),
    /// The folders of the projects of a `rush.json`.
    Rush(Vec<String>),
    Python(packages::PyProject),
    Cargo(CargoManifest),
    /// The requirements files that another one includes.
    Includes(Vec<String>),
    Go(GoMod),
    GoWork(GoMod),
    /// Names packages; whether the lock file may lie above.
    Packages(bool),
    TypeScript(TsConfig),
    Terraform(TerraformFile),
    Builds(Told),
    Tests(TestRun),
    Overlay,
}
