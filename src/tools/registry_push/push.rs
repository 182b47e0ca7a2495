//! The steps of a push: check that it is the scanned image, log in, look, push, look again.

use serde::Deserialize;

use crate::scan::procedure::StepContext;
use crate::scan::procedure::{Failure, Procedure, Steps};
use crate::system::http::basic;
use crate::text::shared::Text;
use crate::tools::aws::Account;
use crate::tools::registry::access::Access;
use crate::tools::registry::address::Registry;
use crate::tools::registry::held::Names;
use crate::tools::registry::logins::Login;

use super::engine::{Engine, Kind, Pushed};
use super::index::Part;
use super::report::{Report, Tag};

const REPORT: &str = "registry-push.json";

/// The user of every ECR password.
const ECR_USER: &str = "AWS";

/// Who signs in to the registry.
#[derive(Clone, Debug)]
pub(super) enum SignIn {
    /// Anybody may push.
    Nobody,
    /// Who the engine's own logins name.
    AsEngine,
    /// `aws` gets a password of ECR, for this push only.
    Ecr(Account),
}

/// One image on its way to a registry.
#[derive(Clone, Debug)]
pub(super) struct Push {
    /// Its name on this machine.
    pub image: String,
    /// Its platforms, if it is built for several. An index then goes under the tags.
    pub parts: Vec<Part>,
    /// The commit that the image is built from, if it is built from nothing else.
    pub commit: Option<String>,
    /// The tag under which the image of this run lies, or its index, for the tags that move.
    pub own_tag: String,
    /// `None`: AWS says where the repository is.
    pub registry: Option<Registry>,
    /// Without the registry.
    pub repository: String,
    /// Tags that stay, then tags that move.
    pub tags: Vec<(String, bool)>,
    pub engine: Kind,
    pub sign_in: SignIn,
    pub unscanned: bool,
}

impl Push {
    /// The part that is done first: the tags that stay.
    pub(super) fn fixed(&self) -> Self {
        self.with_tags(false)
    }

    /// The part that waits for all images of the gate: the tags that move, if there are any.
    pub(super) fn moving(&self) -> Option<Self> {
        Some(self.with_tags(true)).filter(|push| !push.tags.is_empty())
    }

    /// Every tag that it writes, those of single platforms too.
    pub(super) fn all_tags(&self) -> impl Iterator<Item = String> {
        let of_part = |part: &Part| format!("{}-{}", self.own_tag, part.platform.tag());
        self.tags.iter().map(|(tag, _)| tag.clone()).chain(self.parts.iter().map(of_part))
    }

    /// Whether it only moves tags to what is in the registry already.
    pub(super) fn moves(&self) -> bool {
        self.tags.iter().all(|(_, moving)| *moving)
    }

    fn with_tags(&self, moving: bool) -> Self {
        let tags = self.tags.iter().filter(|(_, moves)| *moves == moving).cloned().collect();
        Self { tags, ..self.clone() }
    }
}

impl Procedure for Push {
    fn carry_out<'a>(&'a self, context: &'a mut dyn StepContext) -> Steps<'a> {
        Box::pin(async move {
            let mut engine = Engine::new(self.engine, context);
            if !self.parts.is_empty() {
                let mut report = None;
                let end = self.push_index(context, &mut engine, &mut report).await;
                engine.forget();
                return match report {
                    Some(report) => context.report(REPORT, &report).and(end),
                    None => end,
                };
            }
            let mut report = None;
            let end = self.push(context, &mut engine, &mut report).await;
            engine.forget();
            // The report also lists what was pushed before an error.
            match report {
                Some(report) => context.report(REPORT, &report).and(end),
                None => end,
            }
        })
    }
}

impl Push {
    async fn push(
        &self,
        context: &mut dyn StepContext,
        engine: &mut Engine,
        report: &mut Option<Report>,
    ) -> Result<(), Failure> {
        let (names, seen_by) = self.seen(context, engine, &self.image).await?;
        let moved = self.moved(context, engine, &names).await;
        let registry = self.registry(context).await?;
        let mut access = self.sign_in(context, engine, &registry).await?;

        let report = report.insert(Report {
            portcullis_version: env!("CARGO_PKG_VERSION").to_owned(),
            image: self.image.clone(),
            names: names.clone(),
            moved,
            seen_by,
            unscanned: self.unscanned,
            repository: format!("{}/{}", registry.host, self.repository),
            tags: Vec::new(),
        });
        for (tag, moving) in &self.tags {
            let before = access.holds(context, tag).await?;
            let removal = registry.removal(&self.repository, tag);
            report.tags.push(Tag::new(tag, *moving, before, removal));
        }
        for tag in report.tags.iter_mut().filter(|tag| tag.is_taken(&names)) {
            self.recognise(context, &mut access, tag).await;
        }
        if report.tags.iter().any(|tag| tag.is_taken(&names)) {
            return Ok(());
        }
        if self.moves() {
            return self.move_tags(context, &mut access, report).await;
        }
        for tag in &mut report.tags {
            if tag.is_there(&names) {
                tag.now = tag.before.clone();
                continue;
            }
            let name = format!("{}:{}", report.repository, tag.tag);
            context.tell(format!("pushing {name}"));
            match engine.push(context, &names.id, &registry, &name).await? {
                Pushed::Digest(digest) => tag.pushed = Some(digest),
                Pushed::Immutable(words) => {
                    if self.is_kept(context, &mut access, tag, &names, words).await {
                        continue;
                    }
                    return Ok(());
                }
            }
            tag.now = access.holds(context, &tag.tag).await?;
            if tag.now.as_ref().is_some_and(|now| !names.are_of(now)) {
                self.recognise(context, &mut access, tag).await;
            }
        }
        Ok(())
    }

    /// The names of the very image that the gates saw, and the gates that scanned it. Its tag is not asked: another run on this
    /// machine may have built the commit again.
    pub(super) async fn seen(
        &self,
        context: &mut dyn StepContext,
        engine: &Engine,
        image: &str,
    ) -> Result<(Names, Vec<Text>), Failure> {
        let seen = context.one_image(image)?;
        if seen.by.is_empty() && !self.unscanned {
            let pattern = seen.pattern.map(|waiver| {
                format!("; {waiver} accepts that with a pattern, and only a waiver with the image's name in `gap` frees it")
            });
            let why = format!(
                "not pushed: no gate has proved that it scanned {image} for vulnerabilities{}",
                pattern.unwrap_or_default()
            );
            return Err(Failure::Unproven(why));
        }
        let id = engine.id_of(context, &seen.id, image).await?;
        let other = match &seen.also {
            also if id == *seen.id => also.clone(),
            Some(also) if id == **also => Some(seen.id.clone()),
            _ => {
                let why =
                    format!("not pushed: the gates saw {image} ({}), and the engine answers {id}", seen.id);
                return Err(Failure::Unproven(why));
            }
        };
        Ok((Names { id, also: other.map(|other| other.to_string()) }, seen.by))
    }

    /// Where the tag of the image on this machine is now, if that is another image. Nothing depends on it.
    async fn moved(&self, context: &mut dyn StepContext, engine: &Engine, names: &Names) -> Option<String> {
        let now = engine.id_of(context, &self.image, &self.image).await.ok()?;
        (now != names.id && names.also.as_ref() != Some(&now)).then_some(now)
    }

    /// Signs in, and says how to ask the registry.
    pub(super) async fn sign_in<'a>(
        &'a self,
        context: &mut dyn StepContext,
        engine: &mut Engine,
        registry: &'a Registry,
    ) -> Result<Access<'a>, Failure> {
        let mut access = self.access(context, engine, registry).await?;
        access.writes = !self.parts.is_empty() || self.moves();
        Ok(access)
    }

    async fn access<'a>(
        &'a self,
        context: &mut dyn StepContext,
        engine: &mut Engine,
        registry: &'a Registry,
    ) -> Result<Access<'a>, Failure> {
        let (kind, repository) = (self.engine.engine(), self.repository.as_str());
        match &self.sign_in {
            SignIn::Nobody => {
                let advice = "`login = false` is for registries that anyone may read".to_owned();
                Ok(Access::new(context, kind, registry, repository, (Login::Nobody, advice)))
            }
            SignIn::AsEngine => Access::as_engine(context, kind, registry, repository).await,
            SignIn::Ecr(account) => {
                let account = account.clone().or_in(registry.region());
                let password = account.secret(context, &["ecr", "get-login-password"]).await?;
                engine.log_in(context, registry, ECR_USER, &password).await?;
                let authorization = basic(ECR_USER, &password);
                let login = Login::Password { user: ECR_USER.to_owned(), password };
                let advice = "the role needs ecr:BatchGetImage".to_owned();
                let mut access = Access::new(context, kind, registry, repository, (login, advice));
                // ECR always wants its password.
                access.authorization = Some(authorization);
                Ok(access)
            }
        }
    }

    /// The registry that gates.toml names, or the one that holds the repository.
    pub(super) async fn registry(&self, context: &mut dyn StepContext) -> Result<Registry, Failure> {
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
        let SignIn::Ecr(account) = &self.sign_in else {
            return Err(Failure::unproven("no registry is named: set `registry`"));
        };
        let call = ["ecr", "describe-repositories", "--repository-names", name];
        let answer: Answer = account.call(context, &call).await.map_err(|error| match error {
            missing if missing.is("RepositoryNotFoundException") => Failure::Unproven(format!(
                "there is no repository {name}: `aws ecr create-repository --repository-name {name}` creates it"
            )),
            other => other.into(),
        })?;
        let host = match &answer.repositories[..] {
            [repository] => repository.uri.strip_suffix(name).and_then(|rest| rest.strip_suffix('/')),
            _ => None,
        };
        host.and_then(|host| Registry::read(host).ok())
            .ok_or_else(|| Failure::Unproven(format!("AWS does not say where the repository {name} is")))
    }
}
