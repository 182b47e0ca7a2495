"""Random worlds, each from its seed: what is scanned, a policy, a command line, and a second policy for `judge --from`."""

import copy
import random

import policies
import scenes
from basics import COUNTED
from settings import of_gate, tool


def world(seed):
    rng = random.Random(seed)
    how = "run" if rng.random() < 0.12 else "judge"
    scene = scenes.scene(rng, how)
    if rng.random() < 0.5:
        scene["baselines"] = baselines(rng, scene)
    if rng.random() < 0.4:
        scene["vex"] = policies.vex(rng, scene)
    made = {"seed": seed, "how": how, "scene": scene, "config": policies.config(rng, scene), "flags": {}}
    flags = made["flags"]
    if made["config"].get("profile") and rng.random() < 0.8:
        flags["profile"] = "p"
    if rng.random() < 0.3:
        flags["mode"] = rng.choice(["lab", "production", "production"])
    if how == "run" and rng.random() < 0.4:
        flags["no_baseline"] = True
    if how == "judge":
        hand_in(rng, made)
    if rng.random() < 0.08:
        scene["floor"] = floor(rng)
    if rng.random() < 0.08:
        spoil(rng, made)
    elif rng.random() < 0.9:
        mend(made)
    if rng.random() < 0.7:
        made["again"] = again(rng, made)
    return made


def hand_in(rng, world):
    """Gates whose report nobody hands in, reports without a gate, and reports by the name of their tool."""
    config, scene = world["config"], world["scene"]
    if rng.random() < 0.1:
        config["gates"].append({"id": "idle", "kind": "checkstyle", "required": rng.random() < 0.7})
    first = scene["gates"][0]
    if first["kind"] not in ("npm", "trivy") and len(scene["gates"]) > 1 and rng.random() < 0.15:
        old, first["id"] = first["id"], first["kind"]
        for entry in (one for entries in scene.get("baselines", {}).values() for one in entries):
            entry["gate"] = first["id"] if entry["gate"] == old else entry["gate"]
        config["gates"] = [gate for gate in config["gates"] if gate["id"] != old]
        config["waivers"] = [waiver for waiver in config["waivers"] if waiver.get("gate") != old]
        (config.get("profile") or {}).get("gate", {}).pop(old, None)
        for key in ("only", "skip"):
            if old in (config.get("profile") or {}).get(key, []):
                config["profile"].pop(key)
    for gate in scene["gates"]:
        if gate["kind"] in ("npm", "trivy") and sum(other["kind"] == gate["kind"] for other in scene["gates"]) == 1 and rng.random() < 0.3:
            gate["handed_in_as"] = tool(gate["kind"])


def baselines(rng, scene):
    """Two baseline files: some findings of the scene, and entries of findings that are gone."""
    made = {}
    for file in ("gates.baseline.json", "other.json"):
        if rng.random() < 0.7:
            entries = [
                {"gate": gate["id"], "severity": finding["severity"], "key": finding["key"]}
                for gate, finding in policies.all_findings(scene) if rng.random() < 0.5
            ]
            for gate in scene["gates"]:
                entries += [
                    {"gate": gate["id"], "severity": rng.choice(COUNTED), "key": None} for _ in range(rng.choice([0, 0, 1, 2]))
                ]
            made[file] = entries
    return made


def floor(rng):
    made = {}
    if rng.random() < 0.5:
        made["vex"] = False
    if rng.random() < 0.7 or not made:
        made["protected"] = rng.choice([["R1"], ["CVE-2021-1001"], ["CVE-*"], ["GHSA-*", "R*"]])
    return made


def mend(world):
    """Takes out what would be refused, so that most worlds are judged."""
    config, floor = world["config"], world["scene"].get("floor") or {}
    kept, names = [], set()
    for waiver in config["waivers"]:
        # Two gates may give what they find the same id.
        alike = (*(waiver.get(key) for key in ("rule", "path", "package", "tool", "gate")), "id" in waiver)
        if alike not in names and not (floor.get("protected") and waiver["expires"] in (None, 0, 1, 400)):
            names.add(alike)
            kept.append(waiver)
    config["waivers"] = kept
    if floor.get("vex") is False:
        config["vex"] = False
    if config["gates"] and not any(gate.get("required", True) for gate in config["gates"]):
        config["gates"][0].pop("required")


def spoil(rng, world):
    """Plants a mistake. The model must refuse the world, too."""
    config, scene = world["config"], world["scene"]
    plain = {"rule": "R1", "reason": "r", "expires": 400}
    kind = rng.choice(["twice", "name", "no end", "no condition", "no gate", "future", "reason", "no file", "no required", "floor", "floor"])
    if kind == "twice":
        config["waivers"] += [plain, {**plain, "expires": 401}]
    elif kind == "name":
        config["waivers"] += [{**plain, "name": "same"}, {**plain, "name": "same", "tool": "command"}]
    elif kind == "no end":
        config["waivers_without_end"] = False
        config["waivers"] += [{**plain, "expires": None}]
    elif kind == "no condition":
        config["waivers"] += [{"reason": "r", "expires": 400}]
    elif kind == "no gate":
        config["waivers"] += [{**plain, "gate": "nobody"}]
    elif kind in ("future", "reason"):
        scene["vex"] = policies.vex(rng, scene)
        config["vex"] = True
        said = scene["vex"][0]["statements"][0]
        said["status"] = "not_affected"
        said["justification"] = "vulnerable_code_not_present" if scene["vex"][0]["format"] == "openvex" else "code_not_present"
        if kind == "future":
            said["timestamp"] = -3
        else:
            said.pop("words", None)
            said["justification"] = "odd"
            said.pop("justification") if rng.random() < 0.5 else None
    elif kind == "no file":
        config["risk"] = {}
        config["defaults"]["fail_on_kev"] = True
    elif kind == "no required":
        for gate in config["gates"]:
            gate["required"] = False
    else:
        scene["floor"] = {"vex": False, "protected": ["R1"], "mode": "production"}
        scene["vex"] = policies.vex(rng, scene)
        config["vex"] = rng.random() < 0.7
        world["flags"]["mode"] = rng.choice(["lab", "production"])
        config["waivers"] += [plain] if rng.random() < 0.7 else []


def drop_gate(rng, world, config):
    """The second gates.toml lacks a gate: it keeps the recorded policy. (Not one whose files the second policy may lack.)"""
    uses = {gate["id"]: of_gate(world["config"], world["flags"], gate["id"]) for gate in config["gates"]}
    free = [one for one, keys in uses.items() if not keys.get("fail_on_kev") and keys.get("epss_at_least") is None]
    if free and len(config["gates"]) > 1:
        gone = rng.choice(free)
        config["gates"] = [gate for gate in config["gates"] if gate["id"] != gone]
        config["waivers"] = [waiver for waiver in config["waivers"] if waiver.get("gate") != gone]
        config.pop("profile", None)


def again(rng, world):
    """The record judged again: without a file, by the same file, or by another policy."""
    flags = {"mode": rng.choice(["lab", "production"])} if rng.random() < 0.4 else {}
    kind = rng.choice(["no file", "same", "other", "other"])
    if kind == "no file":
        return {"config": None, "flags": flags, "aged": rng.random() < 0.4}
    if kind == "same":
        return {"config": world["config"], "flags": flags | {key: value for key, value in world["flags"].items() if key == "profile"}}
    other = copy.deepcopy(world)
    other["config"] = policies.config(rng, world["scene"])
    other["config"]["waivers"] = other["config"]["waivers"] or world["config"]["waivers"]
    other["scene"].pop("floor", None)
    mend(other)
    if rng.random() < 0.2:
        drop_gate(rng, world, other["config"])
    if other["config"].get("profile") and rng.random() < 0.5:
        flags["profile"] = "p"
    return {"config": other["config"], "flags": flags}
