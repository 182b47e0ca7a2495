//! Property bags: tools write what they like in them, so no value in one is an error.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What Portcullis reads in a property bag. The rest is skipped while it is read.
#[derive(Debug, Default)]
pub(super) struct Properties {
    /// GitHub's score.
    pub security_severity: Option<Loose>,
    /// The tool's own words for the severity: `issue_severity`, `zizmor/severity`.
    pub severities: Vec<String>,
    pub tags: Option<Loose>,
    pub cwe: Option<Loose>,
    /// Package URLs.
    pub purls: Vec<String>,
    pub package: Named,
}

/// A package that the bag names in words.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub name: Option<String>,
    pub version: Option<String>,
    pub ecosystem: Option<String>,
    pub fixed: Option<String>,
}

/// More words of one kind say nothing new.
const MOST: usize = 64;

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bag;

        impl<'de> Visitor<'de> for Bag {
            type Value = Properties;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a property bag")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Properties, A::Error> {
                let mut bag = Properties::default();
                while let Some(key) = members.next_key::<String>()? {
                    bag.read(&key, &mut members)?;
                }
                Ok(bag)
            }
        }

        deserializer.deserialize_map(Bag)
    }
}

impl Properties {
    fn read<'de, A: MapAccess<'de>>(&mut self, key: &str, members: &mut A) -> Result<(), A::Error> {
        let plain: String =
            key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        let single = match plain.as_str() {
            "securityseverity" => &mut self.security_severity,
            "tags" => &mut self.tags,
            "cwe" | "cwes" | "cweid" | "cweids" => &mut self.cwe,
            _ => return self.read_words(&plain, members),
        };
        if single.is_some() {
            return Err(A::Error::custom(format_args!("duplicate property `{key}`")));
        }
        *single = Some(members.next_value()?);
        Ok(())
    }

    /// `problem.severity` is a level, in CodeQL's words.
    fn read_words<'de, A: MapAccess<'de>>(&mut self, key: &str, members: &mut A) -> Result<(), A::Error> {
        let named = match key {
            "problemseverity" => None,
            _ if key.ends_with("severity") => return add(&mut self.severities, members),
            "purl" | "purls" | "packageurl" | "packageurls" => return add(&mut self.purls, members),
            "package" | "packagename" | "pkgname" => Some(&mut self.package.name),
            "packageversion" | "installedversion" | "pkgversion" => Some(&mut self.package.version),
            "ecosystem" | "packageecosystem" | "packagetype" | "packagemanager" => {
                Some(&mut self.package.ecosystem)
            }
            "fixedversion" | "fixversion" | "fixedversions" => Some(&mut self.package.fixed),
            _ => None,
        };
        match named {
            Some(slot) => *slot = members.next_value::<Loose>()?.texts().next().map(str::to_owned),
            None => drop(members.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

fn add<'de, A: MapAccess<'de>>(list: &mut Vec<String>, members: &mut A) -> Result<(), A::Error> {
    let value: Loose = members.next_value()?;
    let room = MOST.saturating_sub(list.len());
    list.extend(value.texts().take(room).map(str::to_owned));
    Ok(())
}

/// A value of any type.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Loose {
    Text(String),
    Number(f64),
    List(Vec<Self>),
    Other(IgnoredAny),
}

impl Loose {
    /// A number, or a string that contains one.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Text(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The string, or the strings of the list.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let list = match self {
            Self::List(list) => list.as_slice(),
            single => std::slice::from_ref(single),
        };
        list.iter().filter_map(|item| match item {
            Self::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Whether there is something in it.
    pub(super) fn has_content(&self) -> bool {
        !matches!(self, Self::List(list) if list.is_empty())
    }
}
