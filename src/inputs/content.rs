//! What is read of each file, decided by its name, and what it says: in several threads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::inputs::angular;
use crate::inputs::builds::{self, Told};
use crate::inputs::cargo_manifest;
use crate::inputs::conda;
use crate::inputs::fact::Fact;
use crate::inputs::files::{File, Files};
use crate::inputs::go_mod::GoMod;
use crate::inputs::in_threads::in_threads;
use crate::inputs::kustomize;
use crate::inputs::lock_packages::included;
use crate::inputs::look::{Look, look};
use crate::inputs::open::{Amount, Content, read};
use crate::inputs::packages;
use crate::inputs::pip_installs;
use crate::inputs::required::required;
use crate::inputs::rush;
use crate::inputs::shell;
use crate::inputs::templates;
use crate::inputs::terraform::{self, TerraformFile};
use crate::inputs::test_runs::{self, TestRun};
use crate::inputs::typescript::{self, TsConfig};
use crate::inputs::unlocked::Manifests;
use crate::model::input::{InputKind, InputTrouble, KindSet, PackageManager, Standing, TestRunner, Why};
use crate::text::bom::text_of;

/// A larger file of a kind that is read whole is not read: it is generated, or hostile.
const LARGEST: u64 = 1 << 20;

/// What the files say.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) manifests: Manifests,
    pub(super) typescript: BTreeMap<String, TsConfig>,
    /// The projects that each workspace of Angular names, and whether it builds them.
    pub(super) workspaces: BTreeMap<String, BTreeMap<String, bool>>,
    pub(super) terraform: Vec<(String, TerraformFile)>,
    pub(super) told: Vec<Told>,
    pub(super) test_runs: Vec<TestRun>,
    pub(super) troubles: Vec<InputTrouble>,
    /// Kustomizations that change or make objects.
    pub(super) overlays: BTreeSet<String>,
    /// Requirements files under any name.
    included: BTreeSet<String>,
}

/// What one file says.
#[derive(Debug, Default)]
struct Said {
    place: usize,
    kinds: KindSet,
    what: Vec<Fact>,
    why: Option<Why>,
}

/// Reads what there is to read, and gives the files their kinds.
pub(super) fn read_all(top: &Path, files: &mut Files) -> Contents {
    let jobs: Vec<(usize, Look)> =
        files.iter().filter_map(|file| Some((file.place(), look(&file)?))).collect();
    let mut contents = Contents::default();
    let mut said = in_threads(&jobs, |(place, look)| files.at(*place).map(|file| ask(top, &file, *look)));
    said.sort_by_key(|said| said.place);
    contents.take(files, said);
    // Bases and references of TypeScript projects may have any name, and name further ones.
    const MOST_ROUNDS: usize = 30;
    let packages = contents.manifests.npm.values();
    let by_scripts: BTreeSet<String> = packages.flat_map(packages::NpmPackage::projects).collect();
    for _ in 0..MOST_ROUNDS {
        let mut named = typescript::named(&contents.typescript, files);
        named.extend(by_scripts.iter().filter(|path| !contents.typescript.contains_key(*path)).cloned());
        let known = |path: &String| contents.troubles.iter().any(|trouble| trouble.path == *path);
        let more: Vec<_> =
            named.iter().filter(|path| !known(path)).filter_map(|path| files.get(path)).collect();
        let said: Vec<Said> = more.iter().map(|file| ask(top, file, Look::TsConfig)).collect();
        if said.is_empty() {
            break;
        }
        contents.take(files, said);
    }
    contents.take_included(top, files);
    contents
}

impl Contents {
    fn take(&mut self, files: &mut Files, all: Vec<Said>) {
        for Said { place, kinds, what, why } in all {
            let Some(path) = files.at(place).map(|file| file.path().into_owned()) else { continue };
            if let Some(facts) = files.facts_mut(place) {
                facts.kinds.join(kinds);
            }
            self.troubles.extend(why.map(|why| InputTrouble { path: path.clone(), why }));
            for fact in what {
                self.add(&path, fact);
            }
        }
    }

    /// Reads the requirements files that others include, whatever they are called.
    fn take_included(&mut self, top: &Path, files: &mut Files) {
        let mut known = BTreeSet::new();
        loop {
            let new: Vec<String> = self.included.difference(&known).cloned().collect();
            if new.is_empty() {
                break;
            }
            known.extend(new.iter().cloned());
            let is_unread = |file: &File| !matches!(look(file), Some(Look::Requirements | Look::Required(_)));
            let more = new.iter().filter_map(|path| files.get(path)).filter(is_unread);
            let said: Vec<Said> = more.map(|file| ask(top, &file, Look::Requirements)).collect();
            self.take(files, said);
        }
    }

    fn add(&mut self, path: &str, fact: Fact) {
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        match fact {
            Fact::Npm(package) => drop(self.manifests.npm.insert(path.to_owned(), package)),
            Fact::Pnpm(list) => drop(self.manifests.pnpm.insert(folder.to_owned(), list)),
            Fact::Rush(list) => drop(self.manifests.rush.insert(folder.to_owned(), list)),
            Fact::Python(project) => drop(self.manifests.python.insert(path.to_owned(), project)),
            Fact::Cargo(manifest) => drop(self.manifests.cargo.insert(path.to_owned(), manifest)),
            Fact::Includes(paths) => self.included.extend(paths),
            Fact::Go(module) => drop(self.manifests.go.modules.insert(path.to_owned(), module)),
            Fact::GoWork(work) => drop(self.manifests.go.workspaces.insert(path.to_owned(), work)),
            Fact::Packages(above) => drop(self.manifests.others.insert(path.to_owned(), above)),
            Fact::Angular(named) => drop(self.workspaces.insert(path.to_owned(), named)),
            Fact::TypeScript(config) => drop(self.typescript.insert(path.to_owned(), config)),
            Fact::Terraform(file) => self.terraform.push((path.to_owned(), file)),
            Fact::Builds(told) => self.told.push(told),
            Fact::Tests(run) => self.test_runs.push(run),
            Fact::Overlay => drop(self.overlays.insert(path.to_owned())),
        }
    }
}

fn ask(top: &Path, file: &File, look: Look) -> Said {
    let mut said = Said { place: file.place(), ..Said::default() };
    let amount = match look {
        Look::Template | Look::Program => Amount::Head(templates::HEAD),
        _ => Amount::Whole(LARGEST),
    };
    let is_cut = |bytes: &[u8]| bytes.len() == templates::HEAD;
    let whole = |bytes: &[u8]| {
        let is_more = || templates::may_say_later(&file.name(), &String::from_utf8_lossy(bytes));
        is_cut(bytes)
            && if look == Look::Program {
                shell::is_shell(bytes)
            } else {
                look == Look::Template && is_more()
            }
    };
    let more = |(bytes, changed): Content| match whole(&bytes) {
        true => read(top, file, Amount::Head(templates::MOST)),
        false => Ok((bytes, changed)),
    };
    match read(top, file, amount).and_then(more) {
        Ok((bytes, changed)) => {
            said.also(look, file, &bytes);
            if let Err(error) = said.look(look, file, &bytes) {
                said.why = Some(Why::NotParsed(error));
                said.what.extend(look.at_least());
            }
            said.why = changed.or(said.why);
            if look == Look::Template {
                // A key that names a Dockerfile may come late. JSON that is large and no template is data.
                let is_long = is_cut(&bytes) && !(file.name().ends_with(".json") && said.kinds.is_empty());
                let more = is_long.then(|| read(top, file, Amount::Head(templates::MOST)));
                let more = more.and_then(Result::ok).map(|(bytes, _)| bytes);
                said.named(look, file, more.as_deref().unwrap_or(&bytes));
            }
        }
        Err(why) => {
            said.why = Some(why);
            said.what.extend(look.at_least());
        }
    }
    said
}

impl Look {
    /// What a file is even if it can't be parsed: a folder of Terraform, a project.
    fn at_least(self) -> Option<Fact> {
        match self {
            Self::Terraform | Self::TerraformJson => Some(Fact::Terraform(TerraformFile::default())),
            Self::TsConfig => Some(Fact::TypeScript(TsConfig::default())),
            Self::Kustomize => Some(Fact::Overlay),
            _ => None,
        }
    }
}

/// A Dockerfile that has no file of its own.
fn inside(image: String) -> Why {
    Why::Inside(format!("builds {image} from a Dockerfile inside of it, which no gate reads"))
}

impl Said {
    /// A manifest or a template is what it is, whatever its name promises.
    fn also(&mut self, look: Look, file: &File, bytes: &[u8]) {
        let name = file.name();
        if look == Look::Template || !(name.ends_with(".yaml") || name.ends_with(".yml")) {
            return;
        }
        let kinds = templates::kinds(&name, &String::from_utf8_lossy(bytes));
        let own = [InputKind::Kubernetes, InputKind::CloudFormation, InputKind::Sam];
        own.into_iter().filter(|kind| kinds.has(*kind)).for_each(|kind| self.kinds.add(kind));
    }

    /// The Dockerfiles that a file names, of which nobody knows who reads it. One that is told has a name of its own: others are known.
    fn named(&mut self, look: Look, file: &File, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        if !builds::may_name_one(&text) || file.standing() == Standing::Ignored {
            return;
        }
        let tree = if look == Look::Template { builds::of_pipeline(&text) } else { Err(String::new()) };
        let mut told = tree.unwrap_or_else(|_| builds::of_text(&text));
        told.retain(|build| build.file.is_some());
        told.iter_mut().for_each(|build| build.is_guess = true);
        drop(self.builds(file, &text, told));
    }

    fn look(&mut self, look: Look, file: &File, bytes: &[u8]) -> Result<(), String> {
        let path = file.path();
        let text = String::from_utf8_lossy(bytes);
        if look.runs_commands() {
            self.what.extend(pip_installs::told(&text, &file.folder()).map(Fact::Includes));
        }
        let fact = match look {
            Look::Npm => return self.npm(file, bytes),
            Look::Pnpm => Fact::Pnpm(packages::pnpm_workspace(&text)?),
            Look::Rush => Fact::Rush(rush::projects(&text)?),
            Look::PyProject => return self.python(&path, &text),
            Look::Requirements => {
                // PowerShell writes UTF-16, and pip reads it.
                let text = text_of(bytes);
                self.what.push(Fact::Includes(included(&text, &file.folder())));
                return match packages::is_pinned(&text) {
                    Some(true) => self.is(InputKind::Lock(PackageManager::Pip)),
                    Some(false) => self.asks(PackageManager::Pip),
                    None => Ok(()),
                };
            }
            Look::Conda => return self.conda(file, &text),
            Look::Cargo => Fact::Cargo(cargo_manifest::cargo(&text)?),
            Look::Required(manager) => match required(manager, &file.name(), &text)? {
                Some(above) => Fact::Packages(above),
                None => return Ok(()),
            },
            Look::Go => Fact::Go(GoMod::read(&text)),
            Look::GoWork => Fact::GoWork(GoMod::read(&text)),
            Look::TsConfig => {
                self.kinds.add(InputKind::TsConfig);
                Fact::TypeScript(typescript::read(&text)?)
            }
            Look::Angular => Fact::Angular(angular::projects(&path, &text)?),
            Look::Terraform => {
                self.named(Look::Named, file, bytes);
                Fact::Terraform(terraform::read(&text)?)
            }
            Look::TerraformJson => Fact::Terraform(terraform::read_json(bytes)?),
            Look::Template => {
                self.kinds = templates::kinds(&file.name(), &text);
                return Ok(());
            }
            Look::Program if shell::is_shell(bytes) => {
                self.kinds.add(InputKind::Source(crate::model::input::Language::Shell));
                return self.builds(file, &text, shell::builds(&text));
            }
            Look::Program | Look::Dockerfile => return Ok(()),
            Look::Kustomize if kustomize::makes_more(&text) => Fact::Overlay,
            Look::Kustomize => return Ok(()),
            Look::Compose => {
                self.why = builds::inline_of_compose(&text)?.map(inside);
                return self.builds(file, &text, builds::of_compose(&text)?);
            }
            Look::Pipeline if !builds::mentions_a_build(&text) => return Ok(()),
            Look::Pipeline => return self.builds(file, &text, builds::of_pipeline(&text)?),
            Look::Jenkins => return self.builds(file, &text, builds::of_jenkins(&text)),
            Look::Bake => {
                self.why = builds::inline_of_bake(&text)?.map(inside);
                return self.builds(file, &text, builds::of_bake(&text)?);
            }
            Look::Skaffold => return self.builds(file, &text, builds::of_skaffold(&text)?),
            Look::Script if builds::mentions_a_build(&text) => {
                return self.builds(file, &text, shell::builds(&text));
            }
            Look::Script => return Ok(()),
            Look::Named => {
                self.named(look, file, bytes);
                return Ok(());
            }
            Look::Vite if !(text.contains("test:") || text.contains("vitest/config")) => return Ok(()),
            Look::Vite => Fact::Tests(test_runs::read(&path, TestRunner::Vitest, &text)),
            Look::SetupCfg => return self.setup_cfg(&path, &text),
            Look::PytestSection => match test_runs::pytest_section(&text) {
                Some(section) => Fact::Tests(test_runs::pytest(&path, &section)),
                None => return Ok(()),
            },
            Look::Tests(runner) => Fact::Tests(test_runs::read(&path, runner, &text)),
        };
        if let Fact::Tests(run) = &fact {
            self.kinds.add(InputKind::Tests(run.runner));
        }
        self.what.push(fact);
        Ok(())
    }

    /// An `environment.yml` may be something else.
    fn conda(&mut self, file: &File, text: &str) -> Result<(), String> {
        match conda::conda(text)? {
            Some(true) => return self.is(InputKind::Lock(PackageManager::Conda)),
            Some(false) => return self.asks(PackageManager::Conda),
            None => self.kinds = templates::kinds(&file.name(), text),
        }
        Ok(())
    }

    /// It is a manifest that names packages, whose lock file lies beside it.
    fn asks(&mut self, manager: PackageManager) -> Result<(), String> {
        self.kinds.add(InputKind::Manifest(manager));
        self.what.push(Fact::Packages(false));
        Ok(())
    }

    /// It is of this kind, and says no more.
    fn is(&mut self, kind: InputKind) -> Result<(), String> {
        self.kinds.add(kind);
        Ok(())
    }

    fn setup_cfg(&mut self, path: &str, text: &str) -> Result<(), String> {
        if let Some(section) = test_runs::pytest_section(text) {
            let run = test_runs::pytest(path, &section);
            self.kinds.add(InputKind::Tests(run.runner));
            self.what.push(Fact::Tests(run));
        }
        match required(PackageManager::Pip, "setup.cfg", text)? {
            Some(_) => self.asks(PackageManager::Pip),
            None => Ok(()),
        }
    }

    fn npm(&mut self, file: &File, bytes: &[u8]) -> Result<(), String> {
        let package = packages::npm(&file.path(), bytes)?;
        for name in &package.configures {
            self.kinds.add(match *name {
                "eslintConfig" => InputKind::Eslint,
                "prettier" => InputKind::Prettier,
                "jest" => InputKind::Tests(TestRunner::Jest),
                "mocha" => InputKind::Tests(TestRunner::Mocha),
                _ => InputKind::Tests(TestRunner::Ava),
            });
        }
        let scripts: Vec<&str> = package.scripts.values().map(String::as_str).collect();
        let builds = scripts.iter().filter(|script| builds::mentions_a_build(script));
        let builds = builds.flat_map(|script| shell::builds(script)).collect();
        self.builds(file, &String::from_utf8_lossy(bytes), builds)?;
        self.what.push(Fact::Npm(package));
        Ok(())
    }

    fn python(&mut self, path: &str, text: &str) -> Result<(), String> {
        let project = packages::python(text)?;
        self.kinds.add(InputKind::Manifest(match (project.poetry, project.uv) {
            (true, _) => PackageManager::Poetry,
            (_, true) => PackageManager::Uv,
            _ => PackageManager::Pip,
        }));
        if let Some(options) = &project.pytest {
            self.kinds.add(InputKind::Tests(TestRunner::Pytest));
            self.what.push(Fact::Tests(test_runs::pytest(path, options)));
        }
        self.what.push(Fact::Python(project));
        Ok(())
    }

    fn builds(&mut self, file: &File, text: &str, builds: Vec<shell::ToldBuild>) -> Result<(), String> {
        if !builds.is_empty() {
            self.what.push(Fact::Builds(Told::by(file, text, builds)));
        }
        Ok(())
    }
}
