//! Redirects of a smoke test: where one leads, and what is wrong with the way.

use ureq::http::Uri;

use crate::redact::address;
use crate::scan::procedure::{Failure, StepContext};
use crate::system::http::{Answer, Request, host};

/// The most redirects that are followed.
pub(super) const MOST: usize = 5;

/// What is wrong with the service.
#[derive(Debug)]
pub(super) struct Wrong {
    pub why: String,
    /// Another try may help: it may still be starting.
    pub passes: bool,
}

impl Wrong {
    fn for_now(why: String) -> Self {
        Self { why, passes: true }
    }
}

/// The last answer of a chain, and the address that gave it.
#[derive(Debug)]
pub(super) struct Reached {
    pub answer: Answer,
    pub url: String,
}

/// Asks, and follows redirects if `follow` says so. The inner error is what is wrong with the service. Headers
/// go to no other server than the first: they may hold a token.
///
/// # Errors
/// If the first address is none.
pub(super) async fn ask(
    context: &mut dyn StepContext,
    first: &Request,
    follow: bool,
) -> Result<Result<Reached, Wrong>, Failure> {
    if let Err(error) = first.url.parse::<Uri>() {
        return Err(Failure::Unproven(format!("{}: {error}", host(&first.url))));
    }
    let mut visited = vec![first.url.clone()];
    loop {
        let url = visited.last().unwrap_or(&first.url).clone();
        let mut request = Request { url: url.clone(), ..first.clone() };
        if origin(&url) != origin(&first.url) {
            request.headers.clear();
        }
        let answer = match context.ask(request).await {
            Ok(answer) => answer,
            // The message names the host.
            Err(Failure::Transient(why) | Failure::Later(why, _)) => return Ok(Err(Wrong::for_now(why))),
            // No TLS, or no HTTP.
            Err(Failure::Unproven(why)) => return Ok(Err(Wrong { why, passes: false })),
            Err(other) => return Err(other),
        };
        let Some(location) = location(&answer).filter(|_| follow) else {
            return Ok(Ok(Reached { answer, url }));
        };
        let Some(next) = target(&url, location) else {
            let why = format!("{} redirects to what is no http:// or https:// address", host(&url));
            return Ok(Err(Wrong::for_now(why)));
        };
        if visited.contains(&next) {
            return Ok(Err(Wrong::for_now(format!(
                "its redirects go in a circle: {} leads back to {}",
                shown(&url),
                shown(&next)
            ))));
        }
        if visited.len() > MOST {
            return Ok(Err(Wrong::for_now(format!(
                "it redirects more than {MOST} times, at last to {}",
                shown(&next)
            ))));
        }
        if let Some((_, query)) = next.split_once('?')
            && !address::secrets(&next).is_empty()
        {
            context.learn(query);
        }
        visited.push(next);
    }
}

/// Where an answer redirects to (RFC 9110, section 15.4).
fn location(answer: &Answer) -> Option<&str> {
    let redirects = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
    answer.headers.get("location").filter(|_| redirects)?.to_str().ok()
}

/// An address for messages: without password and query, which may hold a token.
pub(super) fn shown(url: &str) -> String {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    format!("{scheme}://{}{}", host(url), path_of(url))
}

fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    rest.find('/').map_or("", |at| &rest[at..])
}

/// Scheme, host and port, without a user.
fn origin(url: &str) -> String {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    format!("{scheme}://{}", host(url)).to_ascii_lowercase()
}

/// The address that a `Location` names, seen from `url` (RFC 3986, section 5.2). `None`: it is none of HTTP.
fn target(url: &str, location: &str) -> Option<String> {
    let location = location.trim().split('#').next().unwrap_or_default();
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    let has_scheme = location.find(':').is_some_and(|colon| !location[..colon].contains(['/', '?']));
    let whole = match () {
        () if has_scheme => location.to_owned(),
        () if location.starts_with("//") => format!("{scheme}:{location}"),
        () if location.starts_with('/') => format!("{scheme}://{}{location}", host(url)),
        () if location.starts_with('?') => format!("{scheme}://{}{}{location}", host(url), path_of(url)),
        () => {
            let folder = path_of(url).rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{scheme}://{}{folder}/{location}", host(url))
        }
    };
    let start = whole.get(..8).unwrap_or(&whole).to_ascii_lowercase();
    let is_http = start.starts_with("http://") || start.starts_with("https://");
    (is_http && !host(&whole).is_empty()).then(|| without_dots(&whole))
}

/// The address without the segments `.` and `..` (RFC 3986, section 5.2.4).
fn without_dots(url: &str) -> String {
    let path = path_of(url);
    let mut kept: Vec<&str> = Vec::new();
    let segments = path.split('/').skip(1);
    for segment in segments.clone() {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    if segments.last().is_some_and(|last| last == "." || last == "..") {
        kept.push("");
    }
    let authority = url.split_once("://").map_or(0, |(scheme, _)| scheme.len() + 3);
    let end = url[authority..].find(['/', '?']).map_or(url.len(), |at| authority + at);
    let slash = if path.is_empty() { "" } else { "/" };
    format!("{}{slash}{}{}", &url[..end], kept.join("/"), &url[end + path.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are those of Python's `urllib.parse.urljoin`.
    #[test]
    fn a_location_is_seen_from_the_address_that_gave_it() {
        let base = "http://a.example:8080/b/c/d?q";
        for (location, wanted) in [
            ("https://other.example/x?y=1#z", "https://other.example/x?y=1"),
            ("HTTP://other.example", "HTTP://other.example"),
            ("//other.example/x", "http://other.example/x"),
            ("/x", "http://a.example:8080/x"),
            ("/x?to=http://b/c", "http://a.example:8080/x?to=http://b/c"),
            ("?y", "http://a.example:8080/b/c/d?y"),
            ("e", "http://a.example:8080/b/c/e"),
            ("./e/", "http://a.example:8080/b/c/e/"),
            ("../e", "http://a.example:8080/b/e"),
            ("../../../e", "http://a.example:8080/e"),
            ("..", "http://a.example:8080/b/"),
            ("e?f=../g", "http://a.example:8080/b/c/e?f=../g"),
        ] {
            assert_eq!(target(base, location).as_deref(), Some(wanted), "{location}");
        }
        assert_eq!(target("http://a.example", "e").as_deref(), Some("http://a.example/e"));
        for location in ["ftp://a.example/", "javascript:x", "mailto:a@b.example", "http://", "https:x", "//"]
        {
            assert_eq!(target(base, location), None, "{location}");
        }
    }

    #[test]
    fn a_message_shows_neither_password_nor_query() {
        assert_eq!(shown("https://ada:pw@a.example:8443/b?token=x"), "https://a.example:8443/b");
        assert_eq!(shown("http://a.example?x"), "http://a.example");
    }
}
