"""Ways to make the policy of a world stricter, or what its files say worse. None of them may ever unblock a run.

Each changes the world in place and says whether it could."""

from basics import COUNTED, SEVERITIES
from settings import expired, of_gate
from vex import WAIVES

ORDER = ["never", *reversed(SEVERITIES)]


def _gate(world, rng):
    gate = rng.choice(world["config"]["gates"])
    return gate, of_gate(world["config"], world["flags"], gate["id"])


def _set(world, gate_id, **keys):
    """In the profile, too, if there is one in use: it overrides the gate."""
    gate = next(one for one in world["config"]["gates"] if one["id"] == gate_id)
    gate.update(keys)
    overlay = (world["config"].get("profile") or {}).get("gate", {}).get(gate_id, {})
    overlay.update({key: value for key, value in keys.items() if key in overlay})
    return True


def fail_on(world, rng):
    gate, keys = _gate(world, rng)
    at = ORDER.index(keys["fail_on"])
    return at + 1 < len(ORDER) and _set(world, gate["id"], fail_on=rng.choice(ORDER[at + 1:]))


def unrated(world, rng):
    gate, keys = _gate(world, rng)
    counts_as = keys.get("unrated")
    stricter = ["critical"] if counts_as == "never" else SEVERITIES[SEVERITIES.index(counts_as) + 1:] if counts_as else []
    return bool(stricter) and _set(world, gate["id"], unrated=rng.choice(stricter))


def maximum(world, rng):
    gate, keys = _gate(world, rng)
    severity = rng.choice(COUNTED)
    limit = keys["max"].get(severity)
    return limit != 0 and _set(world, gate["id"], max={**keys["max"], severity: rng.randrange(limit) if limit else rng.choice([0, 1, 2])})


def run_maximum(world, rng):
    budget = world["config"].setdefault("max", {})
    severity = rng.choice(COUNTED)
    if budget.get(severity) == 0:
        return False
    budget[severity] = rng.randrange(budget[severity]) if severity in budget else rng.choice([0, 1, 2])
    return True


def new_only(world, rng):
    gate, keys = _gate(world, rng)
    return bool(keys.get("new_only")) and _set(world, gate["id"], new_only=False)


def no_worse_than(world, rng):
    """Another ratchet with fewer entries; one where there was none."""
    gate, keys = _gate(world, rng)
    files = world["scene"].setdefault("baselines", {})
    old = files.get(keys["no_worse_than"], []) if keys.get("no_worse_than") else [
        {"gate": gate["id"], "severity": rng.choice(COUNTED), "key": None} for _ in range(3)
    ]
    files["strict.json"] = [entry for entry in old if rng.random() < 0.5]
    return _set(world, gate["id"], no_worse_than="strict.json")


def kev(world, rng):
    gate, keys = _gate(world, rng)
    return bool(world["config"]["risk"].get("kev")) and not keys.get("fail_on_kev") and _set(world, gate["id"], fail_on_kev=True)


def kev_entry(world, rng):
    more = [cve for cve in world["scene"]["epss"] if cve not in world["scene"]["kev"]]
    world["scene"]["kev"] += more[:1]
    return bool(more)


def epss(world, rng):
    gate, keys = _gate(world, rng)
    lower = [one for one in (0, 0.1, 0.3, 0.5, 1) if one < keys.get("epss_at_least", 2)]
    return bool(world["config"]["risk"].get("epss")) and bool(lower) and _set(world, gate["id"], epss_at_least=rng.choice(lower))


def epss_score(world, rng):
    scores = world["scene"]["epss"]
    if not scores:
        return False
    scores[rng.choice(sorted(scores))] = 0.99
    return True


def only_fixable(world, rng):
    gate, keys = _gate(world, rng)
    return bool(keys.get("only_fixable")) and _set(world, gate["id"], only_fixable=False)


def scope(world, rng):
    gate, keys = _gate(world, rng)
    return keys["scope"] == "production" and _set(world, gate["id"], scope="all")


def required(world, rng):
    gate, keys = _gate(world, rng)
    return not keys["required"] and _set(world, gate["id"], required=True)


def allow_empty(world, rng):
    gate, keys = _gate(world, rng)
    return keys["allow_empty"] and _set(world, gate["id"], allow_empty=False)


def without_waiver(world, rng):
    waivers = world["config"]["waivers"]
    return bool(waivers) and waivers.pop(rng.randrange(len(waivers))) is not None


def expired_waiver(world, rng):
    running = [one for one in world["config"]["waivers"] if not expired(one)]
    for waiver in running[:1]:
        waiver["expires"] = -1
    return bool(running)


def without_statement(world, rng):
    for document in world["scene"].get("vex") or []:
        waiving = [one for one in document["statements"] if one["status"] in WAIVES]
        if waiving and len(document["statements"]) > 1:
            document["statements"].remove(rng.choice(waiving))
            return bool(world["config"].get("vex"))
    return False


def without_known(world, rng):
    entries = [(file, one) for file in sorted(world["scene"].get("baselines", {})) for one in world["scene"]["baselines"][file]]
    if not entries:
        return False
    file, one = rng.choice(entries)
    world["scene"]["baselines"][file].remove(one)
    return True


def _inventory(world, rng):
    gates = [gate for gate in world["config"]["gates"] if gate["kind"] == "cyclonedx"]
    return rng.choice(gates) if gates else None


def licence(world, rng):
    gate = _inventory(world, rng)
    if gate is None:
        return False
    rules = gate.setdefault("licences", {})
    rules["deny"] = sorted({*rules.get("deny", []), rng.choice(["MIT", "GPL-*", "AGPL-3.0-only"])})
    return True


def licence_unknown(world, rng):
    """From allow to warn, to deny. Denied it is high, and a budget counts its own severity only: what counted as medium must block as high."""
    gate = _inventory(world, rng)
    rules = (gate or {}).get("licences")
    if not rules or rules.get("unknown") == "deny":
        return False
    keys = of_gate(world["config"], world["flags"], gate["id"])
    warns = rules.get("unknown", "warn") == "warn"
    if warns and keys["fail_on"] in ("never", "critical"):
        return False
    rules["unknown"] = "deny" if warns else rng.choice(["warn", "deny"])
    return True


def ban(world, rng):
    gate = _inventory(world, rng)
    if gate is None:
        return False
    gate["ban"] = [*gate.get("ban", []), {"package": rng.choice(["pkg:npm/ms", "pkg:npm/**", "pkg:pypi/requests"])}]
    return True


def max_age(world, rng):
    risk = world["config"]["risk"]
    if not (risk.get("epss") or risk.get("kev")) or risk.get("max_age", 99) <= 3:
        return False
    risk["max_age"] = rng.choice([3, 10]) if risk.get("max_age", 99) > 10 else 3
    return True


ALL = [
    fail_on, unrated, maximum, run_maximum, new_only, no_worse_than, kev, kev_entry, epss, epss_score, only_fixable, scope, required,
    allow_empty, without_waiver, expired_waiver, without_statement, without_known, licence, licence_unknown, ban, max_age,
]
