//! The top of the page with the verdict in words, and the footer.

use std::io::{self, Write};

use crate::model::run::Run;
use crate::model::verdict::{Mode, Verdict};
use crate::report::{summary, unlooked};

use super::words::{Safe, time};

pub(super) fn title(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<title>{}: Portcullis</title>", word(run.verdict))
}

/// The verdict as a word; the mark is drawn beside it.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "Pass",
        Verdict::Blocked => "Blocked",
        Verdict::Inconclusive => "Inconclusive",
    }
}

fn sentence(run: &Run) -> &'static str {
    let all = unlooked::groups(run).is_empty();
    match (run.mode, run.verdict) {
        (Mode::Production, Verdict::Pass) if all => "Every required gate let this through.",
        (Mode::Production, Verdict::Pass) => "Every required gate that looked let this through.",
        (Mode::Production, Verdict::Blocked) => "Stop here: a rule is broken.",
        (Mode::Production, Verdict::Inconclusive) => {
            "Stop here: not everything that had to be scanned was scanned."
        }
        (Mode::Lab, Verdict::Pass) => "Lab mode. Production would have passed.",
        (Mode::Lab, Verdict::Blocked) => "Lab mode. Production would have stopped here: a rule is broken.",
        (Mode::Lab, Verdict::Inconclusive) => {
            "Lab mode. Production would have stopped here: not everything that had to be scanned was."
        }
    }
}

pub(super) fn header(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let mark = match run.verdict {
        Verdict::Pass => '✔',
        Verdict::Blocked => '✘',
        Verdict::Inconclusive => '?',
    };
    writeln!(out, "<header class=\"{}\">", run.verdict)?;
    writeln!(out, "<p class=\"product\">Portcullis</p>")?;
    writeln!(out, "<h1><span aria-hidden=\"true\">{mark}</span> {}</h1>", word(run.verdict))?;
    writeln!(out, "<p class=\"sentence\">{}</p>\n<ul class=\"causes\">", sentence(run))?;
    for cause in summary::causes(run) {
        writeln!(out, "<li>{}</li>", Safe(&cause))?;
    }
    writeln!(out, "</ul>\n<dl class=\"facts\">")?;
    let mode = run.mode.to_string();
    let exit = run.exit_code.to_string();
    let started = run.started.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let took = time(run.duration_ms);
    let facts = [
        ("Mode", Some(&*mode)),
        ("Exit code", Some(&*exit)),
        ("Profile", run.profile.as_deref()),
        ("Branch", run.branch.as_deref()),
        ("Commit", run.commit.as_deref()),
        ("Started", Some(&*started)),
        ("Took", Some(&*took)),
    ];
    for (name, value) in facts {
        let Some(value) = value else { continue };
        writeln!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", Safe(value))?;
    }
    writeln!(out, "</dl>\n</header>")?;
    out.write_all(NAVIGATION.as_bytes())
}

const NAVIGATION: &str = r##"<nav aria-label="Parts of this page">
<ul>
<li><a href="#gates">Gates</a></li>
<li><a href="#time">Time</a></li>
<li><a href="#severities">Severities</a></li>
<li><a href="#findings">Findings</a></li>
<li><a href="#waivers">Waivers</a></li>
<li><a href="#policy">Policy</a></li>
<li><a href="#proof">Proof</a></li>
</ul>
</nav>
"##;

pub(super) fn footer(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<footer><p>Written by Portcullis {} from <code>run.json</code>, which has everything. Run <code>{}</code></p></footer>",
        Safe(&run.portcullis_version),
        Safe(&run.trace_id)
    )
}
