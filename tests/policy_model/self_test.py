#!/usr/bin/env python3
"""Shows that the comparison finds a difference: with each wrong rule of plants.py, the model must differ from the program.

    python3 tests/policy_model/self_test.py --worlds 400 --seed 1
"""

import contextlib
import pathlib
import shutil
import sys
import tempfile

import compare
import plants
import program
import worlds


@contextlib.contextmanager
def planted(places):
    """The model with wrong functions in the place of its own."""
    kept = [(module, name, getattr(module, name)) for module, name, _ in places]
    for module, name, wrong in places:
        setattr(module, name, wrong)
    try:
        yield
    finally:
        for module, name, right in kept:
            setattr(module, name, right)


def differ(said):
    """How many worlds differ from what the program said."""
    count = 0
    for world, theirs in said:
        ours = [program.expected(one) for one in compare.judged(world)]
        count += any(one != other for one, other in zip(ours, theirs))
    return count


def main():
    parser = compare.options(__doc__)
    parser.add_argument("--worlds", type=int, default=400)
    asked = parser.parse_args()
    portcullis = str(pathlib.Path(asked.portcullis).resolve())
    said = []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(asked.seed, asked.seed + asked.worlds):
            top = pathlib.Path(scratch) / "world"
            shutil.rmtree(top, ignore_errors=True)
            top.mkdir()
            world = worlds.world(seed)
            said.append((world, [theirs for theirs, _ in program.judge(portcullis, world, top)]))
    right = differ(said)
    found = {}
    for name, places in plants.PLANTS.items():
        with planted(places):
            found[name] = differ(said)
        print(f"{found[name]:>6}  {name}")
    noticed = sum(count > right for count in found.values())
    print(f"{noticed} of {len(found)} planted rules noticed in {len(said)} worlds, {right} differences without them")
    sys.exit(noticed < len(found) or right > 0)


if __name__ == "__main__":
    main()
