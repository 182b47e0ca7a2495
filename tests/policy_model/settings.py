"""The settings of a gate, and what is refused before anything is judged. (docs/configuration.md)"""

from basics import glob
from vex import WAIVES, has_reason, time

FROM_DEFAULTS = ["fail_on", "unrated", "new_only", "no_worse_than", "fail_on_kev", "epss_at_least", "only_fixable", "scope"]
IN_PROFILE = ["fail_on", "unrated", "fail_on_kev", "epss_at_least", "only_fixable", "scope", "required"]
TOOLS = {"npm": "npm-audit", "trivy": "trivy"}


def tool(kind):
    return TOOLS.get(kind, "command")


def profile(config, flags):
    return (config.get("profile") or {}) if flags.get("profile") else {}


def mode(config, flags):
    """A flag overrides the profile, and the profile the file; lab without any."""
    return flags.get("mode") or profile(config, flags).get("mode") or config.get("mode") or "lab"


def of_gate(config, flags, gate_id):
    """The gate's own keys over those of `[defaults]`, under those of the profile. Budgets are merged by severity."""
    gate = next((one for one in config["gates"] if one["id"] == gate_id), {})
    overlay = profile(config, flags).get("gate", {}).get(gate_id, {})
    defaults = config.get("defaults", {})
    # A report that no gate is for is judged by the defaults.
    merged = {"tool": tool(gate["kind"])} if gate else {}
    merged |= {"fail_on": "high", "required": True, "allow_empty": False, "scope": "all"}
    merged |= {key: defaults[key] for key in FROM_DEFAULTS if key in defaults}
    merged |= {key: value for key, value in gate.items() if key not in ("id", "kind", "max")}
    merged |= {key: overlay[key] for key in IN_PROFILE if key in overlay}
    merged["max"] = {**defaults.get("max", {}), **gate.get("max", {}), **overlay.get("max", {})}
    return merged


def runs(config, flags, gate_id, how):
    """`only` and `skip` of a profile are about a run; `judge` takes the reports that it is given."""
    return how != "run" or chosen_by(profile(config, flags), gate_id)


def chosen_by(overlay, gate_id):
    return gate_id in overlay.get("only", [gate_id]) and gate_id not in overlay.get("skip", [])


CONDITIONS = ["rule", "path", "package", "id", "tool", "gate"]


def conditions(waiver):
    return tuple(waiver.get(key) for key in CONDITIONS)


def expired(waiver):
    """A waiver covers through the day in `expires` (UTC)."""
    return waiver.get("expires") is not None and waiver["expires"] < 0


def names_no_place(waiver):
    """Such a waiver covers every finding of its problem. One with a qualifier covers only findings that have the same."""
    return not any(waiver.get(key) for key in ("path", "tool", "gate")) and "?" not in (waiver.get("package") or "")


def mistakes(world):
    """Why the run is refused with exit code 2; nothing, if it is not."""
    config = world["config"]
    if world["flags"].get("profile") and not config.get("profile"):
        return ["a profile that does not exist"]
    chosen = config.get("profile") or {}
    named = {*chosen.get("only", []), *chosen.get("skip", []), *chosen.get("gate", {})}
    if named - {gate["id"] for gate in config["gates"]}:
        return ["a profile of a gate that does not exist"]
    if world["flags"].get("profile") and not any(chosen_by(chosen, gate["id"]) for gate in config["gates"]):
        return ["a profile that leaves out every gate"]
    return [*_waiver_mistakes(config), *_file_mistakes(world), *_floor_mistakes(world), *nothing_can_block(world)]


def _waiver_mistakes(config):
    waivers = config.get("waivers", [])
    found = []
    for waiver in waivers:
        if not any(conditions(waiver)):
            found.append("a waiver without a condition")
        if waiver.get("expires") is None and not config.get("waivers_without_end"):
            found.append("a waiver without an end")
        if waiver.get("gate") and waiver["gate"] not in [gate["id"] for gate in config["gates"]]:
            found.append("a waiver of a gate that does not exist")
    alike = [conditions(waiver) for waiver in waivers]
    names = [waiver["name"] for waiver in waivers if waiver.get("name")]
    if len(set(alike)) < len(alike):
        found.append("two waivers with the same conditions")
    if len(set(names)) < len(names):
        found.append("two waivers with the same name")
    return found


def _file_mistakes(world):
    config, scene = world["config"], world["scene"]
    found = []
    for document in scene.get("vex", []) if config.get("vex") else []:
        for statement in document["statements"]:
            if statement["status"] == "not_affected" and not has_reason(statement):
                found.append("not affected without a justification")
            if time(document, statement) < 0:
                found.append("a statement of the future")
    risk = config.get("risk", {})
    for name in ("epss", "kev"):
        if risk.get(name) and scene[f"{name}_age"] < 0:
            found.append(f"{name} of the future")
    asked = [of_gate(config, world["flags"], gate["id"]) for gate in config["gates"]]
    # The defaults are those of a report without a gate, and somebody may choose the profile.
    asked += [config.get("defaults") or {}, *((config.get("profile") or {}).get("gate") or {}).values()]
    for keys in asked:
        if keys.get("fail_on_kev") and not risk.get("kev"):
            found.append("fail_on_kev without a file")
        if keys.get("epss_at_least") is not None and not risk.get("epss"):
            found.append("epss_at_least without a file")
    return found


def _floor_mistakes(world):
    floor = world["scene"].get("floor")
    if floor is None:
        return []
    found = []
    if floor.get("vex") is False and world["config"].get("vex"):
        found.append("VEX against the floor")
    for document in world["scene"].get("vex", []) if world["config"].get("vex") else []:
        for statement in document["statements"]:
            if statement["status"] in WAIVES and protects(floor, {statement["vulnerability"], *statement["aliases"]}):
                found.append("VEX on a protected rule")
    if floor.get("mode") and mode(world["config"], world["flags"]) != "production":
        found.append("lab against the floor")
    for waiver in world["config"].get("waivers", []):
        if floor.get("protected") and not expired(waiver):
            if not waiver.get("rule") or protects(floor, {waiver["rule"]}):
                found.append("a waiver against the floor")
    return found


def protects(floor, rules):
    return any(glob(pattern, rule, folders=False) for pattern in (floor or {}).get("protected", []) for rule in rules)


def nothing_can_block(world):
    """Production with no required gate among those that run."""
    config, flags = world["config"], world["flags"]
    if mode(config, flags) != "production":
        return []
    running = [gate for gate in world["scene"]["gates"] if runs(config, flags, gate["id"], world["how"])]
    if any((gate.get("keys") or of_gate(config, flags, gate["id"]))["required"] for gate in running):
        return []
    return ["nothing can block"]
