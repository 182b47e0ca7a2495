//! Every word of a record that comes from outside, so that all of them can be cleaned in one pass.

use std::borrow::Cow;
use std::sync::Arc;

use crate::base::PolicyRecord;
use crate::facts::FactsRecord;
use crate::finding::{Cvss, Finding, Package, Text};
use crate::known::KnownNote;
use crate::policy::{WaiverNote, WaiverUse};
use crate::record::{Evidence, GateRecord, Run, StepRecord, TargetRecord};
use crate::redact::Scrubber;
use crate::risk::Risk;

/// Something with words from outside in it.
pub trait Words {
    /// Takes away what would steer a reader, and strikes the secrets out that `scrubber` knows.
    fn clean(&mut self, scrubber: &Scrubber);
}

impl Words for Text {
    fn clean(&mut self, scrubber: &Scrubber) {
        if let Cow::Owned(clean) = scrubber.one_line(self) {
            *self = Text::from(clean);
        }
    }
}

impl Words for String {
    fn clean(&mut self, scrubber: &Scrubber) {
        if let Cow::Owned(clean) = scrubber.one_line(self) {
            *self = clean;
        }
    }
}

impl<T: Words> Words for Option<T> {
    fn clean(&mut self, scrubber: &Scrubber) {
        self.iter_mut().for_each(|words| words.clean(scrubber));
    }
}

impl<T: Words> Words for Vec<T> {
    fn clean(&mut self, scrubber: &Scrubber) {
        self.iter_mut().for_each(|words| words.clean(scrubber));
    }
}

/// What findings share is copied only where something in it changes.
impl Words for Arc<[Text]> {
    fn clean(&mut self, scrubber: &Scrubber) {
        if self.iter().any(|text| matches!(scrubber.one_line(text), Cow::Owned(_))) {
            *self = self.iter().map(|text| Text::from(&*scrubber.one_line(text))).collect();
        }
    }
}

impl Words for Arc<Package> {
    fn clean(&mut self, scrubber: &Scrubber) {
        let mut package = Package::clone(self);
        package.clean(scrubber);
        if package != **self {
            *self = Arc::new(package);
        }
    }
}

impl Words for Package {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Package { name, version, fixed_version, purl, ecosystem, paths, dev: _, unfixed: _ } = self;
        name.clean(scrubber);
        [version, fixed_version, purl, ecosystem].into_iter().for_each(|text| text.clean(scrubber));
        paths.clean(scrubber);
    }
}

impl Words for Arc<Cvss> {
    fn clean(&mut self, scrubber: &Scrubber) {
        let mut cvss = Cvss::clone(self);
        cvss.vector.clean(scrubber);
        if cvss != **self {
            *self = Arc::new(cvss);
        }
    }
}

impl Words for Arc<Risk> {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Some(vex) = &self.vex else { return };
        let mut clean = vex.clone();
        for text in [&mut clean.vulnerability, &mut clean.document] {
            text.clean(scrubber);
        }
        clean.justification.clean(scrubber);
        clean.statement.clean(scrubber);
        if clean != *vex {
            *self = Arc::new(Risk { vex: Some(clean), ..Risk::clone(self) });
        }
    }
}

impl Words for Finding {
    fn clean(&mut self, scrubber: &Scrubber) {
        if let Cow::Owned(clean) = scrubber.lines(&self.message) {
            self.message = Text::from(clean);
        }
        for text in [&mut self.gate, &mut self.target, &mut self.tool, &mut self.rule, &mut self.title] {
            text.clean(scrubber);
        }
        // The id is our own, unless someone wrote the record by hand.
        self.id.clean(scrubber);
        self.because.clean(scrubber);
        for text in [
            &mut self.severity_raw,
            &mut self.fix,
            &mut self.resource,
            &mut self.image,
            &mut self.commit,
            &mut self.suppressed,
            &mut self.waiver,
        ] {
            text.clean(scrubber);
        }
        if let Some(location) = &mut self.location {
            location.path.clean(scrubber);
        }
        self.package.clean(scrubber);
        self.cvss.clean(scrubber);
        self.risk.clean(scrubber);
        for list in [&mut self.seen_by, &mut self.aliases, &mut self.cwe, &mut self.references] {
            list.clean(scrubber);
        }
    }
}

impl Words for TargetRecord {
    fn clean(&mut self, scrubber: &Scrubber) {
        self.name.clean(scrubber);
        self.command.clean(scrubber);
        self.cwd.clean(scrubber);
        self.reason.clean(scrubber);
        self.report.clean(scrubber);
        let files = std::mem::take(&mut self.files).into_iter();
        self.files = files.map(|(name, path)| (scrubber.one_line(&name).into_owned(), path)).collect();
        self.files.values_mut().for_each(|path| path.clean(scrubber));
        self.report_sha256.clean(scrubber);
        self.advisories.clean(scrubber);
        self.image.clean(scrubber);
        self.image_id.clean(scrubber);
        self.steps.clean(scrubber);
        self.outputs.values_mut().for_each(|value| value.clean(scrubber));
        self.image_digest.clean(scrubber);
        self.proof.clean(scrubber);
        self.notes.clean(scrubber);
    }
}

impl Words for StepRecord {
    fn clean(&mut self, scrubber: &Scrubber) {
        self.did.clean(scrubber);
    }
}

impl Words for PolicyRecord {
    fn clean(&mut self, scrubber: &Scrubber) {
        self.revision.clean(scrubber);
        for loosening in &mut self.loosened {
            loosening.place.clean(scrubber);
            loosening.what.clean(scrubber);
            loosening.was.clean(scrubber);
        }
        self.notes.clean(scrubber);
    }
}

impl Words for GateRecord {
    fn clean(&mut self, scrubber: &Scrubber) {
        for text in [&mut self.id, &mut self.stage, &mut self.tool] {
            text.clean(scrubber);
        }
        self.tool_version.clean(scrubber);
        self.tool_sha256.clean(scrubber);
        self.reason.clean(scrubber);
        self.overridden.clean(scrubber);
        match &mut self.evidence {
            Evidence::Whole => {}
            Evidence::Lacking(why) | Evidence::Nothing(why) | Evidence::Halted(why) => why.clean(scrubber),
        }
        self.targets.clean(scrubber);
    }
}

impl Words for WaiverNote {
    fn clean(&mut self, scrubber: &Scrubber) {
        self.name.clean(scrubber);
        self.reason.clean(scrubber);
        self.behind.clean(scrubber);
        self.shares.clean(scrubber);
    }
}

impl Words for KnownNote {
    fn clean(&mut self, scrubber: &Scrubber) {
        let KnownNote { from, commit, written: _, findings: _, gone: _, warnings } = self;
        from.clean(scrubber);
        commit.clean(scrubber);
        warnings.clean(scrubber);
    }
}

impl Words for WaiverUse {
    fn clean(&mut self, scrubber: &Scrubber) {
        for notes in [&mut self.used, &mut self.unused, &mut self.expired, &mut self.expiring] {
            notes.clean(scrubber);
        }
    }
}

impl Words for FactsRecord {
    fn clean(&mut self, scrubber: &Scrubber) {
        for document in &mut self.vex {
            document.document.clean(scrubber);
            document.unused.clean(scrubber);
        }
        for file in [&mut self.epss, &mut self.kev].into_iter().flatten() {
            file.file.clean(scrubber);
        }
    }
}

impl Words for Run {
    fn clean(&mut self, scrubber: &Scrubber) {
        for text in [&mut self.profile, &mut self.commit, &mut self.branch, &mut self.interrupted] {
            text.clean(scrubber);
        }
        self.trace_id.clean(scrubber);
        self.portcullis_version.clean(scrubber);
        self.gates.clean(scrubber);
        self.findings.clean(scrubber);
        self.waivers.clean(scrubber);
        self.facts.clean(scrubber);
        self.known.clean(scrubber);
        self.policy.clean(scrubber);
    }
}
