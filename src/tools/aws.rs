//! The AWS CLI: how it is called, and what its errors mean.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::table::Keys;
use crate::scan::from_environment::FromEnvironment;
use crate::scan::procedure::Failure;
use crate::scan::procedure::StepContext;
use crate::scan::step::{Output, Step};

/// The program.
pub(crate) const PROGRAM: &str = "aws";

/// Where the user finds how to install it.
pub(crate) const INSTALL: &str =
    "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html";

/// The CLI's own credentials in the environment (AWS CLI user guide, "Environment variables").
pub(crate) const CREDENTIALS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

/// Transient errors: the service is busy, or can't be reached (botocore, `retries/standard.py`).
const PASSING: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "SlowDown",
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "ServerException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];

/// The account and the region of a call.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Account {
    region: Option<String>,
    profile: Option<String>,
    /// The user's own arguments, after all others: the gate's `args`.
    #[serde(skip)]
    more: Vec<String>,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AwsError {
    /// The service refused the call: its error code and its message.
    Refused { code: String, message: String },
    /// The call was not made, or there was no usable answer.
    Failed(Failure),
}

impl Account {
    /// Reads `region` and `profile`. Where a key is absent, the CLI uses its own setting.
    pub(crate) fn read(keys: &Keys) -> Self {
        Self {
            region: keys.text("region").map(|region| region.value),
            profile: keys.text("profile").map(|profile| profile.value),
            more: Vec::new(),
        }
    }

    /// The same, with values from the environment.
    pub(crate) fn resolved(&self, environment: &mut FromEnvironment) -> Self {
        Self {
            region: environment.option("region", &self.region),
            profile: environment.option("profile", &self.profile),
            more: self.more.clone(),
        }
    }

    /// The same, with the user's arguments after all others.
    pub(crate) fn with(mut self, args: &[String]) -> Self {
        self.more.extend_from_slice(args);
        self
    }

    /// The same, in this region if the user names no region.
    pub(crate) fn or_in(mut self, region: Option<&str>) -> Self {
        self.region = self.region.or_else(|| region.map(str::to_owned));
        self
    }

    /// The region that calls go to, if it is named.
    pub(crate) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The whole command line of a call.
    pub(crate) fn args<I: IntoIterator<Item = S>, S: Into<String>>(&self, call: I) -> Vec<String> {
        let mut args: Vec<String> = call.into_iter().map(Into::into).collect();
        let mut option = |name: &str, value: &Option<String>| {
            args.extend(value.iter().flat_map(|value| [format!("--{name}"), value.clone()]));
        };
        option("region", &self.region);
        option("profile", &self.profile);
        args.extend(["--output", "json"].map(str::to_owned));
        args.extend_from_slice(&self.more);
        args
    }

    /// The step that makes a call, with the CLI's credentials.
    pub(crate) fn step<I: IntoIterator<Item = S>, S: Into<String>>(&self, call: I) -> Step {
        // A variable, not an option: version 1 of the CLI has no pager and no option to switch it off.
        Step::new(PROGRAM, self.args(call)).env("AWS_PAGER", "").credentials(CREDENTIALS)
    }

    /// Calls a service and reads its answer.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        context: &mut dyn StepContext,
        call: &[&str],
    ) -> Result<T, AwsError> {
        let output = answered(context, self.step(call.iter().copied())).await?;
        serde_json::from_slice(&output.stdout).map_err(|error| {
            let operation = call.iter().take(2).copied().collect::<Vec<_>>().join(" ");
            let why = format!("the answer of aws {operation} has an unexpected form: {error}");
            AwsError::Failed(Failure::Unproven(why))
        })
    }

    /// Makes a call that prints a secret, such as a password, on one line. The secret is in no log.
    pub(crate) async fn secret(
        &self,
        context: &mut dyn StepContext,
        call: &[&str],
    ) -> Result<String, AwsError> {
        let output = answered(context, self.step(call.iter().copied()).prints_secret()).await?;
        let text = output.stdout_text();
        let secret = text.trim();
        if secret.is_empty() || secret.contains(|c: char| c.is_whitespace() || c.is_control()) {
            let why = format!("aws {} did not print one word, as it should", call.join(" "));
            return Err(AwsError::Failed(Failure::Unproven(why)));
        }
        Ok(secret.to_owned())
    }
}

async fn answered(context: &mut dyn StepContext, step: Step) -> Result<Output, AwsError> {
    let output = context.run(step).await.map_err(AwsError::Failed)?;
    if output.success() { Ok(output) } else { Err(error_of(&output)) }
}

impl AwsError {
    /// Whether the service refused with this code.
    pub fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wanted)
    }
}

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Self {
        match error {
            AwsError::Failed(failure) => failure,
            AwsError::Refused { code, message } => {
                let words = format!("AWS says {code}: {message}{}", advice(&code));
                match PASSING.contains(&code.as_str()) {
                    true => Self::Transient(words),
                    false => Self::Unproven(words),
                }
            }
        }
    }
}

/// What to do about common errors.
fn advice(code: &str) -> &'static str {
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            " (the credentials have expired: get new ones)"
        }
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => {
            " (the role of this job may not do that: see its policy)"
        }
        "UnrecognizedClientException" | "InvalidClientTokenId" | "SignatureDoesNotMatch" => {
            " (the credentials are not valid: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
        }
        _ => "",
    }
}

/// The error of a call that failed. An error of the service reads `An error occurred (CODE) when
/// calling the NAME operation: WORDS`. Any other error is the CLI's own.
fn error_of(output: &Output) -> AwsError {
    let stderr = output.stderr_text();
    for line in stderr.lines() {
        let Some((_, rest)) = line.split_once("An error occurred (") else { continue };
        if let Some((code, rest)) = rest.split_once(')') {
            let message = rest.split_once("operation").map_or(rest, |(_, words)| words).trim_start();
            // `(reached max retries: 2)`
            let retried = message.strip_prefix('(').and_then(|words| words.split_once(')'));
            let message = retried.map_or(message, |(_, words)| words).trim_start_matches(':').trim();
            return AwsError::Refused { code: code.to_owned(), message: message.to_owned() };
        }
    }
    let words = output.error_line();
    let passing = ["Could not connect", "Connect timeout", "Read timeout", "Connection was closed"];
    let failure = match () {
        () if words.contains("Unable to locate credentials") => Failure::Unproven(
            "aws has no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role"
                .to_owned(),
        ),
        () if words.contains("You must specify a region") => {
            Failure::Unproven("aws has no region: set `region`, or AWS_DEFAULT_REGION".to_owned())
        }
        () if passing.iter().any(|passing| words.contains(passing)) => {
            Failure::Transient(format!("aws: {words}"))
        }
        () => Failure::Unproven(format!("aws ended with {}: {words}", output.code)),
    };
    AwsError::Failed(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(stderr: &str) -> AwsError {
        error_of(&Output { code: 254, stdout: Vec::new(), stderr: stderr.as_bytes().to_vec() })
    }

    #[test]
    fn an_error_of_the_service_has_its_code_and_its_message() {
        let error = says(
            "\nAn error occurred (RepositoryNotFoundException) when calling the DescribeImages operation: The repository with name 'x' does not exist\n",
        );
        assert!(error.is("RepositoryNotFoundException"));
        let Failure::Unproven(words) = Failure::from(error) else { panic!("it is transient") };
        assert_eq!(
            words,
            "AWS says RepositoryNotFoundException: The repository with name 'x' does not exist"
        );
        let busy = says(
            "An error occurred (ThrottlingException) when calling the X operation (reached max retries: 2): Rate exceeded",
        );
        assert_eq!(
            Failure::from(busy),
            Failure::Transient("AWS says ThrottlingException: Rate exceeded".to_owned())
        );
    }

    #[test]
    fn the_message_says_what_the_cli_itself_lacks() {
        for (stderr, words) in [
            (
                "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
                "has no credentials",
            ),
            (
                "You must specify a region. You can also configure your region by running \"aws configure\".",
                "has no region",
            ),
            ("aws: error: argument operation: Invalid choice", "ended with 254"),
        ] {
            let Failure::Unproven(why) = Failure::from(says(stderr)) else { panic!("{stderr}") };
            assert!(why.contains(words), "{why}");
        }
        let refused = says("Could not connect to the endpoint URL: \"http://127.0.0.1:1/\"");
        assert!(matches!(Failure::from(refused), Failure::Transient(_)));
    }
}
