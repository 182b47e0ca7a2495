#!/usr/bin/env python3
"""Compares the program with the model on random worlds.

    python3 tests/policy_model/compare.py --worlds 20000 --seed 1 --jobs 2

It prints how many worlds and comparisons there were, and how many differed. A difference is shrunk and written as a folder,
with a file `command` that says what to run and what the model expects. The exit code is 1 if there is a difference, or if a key,
a decision or an outcome never occurred.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import sys
import tempfile

import folder
import model
import program
import shrink
import tally
import worlds

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def judged(world):
    """What the model says of a world: of the run, and of its record judged again."""
    first = model.judge(world)
    if first["exit"] == 2 or not world.get("again"):
        return [first]
    return [first, model.judge_again(world)]


def differences(portcullis, world, top):
    """[(step, what the program says, what the model says, output)] and all that the model says."""
    before = folder.today()
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir(parents=True)
    said = program.judge(portcullis, world, top)
    if folder.today() != before:  # the day ended meanwhile: dates are relative to it
        return differences(portcullis, world, top)
    expected = judged(world)
    found = []
    for step, ((theirs, output), ours) in enumerate(zip(said, expected)):
        if theirs != program.expected(ours):
            found.append((step, theirs, program.expected(ours), output))
            break
    if len(said) != len(expected) and not found:
        found.append((1, f"{len(said)} judgements", f"{len(expected)} judgements", said[-1][1]))
    return found, expected


def kind_of(found):
    """The step that differs, who refuses the world, and what differs: this stays while a world is shrunk."""
    kinds = []
    for step, theirs, ours, _ in found:
        if not isinstance(theirs, dict) or 2 in (theirs["exit"], ours["exit"]):
            return [(step, str(theirs)[:12], str(ours)[:12])]
        decided = [[finding[:6] for finding in said["findings"]] for said in (theirs, ours)]
        if decided[0] != decided[1]:
            return [(step, "other findings")]
        changed = {(one[-2], other[-2]) for one, other in zip(theirs["findings"], ours["findings"]) if one != other}
        kinds.append((step, min(changed, default=None) or [key for key in ours if ours[key] != theirs[key]]))
    return kinds


def write_difference(portcullis, world, out, scratch):
    """Shrinks a world, and writes it with what is expected of it."""
    kind = kind_of(differences(portcullis, world, scratch)[0])
    world = shrink.shrink(world, lambda smaller: kind_of(differences(portcullis, smaller, scratch)[0]) == kind)
    found, _ = differences(portcullis, world, scratch)
    step, theirs, ours, output = found[0]
    target = out / str(world["seed"])
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(scratch, target)
    commands = ["portcullis " + shlex.join(program.arguments(world))]
    if step == 1:
        shutil.move(target / "gates.toml", target / "second.toml") if (target / "gates.toml").exists() else None
        commands.append("# then with second.toml as gates.toml, or without gates.toml if there is none:")
        commands.append("portcullis " + shlex.join(program.again_arguments(world["again"], "gates-report/run.json")))
        folder.write(world, target, program.ids(portcullis, world, scratch) if program.needs_ids(world) else {})
    text = "\n".join(commands) + f"\nthe model expects: {json.dumps(ours)}\nthe program says:  {json.dumps(theirs)}\n{output}"
    (target / "command").write_text(text)
    (target / "world.json").write_text(json.dumps(world, indent=1) + "\n")
    return f"{target}: {text}"


def work(job):
    """Some worlds in one process: (worlds, comparisons, seeds that differ, the tally)."""
    portcullis, seeds, asked = job
    counted, kinds, differing, comparisons = collections.Counter(), collections.Counter(), [], 0
    with tempfile.TemporaryDirectory() as scratch:
        top = pathlib.Path(scratch) / "world"
        for seed in seeds:
            world = worlds.world(seed)
            try:
                found, said = differences(portcullis, world, top)
            except Exception as error:
                raise RuntimeError(f"world {seed}: {error}") from error
            comparisons += len(said)
            tally.count(world, said, counted)
            if found:
                differing.append(seed)
                kinds[str(kind_of(found))] += 1
                if kinds[str(kind_of(found))] <= asked.each:
                    print(write_difference(portcullis, world, asked.out, top), flush=True)
    return len(seeds), comparisons, differing, counted


def compare(portcullis, asked):
    """All worlds, in several processes."""
    seeds = range(asked.seed, asked.seed + asked.worlds)
    parts = [(portcullis, seeds[n::asked.jobs], asked) for n in range(asked.jobs)]
    with concurrent.futures.ProcessPoolExecutor(asked.jobs) as pool:
        done = list(pool.map(work, parts))
    total = collections.Counter()
    for part in done:
        total += part[3]
    return sum(part[0] for part in done), sum(part[1] for part in done), sorted(seed for part in done for seed in part[2]), total


def options(doc):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("PORTCULLIS", ROOT / "target/debug/portcullis")
    parser.add_argument("--portcullis", default=default, help="the program (or $PORTCULLIS)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "target/policy-model", help="where differences are written")
    return parser


def main():
    parser = options(__doc__)
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--each", type=int, default=2, help="how many differences of a kind are shrunk and written, in each process")
    parser.add_argument("--tally", action="store_true", help="print how often each key, decision and outcome occurred")
    asked = parser.parse_args()
    portcullis = str(pathlib.Path(asked.portcullis).resolve())
    number, comparisons, differing, total = compare(portcullis, asked)
    missing = tally.missing(total)
    if asked.tally or missing:
        print(tally.table(total))
    print(f"{number} worlds, {comparisons} comparisons, {len(differing)} differences, {len(missing)} things that never occurred")
    if missing:
        print("never occurred: " + ", ".join(missing))
    if differing:
        print("seeds that differ: " + " ".join(map(str, differing[:200])))
    sys.exit(bool(differing or missing))


if __name__ == "__main__":
    main()
