"""Counts what occurred in the worlds, so that nothing is left untested without being noticed."""

from basics import COUNTED
from settings import CONDITIONS, FROM_DEFAULTS, IN_PROFILE

WHY = [
    "suppressed", "waiver", "vex", "kev", "epss", "known", "unfixed", "dev", "fail_on", "below", "unrated", "unrated below", "max",
    "ratchet", "run max",
]
OUTCOMES = ["passed", "failed", "inconclusive", "skipped"]
MISTAKES = [
    "a waiver without a condition", "a waiver without an end", "a waiver of a gate that does not exist", "two waivers with the same conditions",
    "two waivers with the same name", "not affected without a justification", "a statement of the future", "fail_on_kev without a file",
    "VEX against the floor", "lab against the floor", "a waiver against the floor", "nothing can block",
]


def expected():
    """Everything that must occur."""
    names = [f"decided by {why}" for why in WHY] + [f"outcome {one}" for one in OUTCOMES] + [f"mistake {one}" for one in MISTAKES]
    verdicts = (("pass", 0), ("blocked", 0), ("blocked", 1), ("inconclusive", 0), ("inconclusive", 3))
    names += [f"verdict {verdict}, exit {code}" for verdict, code in verdicts]
    names += [f"over in {severity}" for severity in COUNTED] + [f"severity {severity}" for severity in COUNTED]
    names += [f"waiver by {key}" for key in CONDITIONS] + [f"waiver expires in {days}" for days in (-1, 0, 1, 400, None)]
    names += [f"defaults.{key}" for key in [*FROM_DEFAULTS, "max"]]
    names += [f"gate.{key}" for key in [*FROM_DEFAULTS, "max", "required", "allow_empty", "licences", "ban"]]
    names += [f"profile.gate.{key}" for key in [*IN_PROFILE, "max"]] + [f"profile.{key}" for key in ("mode", "only", "skip")]
    names += [f"top.{key}" for key in ("mode", "max", "waivers_without_end", "products")]
    names += [f"baseline.{key}" for key in ("file", "max_age")] + [f"risk.{key}" for key in ("epss", "kev", "max_age")]
    names += [f"report {kind}" for kind in ("checkstyle", "sarif", "junit", "cyclonedx", "npm", "trivy")]
    names += [f"VEX {form}" for form in ("openvex", "cyclonedx")]
    names += [f"rule {rule}" for rule in ("licence-denied", "licence-unknown", "package-banned")]
    names += ["flag mode", "flag profile", "flag no_baseline", "how run", "how judge", "floor vex", "floor protected"]
    names += ["again without a file", "again with waivers that have expired", "again by a policy", "again refused"]
    names += ["again without a gate"]
    return names + ["one problem in several gates", "a gate without proof"]


def count(world, said, counted):
    """Adds what occurred in one world."""
    _count_world(world, counted)
    for step, judged in enumerate(said):
        if judged["exit"] == 2:
            counted.update({f"mistake {one}" for one in judged["mistakes"]})
            if step == 1:
                counted["again refused"] += 1
            continue
        counted[f"verdict {judged['verdict']}, exit {judged['exit']}"] += 1
        counted.update(f"outcome {one}" for one in judged["outcomes"].values())
        counted.update(f"over in {severity}" for severity, _, _ in judged["over"])
        problems = {}
        for finding in judged["findings"]:
            counted[f"decided by {finding['why']}"] += 1
            counted[f"severity {finding['severity']}"] += 1
            counted[f"rule {finding['rule']}"] += 1
            problems.setdefault(finding["problem"], set()).add(finding["gate"])
        counted["one problem in several gates"] += sum(len(gates) > 1 for gates in problems.values())


def _count_world(world, counted):
    config, scene = world["config"], world["scene"]
    counted[f"how {world['how']}"] += 1
    counted.update(f"flag {key}" for key in world["flags"])
    counted.update(f"defaults.{key}" for key in config.get("defaults", {}))
    for gate in config["gates"]:
        counted.update(f"gate.{key}" for key in gate)
    for gate in scene["gates"]:
        counted[f"report {gate['kind']}"] += 1
        counted["a gate without proof"] += gate["state"] != "whole"
    profile = config.get("profile") or {}
    counted.update(f"profile.{key}" for key in profile)
    for overlay in profile.get("gate", {}).values():
        counted.update(f"profile.gate.{key}" for key in overlay)
    counted.update(f"top.{key}" for key, value in config.items() if value)
    counted.update(f"baseline.{key}" for key in config.get("baseline") or {})
    counted.update(f"risk.{key}" for key, value in config.get("risk", {}).items() if value)
    counted.update(f"floor {key}" for key in scene.get("floor") or {})
    counted.update(f"VEX {document['format']}" for document in scene.get("vex", []))
    for waiver in config.get("waivers", []):
        counted.update(f"waiver by {key}" for key in CONDITIONS if waiver.get(key))
        counted[f"waiver expires in {waiver['expires']}"] += 1
    if world.get("again"):
        counted["again with waivers that have expired"] += bool(world["again"].get("aged") and config["waivers"])
        if world["again"]["config"]:
            known = [gate["id"] for gate in world["again"]["config"]["gates"]]
            counted["again without a gate"] += any(gate["id"] not in known for gate in config["gates"] if gate["id"] != "idle")
        counted["again without a file" if world["again"]["config"] is None else "again by a policy"] += 1


def missing(counted):
    return [name for name in expected() if not counted[name]]


def table(counted):
    return "\n".join(f"{counted[name]:>8}  {name}" for name in expected())
