"""The policy, from its documentation alone: a world in, decisions, outcomes, verdict and exit code out.

A world has a policy (`config`), what the reports say (`scene`), the command line (`flags`), and `how` it is judged."""

import licences
import problems
import vex
from basics import COUNTED, at_least, covers_package, glob
from scenes import place
from settings import expired, mistakes, mode, names_no_place, nothing_can_block, of_gate, protects, runs


def judge(world):
    """What `portcullis run` or `portcullis judge --report` must say."""
    if reasons := mistakes(world):
        return {"exit": 2, "mistakes": reasons}
    gates, left_out = evidence(world)
    said = conclude(world, gates, mode(world["config"], world["flags"]))
    said["outcomes"] |= {one: "skipped" for one in left_out}
    return said


def evidence(world):
    """The gates that ran, each with all of its reports as one; and the ids of those that a profile left out."""
    ran, left_out = [], []
    for gate in world["scene"]["gates"]:
        keys = of_gate(world["config"], world["flags"], gate["id"])
        if runs(world["config"], world["flags"], gate["id"], world["how"]):
            # The tool of a report that no gate is for is its format.
            ran.append({**whole(gate), "tool": keys.get("tool", gate["kind"])})
        else:
            left_out.append(gate["id"])
    return ran, left_out


def whole(gate):
    """One report without proof leaves the gate without proof. Of several, one with something in scope is enough with `allow_empty`."""
    parts = [gate, *gate.get("more", [])]
    states = {part["state"] for part in parts}
    if states & {"missing", "broken"}:
        state = "no proof"
    elif "empty" in states:
        state = "empty" if states == {"empty"} else "partly empty"
    else:
        state = "whole"
    return {**gate, "state": state, "findings": [finding for part in parts for finding in part["findings"]]}


def conclude(world, evidence, run_mode):
    """From the evidence to the exit code, by one policy. A gate may bring its `keys`: those of a record."""
    gates = {gate["id"]: gate.get("keys") or of_gate(world["config"], world["flags"], gate["id"]) for gate in evidence}
    findings = collect(evidence, gates)
    enrich(world, findings)
    for finding in findings:
        decide(world, gates[finding["gate"]], finding)
    outcomes = {gate["id"]: outcome(world, gate, gates[gate["id"]], findings) for gate in evidence}
    over = run_budget(world["config"].get("max", {}), gates, findings)
    required = [outcomes[one] for one in outcomes if gates[one]["required"]]
    if "inconclusive" in required:
        verdict = "inconclusive"
    else:
        verdict = "blocked" if "failed" in required or over else "pass"
    exit_code = {"pass": 0, "blocked": 1, "inconclusive": 3}[verdict] if run_mode == "production" else 0
    return {"exit": exit_code, "verdict": verdict, "outcomes": outcomes, "over": over, "findings": findings}


def collect(evidence, gates):
    """The findings of the reports, and those of `licences` and `ban` on what the reports list."""
    findings = []
    for gate in evidence:
        listed = [*gate.get("findings", []), *licences.found(gates[gate["id"]], gate.get("inventory", []))]
        findings += [{**finding, "gate": gate["id"], "tool": gate["tool"]} for finding in listed]
    return findings


def enrich(world, findings):
    """What joins findings of several gates, and what files outside the reports say."""
    for finding, problem in zip(findings, problems.join(findings)):
        finding["problem"] = problem
    scene = world["scene"]
    for finding in findings:
        cves = {
            one for other in findings if other["problem"] == finding["problem"] for one in problems.ids(other) if one.startswith("CVE-")
        }
        vulnerability = finding["category"] == "vulnerability"
        finding["kev"] = vulnerability and any(cve in scene.get("kev", []) for cve in cves)
        finding["epss"] = max((scene.get("epss", {}).get(cve, -1) for cve in cves), default=-1) if vulnerability else -1
        finding["known"] = is_known(world, finding)
        finding["waiver"] = waiver_of(world, finding, findings)


def is_known(world, finding):
    """In the baseline of the run; with `--no-baseline` nothing is."""
    if world["flags"].get("no_baseline"):
        return False
    file = (world["config"].get("baseline") or {}).get("file", "gates.baseline.json")
    entries = world["scene"].get("baselines", {}).get(file, [])
    return any(same_id(world, entry["key"], finding) and entry["gate"] == finding["gate"] for entry in entries)


def same_id(world, key, finding):
    """Whether the finding of this key has the same id. (docs/identity.md) Trivy's ids do not name the gate."""
    if key is None or finding.get("key") is None or finding["key"] == key:
        return key is not None and finding.get("key") == key
    kinds = {gate["id"]: gate["kind"] for gate in world["scene"]["gates"]}
    twins = [
        one for gate in world["scene"]["gates"] if gate["kind"] == kinds[finding["gate"]] == "trivy"
        for one in whole(gate)["findings"] if one["key"] == key
    ]
    return any(place(one) == place(finding) for one in twins)


def waiver_of(world, finding, findings):
    """The first waiver of the file that covers the finding; else the first that names no place and covers its problem."""
    together = [other for other in findings if other["problem"] == finding["problem"]]
    running = [
        (waiver.get("name") or f"waiver {number}", waiver)
        for number, waiver in enumerate(world["config"].get("waivers", []), 1) if not expired(waiver)
    ]
    own = [name for name, waiver in running if fits(world, waiver, finding)]
    wide = [name for name, waiver in running if names_no_place(waiver) and any(fits(world, waiver, one) for one in together)]
    return next(iter([*own, *wide]), None)


def fits(world, waiver, finding):
    """All conditions of the waiver hold for the finding."""
    checks = {
        "rule": lambda rule: rule in problems.ids(finding),
        "path": lambda pattern: bool(finding.get("path")) and glob(pattern, finding["path"]),
        "package": lambda text: covers_package(text, finding.get("package")),
        "id": lambda key: same_id(world, key, finding),
        "tool": lambda name: finding["tool"] == name,
        "gate": lambda name: finding["gate"] == name,
    }
    return all(check(waiver[key]) for key, check in checks.items() if waiver.get(key) is not None)


def decide(world, keys, finding):
    """The decision by the settings of the gate alone, without budgets: `waive`, `deny`, `allow`; and whether a budget counts it."""
    floor = world["scene"].get("floor") or {}
    # A floor protects its rule: nothing waives it. With `vex = false` only a waiver does.
    free = not protects(floor, problems.ids(finding))
    heard = free and floor.get("vex") is not False
    config, scene = world["config"], world["scene"]
    if heard and excused(finding):
        said = "waive", "suppressed"
    elif free and finding["waiver"]:
        said = "waive", "waiver"
    elif heard and config.get("vex") and vex.waives(scene.get("vex", []), config.get("products", []), finding):
        said = "waive", "vex"
    elif keys.get("fail_on_kev") and finding["kev"]:
        said = "deny", "kev"
    elif keys.get("epss_at_least") is not None and finding["epss"] >= keys["epss_at_least"]:
        said = "deny", "epss"
    elif keys.get("new_only") and finding["known"]:
        said = "allow", "known"
    elif keys.get("only_fixable") and finding.get("unfixed"):
        said = "allow", "unfixed"
    elif keys["scope"] == "production" and finding.get("dev"):
        said = "allow", "dev"
    else:
        said = by_severity(keys, finding)
    finding["decision"], finding["why"] = said
    finding["counts"] = finding["why"] not in ("suppressed", "waiver", "vex", "known", "unfixed", "dev")


def excused(finding):
    """Whether the report itself says that the finding does not count, with a reason where one is needed."""
    said = finding.get("suppressed")
    if not said or said["state"] not in {"accepted", *vex.WAIVES}:
        return False
    return said["state"] != "not_affected" or vex.has_reason(said)


def by_severity(keys, finding):
    """`fail_on`; an unrated finding counts as `unrated` says, and without that key it blocks. `never` blocks nothing."""
    if finding["severity"] != "unknown":
        return ("deny", "fail_on") if at_least(finding["severity"], keys["fail_on"]) else ("allow", "below")
    counts_as = keys.get("unrated", keys["fail_on"])
    blocks = counts_as != "never" and at_least(counts_as, keys["fail_on"])
    return ("deny", "unrated") if blocks else ("allow", "unrated below")


def outcome(world, gate, keys, findings):
    """Budgets and ratchet of the gate, then how it ended."""
    own = [finding for finding in findings if finding["gate"] == gate["id"]]
    exceeded = False
    for severity in COUNTED:
        here = [finding for finding in own if finding["severity"] == severity]
        counted = [finding for finding in here if finding["counts"]]
        if severity in keys["max"] and len(counted) > keys["max"][severity]:
            deny(counted, "max")
        if keys.get("no_worse_than"):
            left = sum(finding["decision"] != "waive" for finding in here)
            if left > ratchet(world, keys, gate["id"], severity):
                deny(counted, "ratchet")
                exceeded = True
    state = as_judged(gate["state"], keys["allow_empty"])
    if state != "whole":
        return {"skipped": "skipped", "no proof": "inconclusive"}[state]
    if stale(world, keys):
        return "inconclusive"
    return "failed" if exceeded or any(finding["decision"] == "deny" for finding in own) else "passed"


def as_judged(state, allow_empty):
    """`whole`, `no proof` or `skipped`: an empty scope proves nothing, unless the gate says that it is fine."""
    if state == "empty":
        return "skipped" if allow_empty else "no proof"
    if state == "partly empty":
        return "whole" if allow_empty else "no proof"
    return state


def deny(findings, why):
    for finding in findings:
        if finding["decision"] == "allow":
            finding["decision"], finding["why"] = "deny", why


def ratchet(world, keys, gate_id, severity):
    """How many findings of a severity the baseline file has for the gate, none without the file; `--no-baseline` does not matter here."""
    if "tool" not in keys:
        return 0  # a report that no gate is for, judged by the defaults
    entries = world["scene"].get("baselines", {}).get(keys["no_worse_than"], [])
    return sum(entry["gate"] == gate_id and entry["severity"] == severity for entry in entries)


def stale(world, keys):
    """A gate that uses a file that is older than `[risk] max_age` proves nothing."""
    risk, scene = world["config"].get("risk", {}), world["scene"]
    if risk.get("max_age") is None:
        return False
    uses = {"epss": keys.get("epss_at_least") is not None, "kev": bool(keys.get("fail_on_kev"))}
    return any(uses[name] and scene[f"{name}_age"] > risk["max_age"] for name in uses)


def run_budget(budget, gates, findings):
    """Each problem once, in required gates; once at each of its severities, if tools rate it differently."""
    over = []
    for severity in COUNTED:
        counted = [
            finding for finding in findings
            if finding["severity"] == severity and finding["counts"] and gates[finding["gate"]]["required"]
        ]
        number = len({finding["problem"] for finding in counted})
        if severity in budget and number > budget[severity]:
            over.append((severity, number, budget[severity]))
            deny(counted, "run max")
    return over


def as_recorded(world, config, gate):
    """What the record says of a gate: whether an empty scope was fine, and its policy if gates.toml does not have the gate."""
    keys = of_gate(world["config"], world["flags"], gate["id"])
    recorded = {**gate, "state": as_judged(gate["state"], keys["allow_empty"])}
    return recorded if gate["id"] in [one["id"] for one in config["gates"]] else {**recorded, "keys": keys}


def judge_again(world):
    """What `judge --from` must say of the record of a world.

    From gates.toml come policies, waivers, budgets, VEX, EPSS, KEV, baseline, licences and bans; from the record findings,
    evidence (with `allow_empty`), which gates there are, and the mode. Without gates.toml the recorded policy counts, and
    a recorded waiver until it expires."""
    again = world["again"]
    run_mode = again["flags"].get("mode") or mode(world["config"], world["flags"])
    gates, left_out = evidence(world)
    judged = {**world, "how": "judge"}
    if again["config"] is None:
        aged = [{**waiver, "expires": -1 if again.get("aged") else waiver["expires"]} for waiver in world["config"]["waivers"]]
        judged["config"] = {**world["config"], "waivers": aged}
        judged["flags"] = {**world["flags"], "mode": run_mode}
    else:
        judged |= {"config": again["config"], "flags": {**again["flags"], "mode": run_mode}, "scene": {**world["scene"], "floor": None}}
    gates = [as_recorded(world, judged["config"], gate) for gate in gates]
    reasons = mistakes({**judged, "scene": {**judged["scene"], "gates": gates}}) if again["config"] else []
    if reasons := reasons or nothing_can_block({**judged, "scene": {**judged["scene"], "gates": gates}}):
        return {"exit": 2, "mistakes": reasons}
    said = conclude(judged, gates, run_mode)
    said["outcomes"] |= {one: "skipped" for one in left_out}
    return said
