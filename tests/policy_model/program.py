"""Runs the program on a world, and reads what it said from run.json."""

import copy
import json
import os
import re
import subprocess

import folder
from scenes import place


def start(portcullis, top, arguments):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PORTCULLIS_")}
    done = subprocess.run(
        [portcullis, *arguments], cwd=top, env=environment | {"GIT_CEILING_DIRECTORIES": str(top.parent), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def arguments(world):
    """The command line of a world."""
    flags, out = world["flags"], []
    if world["how"] == "run":
        out += ["run", "-q"]
    else:
        out += ["judge", "-q"]
        for gate in world["scene"]["gates"]:
            out += [part for file, _ in folder.all_reports(gate) for part in ("--report", f"{gate.get('handed_in_as', gate['id'])}=in/{file}")]
    out += [part for key in ("mode", "profile") if flags.get(key) for part in (f"--{key}", flags[key])]
    out += ["--no-baseline"] if flags.get("no_baseline") else []
    out += ["--require", "floor.toml"] if world["scene"].get("floor") else []
    return out


def again_arguments(again, record):
    out = ["judge", "-q", "--from", record, "--out", "second"]
    out += [part for key in ("mode", "profile") if again["flags"].get(key) for part in (f"--{key}", again["flags"][key])]
    return out


def needs_ids(world):
    """Whether the ids of findings are asked for: by a waiver, or by a baseline."""
    configs = [world["config"], (world.get("again") or {}).get("config") or {}]
    return any("id" in waiver for config in configs for waiver in config.get("waivers", [])) or any(
        entry["key"] for entries in world["scene"].get("baselines", {}).values() for entry in entries
    )


def ids(portcullis, world, top):
    """The id in run.json of each finding of the model: from a run by a policy that says nothing."""
    plain = copy.deepcopy(world)
    plain["flags"] = {}
    plain["scene"] |= {"baselines": {}, "vex": [], "floor": None}
    gates = [{key: gate[key] for key in ("id", "kind", "licences", "ban") if key in gate} for gate in world["config"]["gates"]]
    plain["config"] = {"gates": gates}
    folder.write(plain, top, {})
    code, said = start(portcullis, top, arguments(plain))
    if code != 0:
        raise RuntimeError(f"no ids, exit code {code}: {said}")
    by_place = {(one["gate"], *place_in(one)): one["id"] for one in read(top / "gates-report/run.json")["findings"]}
    return {
        finding["key"]: by_place[(gate["id"], *place(finding))]
        for gate in world["scene"]["gates"] for _, part in folder.all_reports(gate) for finding in part["findings"]
    }


def read(path):
    return json.loads(path.read_text())


def place_in(finding):
    """As `scenes.place`, of a finding in run.json."""
    location, package = finding["location"] or {}, finding["package"] or {}
    return [finding["rule"], location.get("path"), location.get("start_line"), package.get("name"), package.get("version")]


def said(code, record):
    """What the model says as well: of the program."""
    if code == 2:
        return {"exit": 2}
    findings = [
        [one["gate"], *place_in(one), one["severity"], one["decision"], one["waiver"] if one["decision"] == "waive" else None]
        for one in record["findings"]
    ]
    over = []
    for text in record.get("over", []):
        number, severity, limit = re.fullmatch(r"(\d+) (\w+) in all gates, max is (\d+)", text).groups()
        over.append([severity, int(number), int(limit)])
    return {
        "exit": code, "verdict": record["verdict"], "outcomes": {gate["id"]: gate["outcome"] for gate in record["gates"]},
        "over": sorted(over), "findings": sorted(findings, key=str),
    }


def expected(judged):
    """The same of the model."""
    if judged["exit"] == 2:
        return {"exit": 2}
    findings = [
        [one["gate"], *place(one), one["severity"], one["decision"], one["waiver"] if one["why"] == "waiver" else None]
        for one in judged["findings"]
    ]
    return {
        "exit": judged["exit"], "verdict": judged["verdict"], "outcomes": judged["outcomes"],
        "over": sorted(map(list, judged["over"])), "findings": sorted(findings, key=str),
    }


def age(path):
    """Makes a record as old as if its waivers had expired yesterday."""
    record = read(path)
    for notes in record["waivers"].values():
        for waiver in notes:
            waiver["expires"] = folder.day(1)
    path.write_text(json.dumps(record))


def judge(portcullis, world, top):
    """(what the program says, its output), and the same of the record judged again if the world asks for that."""
    known = ids(portcullis, world, top) if needs_ids(world) else {}
    folder.write(world, top, known)
    code, output = start(portcullis, top, arguments(world))
    record = None if code == 2 else read(top / "gates-report/run.json")
    results = [(said(code, record), output)]
    if world.get("again") and code != 2:
        again = world["again"]
        if again["config"] is None:
            (top / "gates.toml").unlink()
            if again.get("aged"):
                age(top / "gates-report/run.json")
        else:
            (top / "gates.toml").write_text(folder.gates_toml(again["config"], world["scene"], known))
        code, output = start(portcullis, top, again_arguments(again, "gates-report/run.json"))
        results.append((said(code, None if code == 2 else read(top / "second/run.json")), output))
    return results
