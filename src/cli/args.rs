//! The command line: commands and their options, not what they do.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{BoolishValueParser, PossibleValuesParser};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::cli::empty_variables;
use crate::config::find::PolicySource;
use crate::config::settings::{RunOptions, SelectedBy};
use crate::model::verdict::Mode;
use crate::report;

/// Runs a project's whole security gate sequence and gives one verdict that can be trusted.
///
/// Exit codes: 0 pass (or lab mode), 1 blocked by policy, 2 usage or configuration error, 3 no proof
/// (inconclusive) or a report could not be written, 130 and 143 interrupted.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads the command line.
    ///
    /// # Errors
    /// A mistake in it, or the help that it asks for, as clap says it.
    pub fn read() -> Result<Self, clap::Error> {
        let command = Self::command();
        empty_variables::refuse(&command)?;
        let matches = command.try_get_matches()?;
        let mut cli = Self::from_arg_matches(&matches)?;
        if let (
            Command::Run(RunArgs { selection, .. }) | Command::Plan(PlanArgs { selection, .. }),
            Some((_, of)),
        ) = (&mut cli.command, matches.subcommand())
        {
            selection.by = SelectedBy {
                only: said_by(of, "only", "PORTCULLIS_ONLY"),
                skip: said_by(of, "skip", "PORTCULLIS_SKIP"),
            };
        }
        Ok(cli)
    }
}

/// The name of an option as the user gave it: `--skip`, or its variable.
fn said_by(matches: &ArgMatches, id: &str, variable: &str) -> String {
    match matches.value_source(id) {
        Some(ValueSource::EnvVariable) => variable.to_owned(),
        _ => format!("--{id}"),
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gates of gates.toml and judge them
    Run(RunArgs),
    /// Judge again without running anything: a saved run.json, or reports of other steps
    Judge(JudgeArgs),
    /// Show what would be run, in which order, with which command, and why
    Plan(PlanArgs),
    /// Write the reports of a saved run.json, without judging it
    Report(ReportArgs),
    /// Pin the programs that the gates start in gates.lock, by version and SHA-256
    Lock(LockArgs),
    /// Record the findings of the last run: with `new_only`, they no longer block
    Baseline(BaselineArgs),
    /// Explain a finding, a rule or a gate, from the record of a run
    Explain(ExplainArgs),
    /// Show which tools are installed, in which version, and how to get the rest
    Doctor(DoctorArgs),
    /// Look at the repository and write a gates.toml
    Init(InitArgs),
    /// List what there is to look at: lock files, Dockerfiles, Terraform roots, sources …
    Inputs(InputsArgs),
    /// Install or remove the git pre-push hook
    Hook(HookArgs),
}

/// Which gates.toml.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigArgs {
    /// Configuration file [default: gates.toml here, or in a folder above]
    #[arg(long, value_name = "FILE", env = "PORTCULLIS_CONFIG")]
    pub config: Option<PathBuf>,
}

/// What narrows or changes a run.
#[derive(Debug, Clone, Default, Args)]
pub struct SelectionArgs {
    /// `lab` reports and exits 0, `production` blocks [default: as gates.toml says]
    #[arg(long, value_enum, env = "PORTCULLIS_MODE")]
    pub mode: Option<Mode>,
    /// Settings of a [profile.NAME] in gates.toml
    #[arg(long, value_name = "NAME", env = "PORTCULLIS_PROFILE")]
    pub profile: Option<String>,
    /// Run these gates only
    #[arg(long, value_name = "ID,…", value_delimiter = ',', env = "PORTCULLIS_ONLY")]
    pub only: Vec<String>,
    /// Leave these gates out
    #[arg(long, value_name = "ID,…", value_delimiter = ',', env = "PORTCULLIS_SKIP")]
    pub skip: Vec<String>,
    /// How many scanners run at once [default: one per processor, at least 2]
    #[arg(long, value_name = "N", env = "PORTCULLIS_JOBS")]
    pub jobs: Option<NonZeroUsize>,
    /// The name of the branch, if neither git nor the CI's variables give it
    #[arg(long, value_name = "NAME", env = "PORTCULLIS_BRANCH")]
    pub branch: Option<String>,
    /// Stop at the first required gate that fails or has no proof
    #[arg(long, env = "PORTCULLIS_FAIL_FAST", value_parser = BoolishValueParser::new())]
    pub fail_fast: bool,
    /// Time limit for the whole run, such as 30m: gates that have not ended by then are inconclusive
    #[arg(long, value_name = "TIME", value_parser = duration, env = "PORTCULLIS_DEADLINE")]
    pub deadline: Option<Duration>,
    /// Scan only the commits and files after REV, where a tool can
    #[arg(long, value_name = "REV", env = "PORTCULLIS_SINCE")]
    pub since: Option<String>,
    /// Who says `only` and `skip`: the command line, or a variable.
    #[arg(skip)]
    pub by: SelectedBy,
}

/// The names of the report formats.
fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(report::names())
}

fn duration(text: &str) -> Result<Duration, String> {
    let read = text.parse::<jiff::SignedDuration>().ok().and_then(|signed| Duration::try_from(signed).ok());
    read.filter(|duration| !duration.is_zero()).ok_or_else(|| "write it as 90s, 30m or 1h30m".to_owned())
}

impl SelectionArgs {
    pub fn run_options(self) -> RunOptions {
        RunOptions {
            mode: self.mode,
            profile: self.profile,
            only: self.only,
            skip: self.skip,
            jobs: self.jobs,
            fail_fast: self.fail_fast,
            deadline: self.deadline,
            since: self.since,
            branch: self.branch,
            push: None,
            by: self.by,
            verify: false,
        }
    }
}

/// Where the policy comes from, and how weak it may be.
#[derive(Debug, Clone, Default, Args)]
pub struct PolicyArgs {
    /// Read gates.toml, its waivers and the scanners' own configuration from this commit (the target
    /// of a pull request), not from the work tree: a change can't switch off its own gate
    #[arg(long, value_name = "REV", env = "PORTCULLIS_POLICY_FROM")]
    pub policy_from: Option<String>,
    /// An organisation's floor: a run with a weaker policy is a configuration error
    #[arg(long, value_name = "FILE", env = "PORTCULLIS_REQUIRE")]
    pub require: Option<PathBuf>,
}

impl PolicyArgs {
    pub fn source<'a>(&'a self, config: &'a ConfigArgs) -> PolicySource<'a> {
        PolicySource {
            gates_toml: config.config.as_deref(),
            policy_from: self.policy_from.as_deref(),
            floor: self.require.as_deref(),
        }
    }
}

/// Where results go.
#[derive(Debug, Clone, Default, Args)]
pub struct OutputArgs {
    /// Folder for run.json, other reports and logs [default: gates-report beside gates.toml]
    #[arg(long, value_name = "DIR", env = "PORTCULLIS_OUT")]
    pub out: Option<PathBuf>,
    /// Reports to write beside run.json [default: as gates.toml says, or else junit]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = formats(), env = "PORTCULLIS_FORMAT")]
    pub format: Vec<String>,
    /// Print only the verdict
    #[arg(short, long, env = "PORTCULLIS_QUIET", value_parser = BoolishValueParser::new())]
    pub quiet: bool,
    /// Also print the proof of each gate
    #[arg(short, long, conflicts_with = "quiet", env = "PORTCULLIS_VERBOSE", value_parser = BoolishValueParser::new())]
    pub verbose: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Hash every tool that gates.lock pins, and ignore remembered hashes
    #[arg(long, env = "PORTCULLIS_VERIFY")]
    pub verify: bool,
    #[command(flatten)]
    pub known: KnownArgs,
    #[command(flatten)]
    pub trust: PolicyArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Which findings count as known.
#[derive(Debug, Clone, Default, Args)]
pub struct KnownArgs {
    /// Block only on findings that are not in REV: the gates also run on the common ancestor of REV and HEAD
    #[arg(long, value_name = "REV", conflicts_with = "no_baseline", env = "PORTCULLIS_NEW_SINCE")]
    pub new_since: Option<String>,
    /// Judge every finding, known before or not
    #[arg(long, env = "PORTCULLIS_NO_BASELINE", value_parser = BoolishValueParser::new())]
    pub no_baseline: bool,
    /// Say what production would do, and run no action: exit 0, no deployment
    #[arg(long, env = "PORTCULLIS_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct JudgeArgs {
    /// A run.json to judge again; for several, show what this policy would have decided on each (with
    /// `--mode production`, exit with the worst)
    #[arg(
        long,
        value_name = "FILE",
        num_args = 1..,
        required_unless_present = "report",
        conflicts_with = "report",
        env = "PORTCULLIS_FROM"
    )]
    pub from: Vec<PathBuf>,
    /// A report to judge: a tool's name, or sarif, junit, checkstyle, cyclonedx, spdx, osv-scanner, snyk
    #[arg(long, value_name = "TOOL=PATH", env = "PORTCULLIS_REPORT")]
    pub report: Vec<String>,
    #[command(flatten)]
    pub config: ConfigArgs,
    /// `lab` reports and exits 0, `production` blocks [default: as recorded, or as gates.toml says]
    #[arg(long, value_enum, env = "PORTCULLIS_MODE")]
    pub mode: Option<Mode>,
    /// Policies of a [profile.NAME] in gates.toml
    #[arg(long, value_name = "NAME", env = "PORTCULLIS_PROFILE")]
    pub profile: Option<String>,
    #[command(flatten)]
    pub trust: PolicyArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run.json to read
    #[arg(long, value_name = "FILE", env = "PORTCULLIS_FROM")]
    pub from: PathBuf,
    /// Which reports [default: as gates.toml says, or else junit]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = formats(), env = "PORTCULLIS_FORMAT")]
    pub format: Vec<String>,
    /// Folder to write them to [default: the folder of the run.json]
    #[arg(long, value_name = "DIR", env = "PORTCULLIS_OUT")]
    pub out: Option<PathBuf>,
    /// Write the one report to this file, not to the folder; `-` is standard output
    #[arg(short, long, value_name = "FILE", env = "PORTCULLIS_OUTPUT")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub trust: PolicyArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t = PlanFormat::Text, env = "PORTCULLIS_PLAN_FORMAT")]
    pub format: PlanFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub struct LockArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Write nothing; exit with 3 if an installed tool is not the one in gates.lock
    #[arg(long, env = "PORTCULLIS_CHECK")]
    pub check: bool,
    /// Hash every tool, and ignore remembered hashes
    #[arg(long, env = "PORTCULLIS_VERIFY")]
    pub verify: bool,
}

#[derive(Debug, Args)]
pub struct BaselineArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The run.json to read [default: gates-report/run.json beside gates.toml]
    #[arg(long, value_name = "FILE", env = "PORTCULLIS_FROM")]
    pub from: Option<PathBuf>,
    /// Add nothing: drop the findings that are gone
    #[arg(long, env = "PORTCULLIS_PRUNE", value_parser = BoolishValueParser::new())]
    pub prune: bool,
}

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The id of a finding or its first digits, a rule, an advisory, or the id of a gate
    #[arg(value_name = "ID|RULE|GATE")]
    pub what: String,
    /// The run.json to look in [default: gates-report/run.json beside gates.toml]
    #[arg(long, value_name = "FILE", env = "PORTCULLIS_FROM")]
    pub from: Option<PathBuf>,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// Folder to look at and to write gates.toml in
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Replace an existing gates.toml
    #[arg(long, env = "PORTCULLIS_FORCE", value_parser = BoolishValueParser::new())]
    pub force: bool,
    /// Print gates for what no gate of the existing gates.toml reads
    #[arg(long, conflicts_with = "force")]
    pub add: bool,
    /// With --add: append them to gates.toml
    #[arg(long, requires = "add")]
    pub write: bool,
}

#[derive(Debug, Args)]
pub struct InputsArgs {
    /// A folder of the repository: the whole repository is listed
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Print everything, as JSON
    #[arg(long, env = "PORTCULLIS_JSON", value_parser = BoolishValueParser::new())]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct HookArgs {
    #[command(subcommand)]
    pub action: HookAction,
}

#[derive(Debug, Subcommand)]
pub enum HookAction {
    /// Install the pre-push hook: where husky, lefthook, pre-commit, prek or simple-git-hooks keeps
    /// the hooks, as an entry in its file; else in git's folder, and an existing hook runs first
    Install {
        #[command(flatten)]
        trust: PolicyArgs,
        /// Write nothing; print the entry or the script
        #[arg(long, env = "PORTCULLIS_PRINT", value_parser = BoolishValueParser::new())]
        print: bool,
    },
    /// Remove the pre-push hook, and restore the previous one
    Uninstall,
    /// What the installed hook runs: git's pre-push arguments, and the pushed refs on standard input
    #[command(hide = true)]
    PrePush {
        #[command(flatten)]
        trust: PolicyArgs,
        /// Standard input is what git gave the hook: an empty list means that nothing is pushed
        #[arg(long)]
        refs_from_git: bool,
        /// Name of the remote
        remote: Option<String>,
        /// Its address
        url: Option<String>,
    },
}
