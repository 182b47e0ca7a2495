//! The steps of a push: is it the image that was scanned, log in, look, push, look again.

use serde::Deserialize;

use super::docker::{Docker, Pushed};
use super::registry::Registry;
use super::report::{Report, Tag};
use crate::aws::Account;
use crate::procedure::{Failure, Hands, Procedure, Steps};

const REPORT: &str = "ecr-push.json";

/// One image on its way to a registry.
#[derive(Clone, Debug)]
pub struct Push {
    /// What it is called on this machine.
    pub image: String,
    /// `None`: where AWS says that the repository is.
    pub registry: Option<Registry>,
    /// Without the registry.
    pub repository: String,
    /// Tags that stay, then tags that move.
    pub tags: Vec<(String, bool)>,
    pub account: Account,
    pub login: bool,
    pub unscanned: bool,
}

impl Procedure for Push {
    fn carry_out<'a>(&'a self, hands: &'a mut Hands) -> Steps<'a> {
        Box::pin(async move {
            let mut docker = Docker::default();
            let mut report = None;
            let end = self.push(hands, &mut docker, &mut report).await;
            docker.forget();
            // What was pushed before something went wrong is told all the same.
            match report {
                Some(report) => hands.report(REPORT, &report).and(end),
                None => end,
            }
        })
    }
}

impl Push {
    async fn push(
        &self,
        hands: &mut Hands,
        docker: &mut Docker,
        report: &mut Option<Report>,
    ) -> Result<(), Failure> {
        let seen = hands.one_image(&self.image)?;
        if seen.by.is_empty() && !self.unscanned {
            let why = format!("not pushed: no gate has proved that it looked at {}", self.image);
            return Err(Failure::Unproven(why));
        }
        let now = docker.id_of(hands, &self.image).await?;
        if now != *seen.id {
            return Err(Failure::Unproven(format!(
                "not pushed: the tag {} moved: the gates saw {}, it is {now} now",
                self.image, seen.id
            )));
        }

        let registry = self.registry(hands).await?;
        let password = match self.login {
            true => {
                let account = self.account.clone().or_in(registry.region());
                Some(account.secret(hands, &["ecr", "get-login-password"]).await?)
            }
            false => None,
        };
        if let Some(password) = &password {
            docker.log_in(hands, &registry.host, password).await?;
        }

        let report = report.insert(Report {
            portcullis_version: env!("CARGO_PKG_VERSION").to_owned(),
            image: self.image.clone(),
            id: now.clone(),
            seen_by: seen.by,
            unscanned: self.unscanned,
            repository: format!("{}/{}", registry.host, self.repository),
            tags: Vec::new(),
        });
        for (tag, moving) in &self.tags {
            let before = registry.holds(hands, &self.repository, tag, password.as_deref()).await?;
            report.tags.push(Tag::new(tag, *moving, before));
        }
        if report.tags.iter().any(|tag| tag.is_taken(&now)) {
            return Ok(());
        }
        for tag in &mut report.tags {
            if tag.is_there(&now) {
                tag.now = tag.before.clone();
                continue;
            }
            hands.tell(format!("pushing {}:{}", report.repository, tag.tag));
            match docker.push(hands, &now, &report.repository, &tag.tag).await? {
                Pushed::Digest(digest) => tag.pushed = Some(digest),
                Pushed::Immutable(words) => {
                    tag.immutable = Some(words);
                    return Ok(());
                }
            }
            tag.now = registry.holds(hands, &self.repository, &tag.tag, password.as_deref()).await?;
        }
        Ok(())
    }

    /// The registry: the one that is named, or that of the repository.
    async fn registry(&self, hands: &mut Hands) -> Result<Registry, Failure> {
        #[derive(Deserialize)]
        struct Answer {
            repositories: Vec<Repository>,
        }
        #[derive(Deserialize)]
        struct Repository {
            #[serde(rename = "repositoryUri")]
            uri: String,
        }
        if let Some(registry) = &self.registry {
            return Ok(registry.clone());
        }
        let name = self.repository.as_str();
        let call = ["ecr", "describe-repositories", "--repository-names", name];
        let answer: Answer = self.account.call(hands, &call).await.map_err(|error| match error {
            missing if missing.is("RepositoryNotFoundException") => Failure::Unproven(format!(
                "there is no repository {name}: `aws ecr create-repository --repository-name {name}` makes it"
            )),
            other => other.into(),
        })?;
        let told = match &answer.repositories[..] {
            [repository] => repository.uri.strip_suffix(name).and_then(|rest| rest.strip_suffix('/')),
            _ => None,
        };
        told.and_then(|host| Registry::read(host).ok())
            .ok_or_else(|| Failure::Unproven(format!("AWS does not tell where the repository {name} is")))
    }
}
