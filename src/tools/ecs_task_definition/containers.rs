//! The containers of a task definition and the ports that they open, as one gate passes them on to the next:
//! `api:3000+3001, proxy:80, worker`.

use std::collections::BTreeMap;
use std::fmt;

/// The ports of each container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::tools) struct Containers(pub BTreeMap<String, Vec<u64>>);

impl Containers {
    /// Reads what `to_string` wrote. Names of containers are letters, digits, `-` and `_`.
    pub(in crate::tools) fn read(text: &str) -> Self {
        let one = |part: &str| {
            let (name, ports) = part.split_once(':').unwrap_or((part, ""));
            (name.to_owned(), ports.split('+').filter_map(|port| port.parse().ok()).collect())
        };
        Self(text.split(", ").filter(|part| !part.is_empty()).map(one).collect())
    }
}

impl fmt::Display for Containers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, ports)) in self.0.iter().enumerate() {
            let ports: Vec<String> = ports.iter().map(u64::to_string).collect();
            let (before, between) =
                (if index > 0 { ", " } else { "" }, if ports.is_empty() { "" } else { ":" });
            write!(f, "{before}{name}{between}{}", ports.join("+"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let all = [("api", vec![3000, 3001]), ("proxy", vec![80]), ("worker", vec![])];
        let all = Containers(all.into_iter().map(|(name, ports)| (name.to_owned(), ports)).collect());
        assert_eq!(all.to_string(), "api:3000+3001, proxy:80, worker");
        assert_eq!(Containers::read(&all.to_string()), all);
        assert_eq!(Containers::read(""), Containers::default());
    }
}
