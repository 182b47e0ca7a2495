//! How a registry asks for a login: the header `WWW-Authenticate`.

/// What a registry asks for (RFC 9110, section 11.6.1).
#[derive(Debug, PartialEq, Eq)]
pub(in crate::tools) enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String> },
}

impl Challenge {
    /// Reads one header, which may hold several challenges.
    pub(in crate::tools) fn read(header: &str) -> Vec<Self> {
        let mut challenges = Vec::new();
        let mut rest = header.trim();
        while !rest.is_empty() {
            let end = rest.find([' ', ',']).unwrap_or(rest.len());
            let scheme = rest[..end].to_ascii_lowercase();
            let (parameters, behind) = parameters(&rest[end..]);
            let get = |name: &str| {
                let found = parameters.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone())
            };
            match (scheme.as_str(), get("realm")) {
                ("basic", _) => challenges.push(Self::Basic),
                ("bearer", Some(realm)) if realm.starts_with("http://") || realm.starts_with("https://") => {
                    challenges.push(Self::Bearer { realm, service: get("service") });
                }
                _ => {}
            }
            rest = behind;
        }
        challenges
    }
}

/// `a="b", c=d` up to the next scheme, and what comes behind.
fn parameters(text: &str) -> (Vec<(&str, String)>, &str) {
    let mut all = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',']);
    loop {
        let end = rest.find([' ', ',', '=']).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let Some(value) = behind.strip_prefix('=').filter(|_| !name.is_empty()) else { return (all, rest) };
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let end = value.find([' ', ',']).unwrap_or(value.len());
                (value[..end].to_owned(), &value[end..])
            }
        };
        all.push((name, value));
        rest = behind.trim_start_matches([' ', ',']);
    }
}

/// A quoted string without its quotes, and what comes behind.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            letter => value.push(letter),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) }
    }

    /// The headers of Docker Hub, GHCR, GitLab, ECR and a plain docker-registry, and an example of RFC 9110.
    #[test]
    fn challenges_are_read_as_registries_write_them() {
        for (header, wanted) in [
            (
                "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\"",
                vec![bearer("https://auth.docker.io/token", Some("registry.docker.io"))],
            ),
            (
                "Bearer realm=\"https://ghcr.io/token\",service=\"ghcr.io\",scope=\"repository:a/b:pull\"",
                vec![bearer("https://ghcr.io/token", Some("ghcr.io"))],
            ),
            (
                "Bearer realm=\"https://gitlab.com/jwt/auth\",service=\"container_registry\",error=\"invalid_token\"",
                vec![bearer("https://gitlab.com/jwt/auth", Some("container_registry"))],
            ),
            (
                "Basic realm=\"https://1.dkr.ecr.eu-west-1.amazonaws.com/\",service=\"ecr.amazonaws.com\"",
                vec![Challenge::Basic],
            ),
            ("Basic realm=test", vec![Challenge::Basic]),
            ("basic", vec![Challenge::Basic]),
            (
                "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", bearer realm=\"https://a\"",
                vec![Challenge::Basic, bearer("https://a", None)],
            ),
            ("Negotiate, Basic realm=\"x\"", vec![Challenge::Basic]),
        ] {
            assert_eq!(Challenge::read(header), wanted, "{header}");
        }
        let none = [
            "",
            "Bearer",
            "Bearer realm=",
            "Bearer realm=\"file:///x\"",
            "Bearer service=\"x\"",
            ",,,",
            "= =",
            "\"",
        ];
        for header in none {
            assert_eq!(Challenge::read(header), [], "{header}");
        }
    }
}
