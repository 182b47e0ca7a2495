//! Lists that come page by page: open issues and hotspots.

use crate::scan::procedure::Failure;
use crate::scan::procedure::StepContext;

use super::answers::{Answers, SonarComponent};
use super::server::Server;

/// The server's largest page, and the last position in a list that it shows (Elasticsearch).
const PAGE: u64 = 500;
const REACH: u64 = 10_000;

/// As much of a list as the server gave.
#[derive(Debug)]
pub(super) struct Gathered<T> {
    pub items: Vec<T>,
    pub components: Vec<SonarComponent>,
    /// Why it is not complete.
    pub gap: Option<String>,
}

/// What kind of list it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<T> {
    /// What it lists, for messages.
    pub what: &'static str,
    pub path: &'static str,
    pub take: fn(&mut Answers) -> Option<Vec<T>>,
    /// Parameters that cut a long list into shorter ones, with all their values.
    pub cuts: &'static [(&'static str, &'static [&'static str])],
}

/// The parameters of a part of a list.
type Part = Vec<(&'static str, &'static str)>;

impl<T> List<T> {
    /// Asks for the whole list.
    ///
    /// # Errors
    /// When the server does not answer, or its answer is not a list.
    pub(super) async fn gather(
        &self,
        server: &Server,
        context: &mut dyn StepContext,
        parameters: &[(&str, &str)],
    ) -> Result<Gathered<T>, Failure> {
        let mut gathered = Gathered { items: Vec::new(), components: Vec::new(), gap: None };
        let mut whole = None;
        let mut parts: Vec<Part> = vec![Vec::new()];
        while let Some(part) = parts.pop() {
            let before = gathered.items.len();
            let mut total = None;
            for page in 1..=REACH / PAGE {
                context.tell(format!("{}: {} so far", self.what, gathered.items.len()));
                let (items, counted) =
                    self.page(server, context, parameters, &part, page, &mut gathered.components).await?;
                whole.get_or_insert(counted);
                let total = *total.get_or_insert(counted);
                if let (true, Some((name, values))) = (total > REACH, self.cuts.get(part.len())) {
                    parts.extend(values.iter().map(|value| [part.as_slice(), &[(*name, *value)]].concat()));
                    break;
                }
                let ended = items.is_empty();
                gathered.items.extend(items);
                let n = (gathered.items.len() - before) as u64;
                if counted != total || (ended && n < total) {
                    gathered.gap = Some(format!("the list of {} changed while it was read", self.what));
                    return Ok(gathered);
                }
                if n >= total {
                    break;
                }
            }
        }
        let (n, whole) = (gathered.items.len() as u64, whole.unwrap_or_default());
        if n != whole {
            gathered.gap = Some(format!("{n} of {whole} {} could be listed", self.what));
        }
        Ok(gathered)
    }

    async fn page(
        &self,
        server: &Server,
        context: &mut dyn StepContext,
        parameters: &[(&str, &str)],
        part: &Part,
        page: u64,
        components: &mut Vec<SonarComponent>,
    ) -> Result<(Vec<T>, u64), Failure> {
        let (size, number) = (PAGE.to_string(), page.to_string());
        let mut all = parameters.to_vec();
        all.extend(part);
        all.extend([("ps", size.as_str()), ("p", number.as_str())]);
        let mut answers: Answers = server.get(context, self.path, &all).await?;
        let (Some(items), Some(paging)) = ((self.take)(&mut answers), answers.paging) else {
            let what =
                format!("the answer of {} to {} is not a list of {}", server.host(), self.path, self.what);
            return Err(Failure::Unproven(what));
        };
        components.extend(answers.components.into_iter().flatten().filter(|file| file.path.is_some()));
        Ok((items, paging.total))
    }
}
