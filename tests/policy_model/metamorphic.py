#!/usr/bin/env python3
"""Checks what must hold between two runs of the program, whatever the policy is. The model is not asked.

    python3 tests/policy_model/metamorphic.py --checks 3000 --seed 1 --jobs 2

A check takes a random world, changes it, and compares what the program says of both. `--checks` is the number of all kinds
together; `--each` is the number of each. The exit code is 1 if one fails."""

import collections
import concurrent.futures
import copy
import itertools
import json
import pathlib
import random
import shutil
import sys
import tempfile

import compare
import folder
import policies
import program
import scenes
import stricter
import worlds

RANK = {0: 0, 1: 1, 3: 2}


class NotThisWorld(Exception):
    """The check does not fit the world, or the world is refused."""


class Ground:
    """Where a check runs the program."""

    def __init__(self, portcullis, top):
        self.portcullis, self.top = portcullis, top

    def say(self, world):
        """What the program says; a world that it refuses is not for these checks."""
        today = folder.today()
        shutil.rmtree(self.top, ignore_errors=True)
        self.top.mkdir(parents=True)
        said, self.output = program.judge(self.portcullis, world, self.top)[0]
        if folder.today() != today:
            return self.say(world)
        if said["exit"] == 2:
            raise NotThisWorld
        return said


def is_laxer(after, before):
    """Whether anything that blocked before blocks no more: the run, a gate, or a finding."""
    if RANK[after["exit"]] < RANK[before["exit"]]:
        return True
    passes = {"passed", "skipped"}
    if any(after["outcomes"][gate] in passes and outcome not in passes for gate, outcome in before["outcomes"].items()):
        return True
    denied = [collections.Counter(what(finding) for finding in said["findings"] if finding[-2] == "deny") for said in (before, after)]
    return bool(denied[0] - denied[1])


def what(finding):
    """What a finding is about. A licence that is denied now may have been unknown before."""
    gate, rule, *place = finding[:6]
    return str([gate, "licence" if rule.startswith("licence-") else rule, *place])


def changed(world, change, rng):
    """A copy with the change, which must be possible."""
    other = copy.deepcopy(world)
    if not change(other, rng):
        raise NotThisWorld
    return other


def plain_world(seed):
    """A world in production mode that is judged once, without a floor."""
    world = worlds.world(seed)
    world["flags"]["mode"] = "production"
    world.pop("again", None)
    world["scene"].pop("floor", None)
    return world


def stricter_never_unblocks(ground, world, rng, number):
    change = stricter.ALL[number % len(stricter.ALL)]
    other = changed(world, change, rng)
    before = ground.say(world)
    return not is_laxer(ground.say(other), before), change.__name__, [world, other]


PAIRS = list(itertools.combinations(stricter.ALL, 2))


def two_keys_are_never_laxer_than_one(ground, world, rng, number):
    pair = PAIRS[number % len(PAIRS)]
    seeds = [rng.random(), rng.random()]
    alone = [changed(world, change, random.Random(seed)) for change, seed in zip(pair, seeds)]
    both = changed(alone[0], pair[1], random.Random(seeds[1]))
    said = [ground.say(one) for one in (*alone, both)]
    holds = not is_laxer(said[2], said[0]) and not is_laxer(said[2], said[1])
    return holds, " and ".join(one.__name__ for one in pair), [*alone, both]


EXEMPT = [{"new_only": True}, {"only_fixable": True}, {"scope": "production"}]


def what_excuses_a_finding_changes_no_ratchet(ground, world, rng, _number):
    """`new_only`, `only_fixable` and `scope` beside a ratchet, KEV or EPSS alone: these block the same."""
    judged = {one["id"]: one for one in world["scene"]["gates"]}
    gate = rng.choice([one for one in world["config"]["gates"] if one["id"] in judged] or [None])
    if gate is None:
        raise NotThisWorld
    for keys in (gate, world["config"]["defaults"], *world["config"].get("profile", {}).get("gate", {}).values()):
        for key in [key for key in keys if key in ("max", "fail_on", "new_only", "only_fixable", "scope", "unrated", "required")]:
            del keys[key]
    world["config"]["max"] = {}
    world["config"]["baseline"] = {"file": "known.json"}
    files = world["scene"].setdefault("baselines", {})
    entries = [{"gate": gate["id"], "severity": one["severity"], "key": one["key"]} for one in judged[gate["id"]]["findings"]]
    files["known.json"], files["ratchet.json"] = entries, [one for one in entries if rng.random() < 0.7]
    gate["fail_on"] = "never"
    if rng.random() < 0.7:
        gate["no_worse_than"] = "ratchet.json"
    other = copy.deepcopy(world)
    both = rng.sample(EXEMPT, rng.choice([1, 1, 2, 3]))
    for keys in both:
        stricter._set(other, gate["id"], **keys)
    one, two = ground.say(world), ground.say(other)
    return one["outcomes"][gate["id"]] == two["outcomes"][gate["id"]], str(both), [world, other]


def added(gate, rng, world):
    """Findings that join no two problems into one: such a join may well unblock, because a waiver of a problem covers all of it."""
    lock = world["scene"]["lock"]
    keys = (f"n{rng.randrange(10**9)}" for _ in itertools.count())
    extra = scenes.random_gate(rng, gate, rng.choice(["checkstyle", "sarif", "cyclonedx", "npm", "trivy"]), keys, lock)
    for finding in extra["findings"]:
        finding["aliases"] = []
        (finding.get("package") or {}).pop("qualifiers", None)
        if finding["category"] == "secret":
            finding["line"] += 1000
    for package in extra.get("inventory", []):
        package.pop("qualifiers", None)
    extra["findings"] = scenes.unlike(extra["findings"])
    return extra


def twin(world, gate):
    """The gate of the same name in another world."""
    return next(one for one in world["scene"]["gates"] if one["id"] == gate["id"])


def more_gates_never_unblock(ground, world, rng, _number):
    if world["how"] == "run":
        raise NotThisWorld
    for gate in world["scene"]["gates"]:
        gate.pop("handed_in_as", None)  # with two gates of a tool its name would not say which
    other = copy.deepcopy(world)
    gate = added("more", rng, world)
    other["scene"]["gates"].insert(rng.randrange(len(other["scene"]["gates"]) + 1), gate)
    other["config"]["gates"].append(policies.gate(rng, gate, world["config"]["risk"], []))
    before = ground.say(world)
    return not is_laxer(ground.say(other), before), gate["kind"], [world, other]


def more_findings_never_unblock(ground, world, rng, _number):
    whole = [gate for gate in world["scene"]["gates"] if gate["state"] == "whole" and gate["kind"] != "npm"]
    if not whole:
        raise NotThisWorld
    other = copy.deepcopy(world)
    gate = twin(other, rng.choice(whole))
    for _ in range(20):
        extra = added(gate["id"], rng, world)
        if extra["kind"] == gate["kind"] and extra["findings"]:
            break
    else:
        raise NotThisWorld
    gate["findings"] = scenes.unlike([*gate["findings"], *extra["findings"]])
    listed = [one["package"] for one in gate["findings"] if gate["kind"] == "cyclonedx"]
    gate["inventory"] = [*gate.get("inventory", []), *(one for one in listed if one not in gate.get("inventory", []))]
    before = ground.say(world)
    return not is_laxer(ground.say(other), before), gate["kind"], [world, other]


def more_reports_never_unblock(ground, world, rng, _number):
    """Another report of the same gate, whole or missing."""
    if world["how"] == "run":
        raise NotThisWorld
    gates = [gate for gate in world["scene"]["gates"] if gate["state"] == "whole"]
    if not gates:
        raise NotThisWorld
    other = copy.deepcopy(world)
    gate = twin(other, rng.choice(gates))
    for _ in range(30):
        extra = added(gate["id"], rng, world)
        if extra["kind"] == gate["kind"] and extra["state"] in ("whole", "missing"):
            break
    else:
        raise NotThisWorld
    taken = [scenes.place(one) for part in (gate, *gate.get("more", [])) for one in part["findings"]]
    extra["findings"] = [one for one in extra["findings"] if scenes.place(one) not in taken]
    gate["more"] = [*gate.get("more", []), extra]
    before = ground.say(world)
    return not is_laxer(ground.say(other), before), f"{gate['kind']} {extra['state']}", [world, other]


def without_names(said):
    return {**said, "findings": sorted((finding[:-1] for finding in said["findings"]), key=str)}


def order_does_not_matter(ground, world, rng, _number):
    other = copy.deepcopy(world)
    lists = [other["scene"]["gates"], other["config"]["gates"], other["scene"].get("vex") or []]
    lists += [gate["findings"] for gate in other["scene"]["gates"]] + list(other["scene"].get("baselines", {}).values())
    lists += [document["statements"] for document in other["scene"].get("vex") or []]
    for one in lists:
        rng.shuffle(one)
    unnamed = [waiver for waiver in other["config"]["waivers"] if not waiver.get("name")]
    if not unnamed:
        rng.shuffle(other["config"]["waivers"])
    return without_names(ground.say(other)) == without_names(ground.say(world)), "", [world, other]


def names_of_gates_do_not_matter(ground, world, rng, _number):
    names = [gate["id"] for gate in world["config"]["gates"]]
    new = dict(zip(names, rng.sample(["alpha", "b.2", "z_9", "G0", "k-1", "w"], len(names))))
    new |= {gate["id"]: gate["id"] for gate in world["scene"]["gates"] if gate["id"] not in new}  # reports without a gate
    other = copy.deepcopy(world)
    for gate in [*other["scene"]["gates"], *other["config"]["gates"]]:
        gate["id"] = new[gate["id"]]
    for waiver in other["config"]["waivers"]:
        if waiver.get("gate"):
            waiver["gate"] = new.get(waiver["gate"], waiver["gate"])
    for entry in (entry for entries in other["scene"].get("baselines", {}).values() for entry in entries):
        entry["gate"] = new[entry["gate"]]
    profile = other["config"].get("profile") or {}
    profile["gate"] = {new[name]: keys for name, keys in profile.get("gate", {}).items()}
    profile |= {key: [new[name] for name in profile[key]] for key in ("only", "skip") if key in profile}
    said = ground.say(world)
    said["outcomes"] = {new[name]: one for name, one in said["outcomes"].items()}
    said["findings"] = sorted(([new[one[0]], *one[1:]] for one in said["findings"]), key=str)
    return ground.say(other) == said, "", [world, other]


SPLIT = ["checkstyle", "sarif", "junit", "trivy"]


def a_split_report_is_the_same(ground, world, rng, _number):
    """The findings of a gate in two reports of that gate."""
    gates = [gate for gate in world["scene"]["gates"] if gate["kind"] in SPLIT and len(gate["findings"]) > 1 and not gate.get("more")]
    if world["how"] == "run" or not gates:
        raise NotThisWorld
    other = copy.deepcopy(world)
    gate = twin(other, rng.choice(gates))
    cut = rng.randrange(1, len(gate["findings"]))
    gate["more"] = [{**gate, "findings": gate["findings"][cut:]}]
    gate["findings"] = gate["findings"][:cut]
    return ground.say(other) == ground.say(world), gate["kind"], [world, other]


def later_expiry_never_blocks(ground, world, rng, _number):
    if not any(waiver["expires"] is not None for waiver in world["config"]["waivers"]):
        raise NotThisWorld
    other = copy.deepcopy(world)
    for waiver in other["config"]["waivers"]:
        waiver["expires"] = None if waiver["expires"] is None else waiver["expires"] + rng.choice([1, 30, 700])
    before = ground.say(world)
    return not is_laxer(before, ground.say(other)), "", [world, other]


def lab_and_production_judge_the_same(ground, world, rng, _number):
    other = copy.deepcopy(world)
    other["flags"]["mode"] = "lab"
    one, two = ground.say(world), ground.say(other)
    codes = {"pass": 0, "blocked": 1, "inconclusive": 3}
    return {**one, "exit": 0} == two and one["exit"] == codes[one["verdict"]], "", [world, other]


def a_record_judged_again_is_the_same(ground, world, rng, _number):
    if world["flags"].get("no_baseline"):
        raise NotThisWorld  # judge has no such flag
    one = ground.say(world)
    if rng.random() < 0.5:
        (ground.top / "gates.toml").unlink()
        again = {"flags": {}}
    else:
        again = {"flags": {key: value for key, value in world["flags"].items() if key == "profile"}}
    for record in ("gates-report/run.json", "second/run.json"):
        code, ground.output = program.start(ground.portcullis, ground.top, program.again_arguments(again, record))
        two = {"exit": 2} if code == 2 else program.said(code, program.read(ground.top / "second/run.json"))
        if one != two:
            return False, record, [world]
    return True, "", [world]


CHECKS = [
    stricter_never_unblocks, two_keys_are_never_laxer_than_one, what_excuses_a_finding_changes_no_ratchet, more_gates_never_unblock,
    more_findings_never_unblock, more_reports_never_unblock, order_does_not_matter, names_of_gates_do_not_matter, a_split_report_is_the_same,
    later_expiry_never_blocks, lab_and_production_judge_the_same, a_record_judged_again_is_the_same,
]


def carry_out(job):
    """`number` checks of one kind, each on the next world that it fits."""
    portcullis, check, number, first, out = job
    done, failed, seed = 0, [], first * 1_000_003
    about = collections.Counter()
    with tempfile.TemporaryDirectory() as scratch:
        ground = Ground(portcullis, pathlib.Path(scratch) / "world")
        while done < number:
            seed += 1
            try:
                holds, what, compared = check(ground, plain_world(seed), random.Random(seed), done)
            except NotThisWorld:
                continue
            except Exception as error:
                raise RuntimeError(f"{check.__name__}, world {seed}: {error!r}") from error
            done += 1
            about[what] += 1
            if not holds:
                failed.append((check.__name__, seed, what))
                target = out / f"{check.__name__}-{seed}.json"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(json.dumps(compared, indent=1) + "\n")
    return check.__name__, done, failed, about


def main():
    parser = compare.options(__doc__)
    parser.add_argument("--checks", type=int, help="the number of checks of all kinds together")
    parser.add_argument("--each", type=int, default=100, help="the number of checks of each kind")
    parser.add_argument("--only", help="the kinds whose names contain this")
    asked = parser.parse_args()
    portcullis = str(pathlib.Path(asked.portcullis).resolve())
    kinds = [check for check in CHECKS if not asked.only or asked.only in check.__name__]
    each = -(-asked.checks // len(kinds)) if asked.checks else asked.each
    jobs = [(portcullis, check, each, asked.seed, asked.out) for check in kinds]
    with concurrent.futures.ProcessPoolExecutor(asked.jobs) as pool:
        done = list(pool.map(carry_out, jobs))
    for name, number, failed, about in done:
        print(f"{number:>6}  {name}{f', {len(failed)} FAILED' if failed else ''}")
        for _, seed, what in failed[:10]:
            print(f"        {what}: {asked.out}/{name}-{seed}.json")
    failures = sum(len(failed) for _, _, failed, _ in done)
    print(f"{sum(number for _, number, _, _ in done)} metamorphic checks of {len(done)} kinds, {failures} failures")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
