//! Cleans every text of a record that comes from outside, in one pass.
//!
//! Each type is destructured with all its fields, so that the compiler reports a new field that is forgotten.

mod records;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::assessment::Assessment;
use crate::model::finding::{Cvss, Finding, Location, Package};
use crate::model::risk::{Protected, Risk};
use crate::redact::Scrubber;
use crate::text::shared::{SharedTexts, Text};

/// Something that contains text from outside.
pub(crate) trait Clean {
    /// Removes control characters that would mislead a reader, and the secrets that `scrubber` knows.
    fn clean(&mut self, scrubber: &Scrubber);
}

impl Clean for Text {
    fn clean(&mut self, scrubber: &Scrubber) {
        if let Cow::Owned(clean) = scrubber.one_line(self) {
            *self = Self::from(clean);
        }
    }
}

impl Clean for String {
    fn clean(&mut self, scrubber: &Scrubber) {
        if let Cow::Owned(clean) = scrubber.one_line(self) {
            *self = clean;
        }
    }
}

impl<T: Clean> Clean for Option<T> {
    fn clean(&mut self, scrubber: &Scrubber) {
        self.iter_mut().for_each(|words| words.clean(scrubber));
    }
}

impl<T: Clean> Clean for Vec<T> {
    fn clean(&mut self, scrubber: &Scrubber) {
        self.iter_mut().for_each(|words| words.clean(scrubber));
    }
}

/// Only the keys are cleaned. Two keys that are equal afterwards become one entry.
impl<T> Clean for BTreeMap<String, T> {
    fn clean(&mut self, scrubber: &Scrubber) {
        let all = std::mem::take(self).into_iter();
        *self = all.map(|(name, value)| (scrubber.one_line(&name).into_owned(), value)).collect();
    }
}

/// Shared texts are copied only if one of them changes.
impl Clean for SharedTexts {
    fn clean(&mut self, scrubber: &Scrubber) {
        if self.iter().any(|text| matches!(scrubber.one_line(text), Cow::Owned(_))) {
            *self = self.iter().map(|text| Text::from(&*scrubber.one_line(text))).collect();
        }
    }
}

impl Clean for Arc<Package> {
    fn clean(&mut self, scrubber: &Scrubber) {
        let mut package = Package::clone(self);
        package.clean(scrubber);
        if package != **self {
            *self = Self::new(package);
        }
    }
}

impl Clean for Package {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { name, version, fixed_version, purl, more_purls, ecosystem, paths, dev: _, unfixed: _ } =
            self;
        name.clean(scrubber);
        [version, fixed_version, purl, ecosystem].into_iter().for_each(|text| text.clean(scrubber));
        more_purls.clean(scrubber);
        paths.clean(scrubber);
    }
}

impl Clean for Arc<Cvss> {
    fn clean(&mut self, scrubber: &Scrubber) {
        let mut cvss = Cvss::clone(self);
        let Cvss { score: _, vector, version_2: _ } = &mut cvss;
        vector.clean(scrubber);
        if cvss != **self {
            *self = Self::new(cvss);
        }
    }
}

impl Clean for Arc<Risk> {
    fn clean(&mut self, scrubber: &Scrubber) {
        let mut risk = Risk::clone(self);
        let Risk { kev: _, epss: _, rated: _, vex, protected } = &mut risk;
        if let Some(Protected::Rule(words)) = protected {
            words.clean(scrubber);
        }
        vex.clean(scrubber);
        if risk != **self {
            *self = Self::new(risk);
        }
    }
}

impl Clean for Assessment {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { vulnerability, status: _, justification, statement, document, at: _ } = self;
        vulnerability.clean(scrubber);
        document.clean(scrubber);
        justification.clean(scrubber);
        statement.clean(scrubber);
    }
}

impl Clean for Location {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { path, start_line: _, end_line: _, start_column: _, end_column: _ } = self;
        path.clean(scrubber);
    }
}

impl Clean for Finding {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self {
            id,
            gate,
            target,
            tool,
            seen_by,
            problem,
            same_secret: _,
            rule,
            category: _,
            severity: _,
            severity_raw,
            title,
            message,
            fix,
            location,
            package,
            resource,
            image,
            commit,
            aliases,
            cwe,
            cvss,
            risk,
            references,
            suppressed,
            decision: _,
            because,
            waiver,
            baseline: _,
        } = self;
        if let Cow::Owned(clean) = scrubber.lines(message) {
            *message = Text::from(clean);
        }
        // Portcullis makes the id, but someone may have written the record by hand.
        [id, gate, target, tool, rule, title, because].into_iter().for_each(|text| text.clean(scrubber));
        for text in [problem, severity_raw, fix, resource, image, commit, suppressed, waiver] {
            text.clean(scrubber);
        }
        location.clean(scrubber);
        package.clean(scrubber);
        cvss.clean(scrubber);
        risk.clean(scrubber);
        [seen_by, aliases, cwe, references].into_iter().for_each(|list| list.clean(scrubber));
    }
}
