"""Makes a world smaller while the program and the model still differ on it."""

import copy

# What the writers of a world need: never dropped.
NEEDED = {"gates", "lock", "epss", "epss_age", "kev_age", "scene", "config", "how", "seed", "id", "kind", "state", "findings"}
# Inside of these, nothing is dropped: their parts belong together.
WHOLE = {"package", "aliases", "products", "lock"}


def droppable(node, path=()):
    """The places of a world that may be dropped: entries of lists, and keys that are optional."""
    if isinstance(node, list):
        if path[-2:] != ("config", "gates"):  # they go with the reports of the scene
            yield from ((*path, n) for n in range(len(node)))
        for n, one in enumerate(node):
            if isinstance(one, (dict, list)):
                yield from droppable(one, (*path, n))
    elif isinstance(node, dict):
        inside_finding = "rule" in node and "category" in node or "licences" in node and "version" in node
        inside_statement = "vulnerability" in node and "status" in node
        for key, one in node.items():
            if key not in NEEDED and not inside_finding and not inside_statement:
                yield (*path, key)
            if isinstance(one, (dict, list)) and not inside_finding and key not in WHOLE:
                yield from droppable(one, (*path, key))


def without(world, path):
    """A copy of the world without what is at the path; a gate goes from every place that names it."""
    smaller = copy.deepcopy(world)
    node = smaller
    for step in path[:-1]:
        node = node[step]
    gone = node[path[-1]]
    del node[path[-1]]
    if path[:2] == ("scene", "gates") and path[3:4] == ("findings",) and len(path) == 5:
        gate = smaller["scene"]["gates"][path[2]]
        if gate["kind"] == "npm":  # one entry of npm's report is a finding for each installed version
            entry = (gone["rule"], gone["package"]["name"])
            gate["findings"] = [one for one in gate["findings"] if (one["rule"], one["package"]["name"]) != entry]
    if path[:2] == ("scene", "gates") and len(path) == 3:
        for config in (smaller["config"], (smaller.get("again") or {}).get("config") or {}):
            config["gates"] = [gate for gate in config.get("gates", []) if gate["id"] != gone["id"]]
            (config.get("profile") or {}).get("gate", {}).pop(gone["id"], None)
    return smaller


def differs_still(differs, world):
    try:
        return differs(world)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, RuntimeError):
        return False


def shrink(world, differs, tries=1500):
    """The smallest world that was found, by dropping one thing after another."""
    dropped = True
    while dropped and tries > 0:
        dropped = False
        for path in sorted(droppable(world), key=len):
            tries -= 1
            try:
                smaller = without(world, path)
            except (KeyError, IndexError):
                continue
            if smaller["scene"]["gates"] and differs_still(differs, smaller):
                world, dropped = smaller, True
                break
            if tries <= 0:
                break
    return world
