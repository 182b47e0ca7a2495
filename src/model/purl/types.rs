//! What each type of package adds to the grammar of package URLs: which case counts, what must be there
//! (<https://github.com/package-url/purl-spec/tree/main/types>).

use super::Purl;

/// Types whose namespace is written in lower case.
const LOWER_NAMESPACE: [&str; 15] = [
    "alpm",
    "apk",
    "bitbucket",
    "brew",
    "composer",
    "deb",
    "docker",
    "git",
    "github",
    "golang",
    "hex",
    "qpkg",
    "rpm",
    "vscode-extension",
    "luarocks",
];

/// Types whose name is.
const LOWER_NAME: [&str; 18] = [
    "alpm",
    "apk",
    "bitbucket",
    "bitnami",
    "brew",
    "composer",
    "deb",
    "docker",
    "git",
    "github",
    "golang",
    "hex",
    "luarocks",
    "oci",
    "otp",
    "pub",
    "pypi",
    "vscode-extension",
];

/// Types in which names that differ only in case are one package, whatever case the URL keeps: the registries of
/// npm and NuGet accept no second one.
const CASELESS: [&str; 2] = ["npm", "nuget"];

/// Types whose packages all have a namespace.
const WITH_NAMESPACE: [&str; 2] = ["swift", "vscode-extension"];

/// Types whose packages have none.
const WITHOUT_NAMESPACE: [&str; 3] = ["julia", "otp", "vcpkg"];

pub(super) fn normalise(purl: &mut Purl) {
    let kind = purl.kind.as_str();
    if LOWER_NAMESPACE.contains(&kind)
        && let Some(namespace) = &mut purl.namespace
    {
        *namespace = namespace.to_lowercase();
    }
    if LOWER_NAME.contains(&kind) {
        purl.name = purl.name.to_lowercase();
    }
    match kind {
        // The namespace is the host; the rest is the name of the repository.
        "git" => {
            if let Some((host, path)) =
                purl.namespace.as_deref().and_then(|namespace| namespace.split_once('/'))
            {
                purl.name = format!("{path}/{}", purl.name);
                purl.namespace = Some(host.to_owned());
            }
        }
        "pypi" => purl.name = purl.name.replace('_', "-"),
        "huggingface" => purl.version = purl.version.take().map(|version| version.to_lowercase()),
        // Databricks does not distinguish case, Azure does.
        "mlflow" if purl.qualifier("repository_url").is_some_and(|url| url.contains("azuredatabricks")) => {
            purl.name = purl.name.to_lowercase();
        }
        _ => {}
    }
}

pub(super) fn is_valid(purl: &Purl) -> bool {
    let kind = purl.kind.as_str();
    if purl.name.is_empty()
        || (WITH_NAMESPACE.contains(&kind) && purl.namespace.is_none())
        || (WITHOUT_NAMESPACE.contains(&kind) && purl.namespace.is_some())
    {
        return false;
    }
    match kind {
        // A module, not a distribution.
        "cpan" => !purl.name.contains("::"),
        "julia" => purl.qualifier("uuid").is_some(),
        // An extension's id has 32 letters from a to p.
        "chrome-extension" => {
            let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            purl.name.len() == 32
                && purl.name.bytes().all(|byte| (b'a'..=b'p').contains(&byte))
                && purl.version().is_none_or(|version| {
                    version.split('.').count() <= 4 && version.split('.').all(is_number)
                })
        }
        _ => true,
    }
}

/// A name, with its namespace if it has one, in a form that is the same for all names that the ecosystem takes for
/// one package. Not for print.
pub fn comparable_name(kind: &str, name: &str) -> String {
    match kind {
        // https://peps.python.org/pep-0503/#normalized-names
        "pypi" => {
            let mut out = String::with_capacity(name.len());
            for c in name.to_lowercase().chars() {
                let c = if matches!(c, '.' | '_') { '-' } else { c };
                if c != '-' || !out.ends_with('-') {
                    out.push(c);
                }
            }
            out
        }
        // Tools join group and artifact with either.
        "maven" => name.replace(':', "/"),
        _ if CASELESS.contains(&kind) || LOWER_NAME.contains(&kind) => name.to_lowercase(),
        _ => name.to_owned(),
    }
}
