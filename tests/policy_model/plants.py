"""Wrong rules, one at a time: the comparison must notice each. See self_test.py."""

import basics
import licences
import model
import problems
import settings
import vex


def _not_on_its_last_day(waiver):
    return waiver.get("expires") is not None and waiver["expires"] <= 0


def _any_version(text, package):
    return _covers(text.split("@1")[0].split("@2")[0], package)


def _best_of_and(rules, package, text):
    return _expression(rules, package, text.replace(" AND ", " OR "))


def _above(severity, threshold):
    return severity != threshold and _at_least(severity, threshold)


def _excused_without_a_reason(finding):
    return bool(finding.get("suppressed"))


def _unrated_passes(keys, finding):
    return ("allow", "below") if finding["severity"] == "unknown" else _by_severity(keys, finding)


def _empty_is_fine(state, _):
    return {"empty": "skipped", "partly empty": "whole"}.get(state, state)


_covers, _expression, _at_least = basics.covers_package, licences.expression, basics.at_least

# What is said wrongly, and where: a module, the name of a function, and the function in its place.
PLANTS = {
    "a severity blocks only above fail_on": [(model, "at_least", _above)],
    "an unrated finding never blocks": [(model, "by_severity", _unrated_passes)],
    "a waiver does not cover on its last day": [(model, "expired", _not_on_its_last_day)],
    "a waiver for a version covers every version": [(model, "covers_package", _any_version)],
    "a waiver does not cover its problem in other tools": [(model, "names_no_place", lambda waiver: False)],
    "every finding is a problem of its own": [(problems, "join", lambda findings: list(range(len(findings))))],
    "KEV and EPSS count only for findings with a CVE": [(model, "enrich", lambda world, findings: _enrich_alone(world, findings))],
    "a ratchet allows anything": [(model, "ratchet", lambda *_: 10**6)],
    "the budget of the run is not looked at": [(model, "run_budget", lambda *_: [])],
    "no finding is known": [(model, "is_known", lambda *_: False)],
    "an old EPSS file is fine": [(model, "stale", lambda *_: False)],
    "an empty scope is fine": [(model, "as_judged", _empty_is_fine)],
    "VEX documents waive nothing": [(vex, "waives", lambda *_: False)],
    "the earliest VEX statement counts": [(vex, "time", lambda document, statement: -_time(document, statement))],
    "a report may excuse without a reason": [(model, "excused", _excused_without_a_reason)],
    "AND takes the better side": [(licences, "expression", _best_of_and)],
    "a floor protects nothing": [(model, "protects", lambda *_: False), (settings, "protects", lambda *_: False)],
    "production without a required gate runs": [(settings, "nothing_can_block", lambda *_: []), (model, "nothing_can_block", lambda *_: [])],
    "a profile changes nothing": [(settings, "profile", lambda *_: {})],
}

_by_severity, _time, _join, _enrich = model.by_severity, vex.time, problems.join, model.enrich


def _enrich_alone(world, findings):
    _enrich(world, findings)
    for finding in findings:
        cves = [one for one in problems.ids(finding) if one.startswith("CVE-")]
        finding["kev"] = finding["kev"] and any(one in world["scene"]["kev"] for one in cves)
