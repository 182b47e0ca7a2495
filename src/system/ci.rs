//! What a CI service says about the current build: its branch, number, address, and the author of the commit.
//! Each service has its own variables, which its documentation lists as predefined.

/// The services whose variables are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    GitHub,
    GitLab,
    CodeBuild,
    Bitbucket,
    Azure,
    Jenkins,
}

/// Variables by which a service shows that it runs the build.
const MARKS: [(&str, Service); 7] = [
    ("GITHUB_ACTIONS", Service::GitHub),
    ("GITLAB_CI", Service::GitLab),
    ("CODEBUILD_BUILD_ID", Service::CodeBuild),
    ("BITBUCKET_BUILD_NUMBER", Service::Bitbucket),
    ("TF_BUILD", Service::Azure),
    // Last: its other variables have short names that other services use too.
    ("JENKINS_URL", Service::Jenkins),
    ("JENKINS_HOME", Service::Jenkins),
];

/// An environment in which an empty variable counts as not set.
struct Variables<F>(F);

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn service(&self) -> Option<Service> {
        MARKS.iter().find(|(mark, _)| self.has(mark)).map(|(_, service)| *service)
    }
}

/// Whether one of the services runs the build.
pub(crate) fn runs_here(var: impl Fn(&str) -> Option<String>) -> bool {
    Variables(var).service().is_some()
}

/// The branch whose tip is built. `None` without a CI service, and for tags and pull requests. A pull request
/// is not its target branch, even if the service says so.
pub(crate) fn branch(var: impl Fn(&str) -> Option<String>) -> Option<String> {
    let vars = Variables(var);
    let of_ref = |name: &str| vars.get(name)?.strip_prefix("refs/heads/").map(str::to_owned);
    match vars.service()? {
        // With `pull_request_target` the ref is the target branch.
        Service::GitHub
            if vars.get("GITHUB_EVENT_NAME").is_some_and(|event| event.starts_with("pull_request")) =>
        {
            None
        }
        Service::GitHub if vars.has("GITHUB_HEAD_REF") => None,
        Service::GitHub => of_ref("GITHUB_REF"),
        Service::GitLab
            if ["CI_MERGE_REQUEST_IID", "CI_EXTERNAL_PULL_REQUEST_IID"].iter().any(|name| vars.has(name)) =>
        {
            None
        }
        Service::GitLab => vars.get("CI_COMMIT_BRANCH"),
        Service::CodeBuild => {
            let of_request =
                |name: &str, start: &str| vars.get(name).is_some_and(|value| value.starts_with(start));
            let requests = [
                ("CODEBUILD_WEBHOOK_EVENT", "PULL_REQUEST"),
                ("CODEBUILD_WEBHOOK_TRIGGER", "pr/"),
                ("CODEBUILD_SOURCE_VERSION", "pr/"),
            ];
            if requests.iter().any(|(name, start)| of_request(name, start)) {
                return None;
            }
            let triggered =
                || vars.get("CODEBUILD_WEBHOOK_TRIGGER")?.strip_prefix("branch/").map(str::to_owned);
            of_ref("CODEBUILD_WEBHOOK_HEAD_REF")
                .or_else(triggered)
                .or_else(|| of_ref("CODEBUILD_SOURCE_VERSION"))
        }
        Service::Bitbucket if vars.has("BITBUCKET_PR_ID") || vars.has("BITBUCKET_TAG") => None,
        Service::Bitbucket => vars.get("BITBUCKET_BRANCH"),
        Service::Azure
            if vars.has("SYSTEM_PULLREQUEST_PULLREQUESTID")
                || vars.get("BUILD_REASON").is_some_and(|reason| reason == "PullRequest") =>
        {
            None
        }
        Service::Azure => of_ref("BUILD_SOURCEBRANCH"),
        Service::Jenkins if ["CHANGE_ID", "ghprbPullId", "TAG_NAME"].iter().any(|name| vars.has(name)) => {
            None
        }
        Service::Jenkins => vars.get("BRANCH_NAME").or_else(|| {
            let branch = vars.get("GIT_BRANCH")?;
            let name =
                branch.strip_prefix("refs/heads/").or(branch.strip_prefix("origin/")).unwrap_or(&branch);
            (name != "HEAD" && name != "detached").then(|| name.to_owned())
        }),
    }
}

/// The number of the build, as the service shows it.
pub(crate) fn build_number(var: impl Fn(&str) -> Option<String>) -> Option<String> {
    let vars = Variables(var);
    vars.get(match vars.service()? {
        Service::GitHub => "GITHUB_RUN_NUMBER",
        Service::GitLab => "CI_PIPELINE_ID",
        Service::CodeBuild => "CODEBUILD_BUILD_NUMBER",
        Service::Bitbucket => "BITBUCKET_BUILD_NUMBER",
        Service::Azure => "BUILD_BUILDNUMBER",
        Service::Jenkins => "BUILD_NUMBER",
    })
}

/// The page of the build.
pub(crate) fn build_url(var: impl Fn(&str) -> Option<String>) -> Option<String> {
    let vars = Variables(var);
    match vars.service()? {
        Service::GitHub => Some(format!(
            "{}/{}/actions/runs/{}",
            vars.get("GITHUB_SERVER_URL")?,
            vars.get("GITHUB_REPOSITORY")?,
            vars.get("GITHUB_RUN_ID")?
        )),
        Service::GitLab => vars.get("CI_PIPELINE_URL"),
        Service::CodeBuild => vars.get("CODEBUILD_BUILD_URL"),
        Service::Bitbucket => Some(format!(
            "{}/pipelines/results/{}",
            vars.get("BITBUCKET_GIT_HTTP_ORIGIN")?,
            vars.get("BITBUCKET_BUILD_NUMBER")?
        )),
        Service::Azure => Some(format!(
            "{}{}/_build/results?buildId={}",
            vars.get("SYSTEM_COLLECTIONURI")?,
            vars.get("SYSTEM_TEAMPROJECT")?,
            vars.get("BUILD_BUILDID")?
        )),
        Service::Jenkins => vars.get("BUILD_URL"),
    }
}

/// Who made the commit, or otherwise who started the build. Some services do not say.
pub(crate) fn commit_author(var: impl Fn(&str) -> Option<String>) -> Option<String> {
    let vars = Variables(var);
    let names: &[&str] = match vars.service()? {
        Service::GitHub => &["GITHUB_ACTOR"],
        Service::GitLab => &["CI_COMMIT_AUTHOR", "GITLAB_USER_NAME"],
        Service::CodeBuild => &["CODEBUILD_INITIATOR"],
        Service::Bitbucket => &[],
        Service::Azure => &["BUILD_SOURCEVERSIONAUTHOR", "BUILD_REQUESTEDFOR"],
        Service::Jenkins => &["CHANGE_AUTHOR", "GIT_AUTHOR_NAME"],
    };
    names.iter().find_map(|name| vars.get(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An environment written as `NAME=value NAME=value`.
    fn environment(text: &str) -> impl Fn(&str) -> Option<String> + '_ {
        move |name| {
            let mut pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
            pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
        }
    }

    #[test]
    fn each_service_reports_its_branch() {
        for (variables, expected) in [
            ("JENKINS_URL=x BRANCH_NAME=main", Some("main")),
            ("JENKINS_URL=x GIT_BRANCH=origin/feature/a", Some("feature/a")),
            ("JENKINS_URL=x GIT_BRANCH=detached", None),
            ("GITHUB_ACTIONS=true GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main", Some("main")),
            ("GITLAB_CI=true CI_COMMIT_BRANCH=main", Some("main")),
            ("CODEBUILD_BUILD_ID=x CODEBUILD_WEBHOOK_HEAD_REF=refs/heads/main", Some("main")),
            ("CODEBUILD_BUILD_ID=x CODEBUILD_WEBHOOK_TRIGGER=branch/main", Some("main")),
            ("CODEBUILD_BUILD_ID=x CODEBUILD_SOURCE_VERSION=refs/heads/main", Some("main")),
            ("CODEBUILD_BUILD_ID=x CODEBUILD_SOURCE_VERSION=3f2a91c4d5e6", None),
            ("BITBUCKET_BUILD_NUMBER=7 BITBUCKET_BRANCH=main", Some("main")),
            ("TF_BUILD=True BUILD_REASON=IndividualCI BUILD_SOURCEBRANCH=refs/heads/main", Some("main")),
            ("BRANCH_NAME=main GIT_BRANCH=main", None),
            ("GITLAB_CI= CI_COMMIT_BRANCH=main", None),
        ] {
            assert_eq!(branch(environment(variables)).as_deref(), expected, "{variables}");
        }
    }

    #[test]
    fn a_pull_request_or_a_tag_is_never_taken_for_a_branch() {
        for variables in [
            "JENKINS_URL=x BRANCH_NAME=PR-7 CHANGE_ID=7 CHANGE_TARGET=main",
            "JENKINS_URL=x GIT_BRANCH=origin/main ghprbPullId=7",
            "JENKINS_URL=x BRANCH_NAME=v1 TAG_NAME=v1",
            "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=pull_request GITHUB_REF=refs/pull/7/merge GITHUB_BASE_REF=main",
            "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=pull_request_target GITHUB_REF=refs/heads/main",
            "GITHUB_ACTIONS=true GITHUB_HEAD_REF=topic GITHUB_REF=refs/heads/main",
            "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=push GITHUB_REF=refs/tags/main",
            "GITLAB_CI=true CI_MERGE_REQUEST_IID=7 CI_COMMIT_BRANCH=main",
            "GITLAB_CI=true CI_EXTERNAL_PULL_REQUEST_IID=7 CI_COMMIT_BRANCH=main",
            "GITLAB_CI=true CI_COMMIT_TAG=main",
            "CODEBUILD_BUILD_ID=x CODEBUILD_WEBHOOK_EVENT=PULL_REQUEST_UPDATED CODEBUILD_WEBHOOK_HEAD_REF=refs/heads/main",
            "CODEBUILD_BUILD_ID=x CODEBUILD_SOURCE_VERSION=pr/7 CODEBUILD_WEBHOOK_TRIGGER=branch/main",
            "BITBUCKET_BUILD_NUMBER=7 BITBUCKET_PR_ID=7 BITBUCKET_BRANCH=main",
            "BITBUCKET_BUILD_NUMBER=7 BITBUCKET_TAG=v1 BITBUCKET_BRANCH=main",
            "TF_BUILD=True BUILD_REASON=PullRequest BUILD_SOURCEBRANCH=refs/heads/main",
            "TF_BUILD=True SYSTEM_PULLREQUEST_PULLREQUESTID=7 BUILD_SOURCEBRANCH=refs/heads/main",
        ] {
            assert_eq!(branch(environment(variables)), None, "{variables}");
        }
    }

    #[test]
    fn each_service_reports_the_number_and_address_of_the_build() {
        for (variables, number, url, author) in [
            (
                "JENKINS_URL=x BUILD_NUMBER=7 BUILD_URL=https://ci.example/job/7/ GIT_AUTHOR_NAME=Ada",
                "7",
                "https://ci.example/job/7/",
                Some("Ada"),
            ),
            (
                "GITHUB_ACTIONS=true GITHUB_RUN_NUMBER=7 GITHUB_RUN_ID=99 GITHUB_SERVER_URL=https://git.example GITHUB_REPOSITORY=a/b GITHUB_ACTOR=ada",
                "7",
                "https://git.example/a/b/actions/runs/99",
                Some("ada"),
            ),
            (
                "GITLAB_CI=true CI_PIPELINE_ID=7 CI_PIPELINE_URL=https://git.example/-/pipelines/7 CI_COMMIT_AUTHOR=Ada",
                "7",
                "https://git.example/-/pipelines/7",
                Some("Ada"),
            ),
            (
                "CODEBUILD_BUILD_ID=p:1 CODEBUILD_BUILD_NUMBER=7 CODEBUILD_BUILD_URL=https://cloud.example/7 CODEBUILD_INITIATOR=ada",
                "7",
                "https://cloud.example/7",
                Some("ada"),
            ),
            (
                "BITBUCKET_BUILD_NUMBER=7 BITBUCKET_GIT_HTTP_ORIGIN=https://git.example/a/b",
                "7",
                "https://git.example/a/b/pipelines/results/7",
                None,
            ),
            (
                "TF_BUILD=True BUILD_BUILDNUMBER=20261121.7 BUILD_BUILDID=99 SYSTEM_COLLECTIONURI=https://dev.example/org/ SYSTEM_TEAMPROJECT=p BUILD_REQUESTEDFOR=Ada",
                "20261121.7",
                "https://dev.example/org/p/_build/results?buildId=99",
                Some("Ada"),
            ),
        ] {
            assert_eq!(build_number(environment(variables)).as_deref(), Some(number), "{variables}");
            assert_eq!(build_url(environment(variables)).as_deref(), Some(url), "{variables}");
            assert_eq!(commit_author(environment(variables)).as_deref(), author, "{variables}");
        }
        let nowhere = "BUILD_NUMBER=7 BUILD_URL=https://ci.example/";
        assert_eq!((build_number(environment(nowhere)), build_url(environment(nowhere))), (None, None));
    }
}
