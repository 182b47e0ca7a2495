"""Random policies over a scene: gates.toml, the command line, and VEX documents."""

from basics import COUNTED, SEVERITIES, purl
from scenes import LICENCES, NPM, PYPI, VERSIONS, VULNERABILITIES

GLOBS = ["src/*.js", "src/**", "web/**", "**/b.js", "src/**/c.js", "{src,web}/[ad].js", "src/lib/?.js", "src/[!b].js", "app[12]/*"]
TRIED = [*SEVERITIES, "never", "high", "critical", "never"]


def some(rng, chance, value):
    """The value, or nothing."""
    return value() if rng.random() < chance else None


def keys(rng, risk, chance, files):
    """Keys that say what blocks: those of `[defaults]`, of a gate, and most of them of a profile."""
    tried = {
        "fail_on": some(rng, chance * 2, lambda: rng.choice(TRIED)),
        "unrated": some(rng, chance, lambda: rng.choice(TRIED)),
        "max": some(rng, chance, lambda: budget(rng)),
        "new_only": some(rng, chance, lambda: rng.random() < 0.8),
        "no_worse_than": some(rng, chance if files else 0, lambda: rng.choice(files)),
        "fail_on_kev": some(rng, chance * 2 if risk.get("kev") else 0, lambda: rng.random() < 0.8),
        "epss_at_least": some(rng, chance * 2 if risk.get("epss") else 0, lambda: rng.choice([0, 0.1, 0.3, 0.5, 1])),
        "only_fixable": some(rng, chance, lambda: rng.random() < 0.8),
        "scope": some(rng, chance, lambda: rng.choice(["all", "production", "production"])),
    }
    return {key: value for key, value in tried.items() if value is not None}


def budget(rng):
    return {severity: rng.choice([0, 0, 1, 2, 5]) for severity in rng.sample(COUNTED, rng.choice([1, 1, 2, 3]))}


def config(rng, scene):
    risk = {"epss": rng.random() < 0.5, "kev": rng.random() < 0.5}
    if (risk["epss"] or risk["kev"]) and rng.random() < 0.5:
        risk["max_age"] = 10
    files = [*scene.get("baselines", {}), "no-such-file.json"]
    made = {
        "mode": rng.choice([None, "lab", "production", "production", "production"]),
        "defaults": keys(rng, risk, 0.15, files),
        "risk": risk,
        "gates": [gate(rng, one, risk, files) for one in scene["gates"]],
        "waivers": [],
        "vex": bool(scene.get("vex")) and rng.random() < 0.8,
        "waivers_without_end": rng.random() < 0.3,
    }
    if rng.random() < 0.25:
        made["max"] = budget(rng)
    if rng.random() < 0.5:
        made["products"] = rng.choice([["our-app"], ["pkg:generic/our-app@1"], ["pkg:generic/our-app"]])
    if rng.random() < 0.5:
        made["baseline"] = {"file": rng.choice(["gates.baseline.json", "other.json"])}
        if rng.random() < 0.2:
            made["baseline"]["max_age"] = "1d"
    if rng.random() < 0.4:
        made["waivers"] = [waiver(rng, scene, n, made) for n in range(rng.choice([1, 1, 2, 3]))]
    if rng.random() < 0.3:
        made["profile"] = profile(rng, scene, risk)
    return made


def gate(rng, of, risk, files):
    made = {"id": of["id"], "kind": of["kind"], **keys(rng, risk, 0.15, files)}
    if rng.random() < 0.2:
        made["required"] = rng.random() < 0.2
    if rng.random() < 0.5 and of["state"] == "empty":
        made["allow_empty"] = True
    if of["kind"] == "cyclonedx":
        if rng.random() < 0.3:
            made["licences"] = licences(rng)
        if rng.random() < 0.2:
            made["ban"] = [ban(rng) for _ in range(rng.choice([1, 1, 2]))]
    return made


def licences(rng):
    made = {}
    single = [one for one in LICENCES if " " not in one and one != "Foo-1.0"]
    if rng.random() < 0.5:
        made["allow"] = sorted({"MIT", *rng.sample([*single, "GPL-*"], 2)})
    if rng.random() < 0.6 or not made:
        made["deny"] = rng.choice([["AGPL-*"], ["AGPL-3.0-only"], ["GPL-3.0-only"], ["gpl-3.0-*", "AGPL-3.0-only"]])
    if rng.random() < 0.5:
        made["unknown"] = rng.choice(["warn", "deny", "allow"])
    if rng.random() < 0.3:
        made["exceptions"] = [{
            "package": rng.choice(["pkg:npm/@acme/*", "ms", "pkg:pypi/zope-interface", "nameless", "pkg:npm/lodash"]),
            "allow": rng.choice([["AGPL-3.0-only"], ["unknown"], ["AGPL-*", "unknown"]]),
        }]
    return made


def ban(rng):
    made = {"package": rng.choice(["pkg:npm/lodash", "pkg:npm/@acme/*", "pkg:npm/**", "pkg:pypi/zope-interface", "pkg:npm/ms"])}
    if rng.random() < 0.5:
        made["versions"] = rng.choice(["<2", ">=1.5, <3", "1.0.0", ">=2"])
    return made


def all_findings(scene):
    return [(gate, finding) for gate in scene["gates"] for part in (gate, *gate.get("more", [])) for finding in part["findings"]]


def package_text(rng, package):
    """The ways to write a package in a waiver and in VEX."""
    other = rng.choice(VERSIONS)
    texts = [purl(package, version=False), purl({**package, "version": other, "qualifiers": {}})]
    if package.get("version"):
        texts.append(purl({**package, "qualifiers": {}}))
    texts.append(purl({**package, "version": None, "qualifiers": {"arch": "x86"}}) if rng.random() < 0.3 else texts[-1])
    return rng.choice(texts)


def waiver(rng, scene, number, config):
    """Most waivers are made after a finding, so that they cover something."""
    made = {"expires": rng.choice([-1, -30, 0, 1, 400, 400, 400]), "reason": f"reason {number}"}
    if config["waivers_without_end"] and rng.random() < 0.5:
        made["expires"] = None
    if rng.random() < 0.5:
        made["name"] = f"w{number}"
    if not all_findings(scene):
        return made | {"rule": "R1"}
    gate, finding = rng.choice(all_findings(scene))
    package = finding.get("package")
    choices = {
        "rule": rng.choice([finding["rule"], *finding["aliases"]]),
        "path": rng.choice([finding.get("path"), *GLOBS]) if finding.get("path") else None,
        "package": rng.choice([package["name"], package_text(rng, package)]) if package and package.get("ecosystem") else None,
        "id": finding["key"],
        "tool": {"npm": "npm-audit", "trivy": "trivy"}.get(gate["kind"], "command"),
        "gate": gate["id"],
    }
    possible = [key for key, value in choices.items() if value is not None]
    weights = [2 if key in ("rule", "package", "id") else 1 for key in possible]
    for key in rng.choices(possible, weights, k=rng.choice([1, 1, 2, 2, 3])):
        made[key] = choices[key]
    return made


def profile(rng, scene, risk):
    made = {"mode": some(rng, 0.4, lambda: rng.choice(["lab", "production"]))}
    made["gate"] = {}
    for one in scene["gates"]:
        if rng.random() < 0.6:
            overlay = keys(rng, risk, 0.3, [])
            overlay.pop("new_only", None)
            if rng.random() < 0.2:
                overlay["required"] = rng.random() < 0.5
            made["gate"][one["id"]] = overlay
    names = [one["id"] for one in scene["gates"]]
    if rng.random() < 0.2:
        made["only"] = rng.sample(names, rng.randrange(1, len(names) + 1))
    if rng.random() < 0.2 and len(names) > 1:
        made["skip"] = rng.sample(names, 1)
    return {key: value for key, value in made.items() if value is not None}


def vex(rng, scene):
    """Documents of both formats, about packages and vulnerabilities of the scene."""
    seen = [one for _, one in all_findings(scene) if one["category"] == "vulnerability" and one["package"].get("ecosystem")]
    about = rng.choice(seen) if seen and rng.random() < 0.8 else None
    return [vex_document(rng, rng.choice(["openvex", "cyclonedx"]), about) for _ in range(rng.choice([1, 1, 2]))]


def vex_document(rng, form, about):
    document = {"format": form, "timestamp": rng.randrange(1, 6), "statements": []}
    if form == "openvex" and rng.random() < 0.3:
        document["last_updated"] = rng.randrange(0, document["timestamp"]) + 1
    if form == "cyclonedx":
        document["subject"] = rng.choice([None, "our-app", "other-app"])
    for _ in range(rng.choice([1, 2, 3])):
        document["statements"].append(statement(rng, form, document.get("subject"), about))
    return document


def statement(rng, form, subject, about):
    """In most cases about a finding of the scene, so that several statements are about the same."""
    cve, ghsa = rng.choice(VULNERABILITIES)
    if about and rng.random() < 0.8:
        cve, ghsa = next(pair for pair in VULNERABILITIES if about["rule"] in pair)
    vulnerability, aliases = rng.choice([(cve, []), (cve, [ghsa]), (ghsa, [])])
    ecosystem = rng.choice(["npm", "npm", "pypi"])
    package = {"ecosystem": ecosystem, "name": rng.choice(NPM if ecosystem == "npm" else PYPI), "version": rng.choice(VERSIONS)}
    text = package_text(rng, about["package"] if about and rng.random() < 0.8 else package)
    states = {
        "openvex": ["not_affected", "not_affected", "fixed", "affected", "under_investigation"],
        "cyclonedx": ["not_affected", "not_affected", "false_positive", "resolved", "resolved_with_pedigree", "exploitable", "in_triage"],
    }
    made = {"vulnerability": vulnerability, "aliases": aliases, "status": rng.choice(states[form])}
    if made["status"] == "not_affected":
        made["justification"] = {"openvex": "vulnerable_code_not_present", "cyclonedx": "code_not_present"}[form]
        if rng.random() < 0.2:
            made["words"] = "it is never called"
            made.pop("justification") if rng.random() < 0.7 else None
    if form == "cyclonedx":
        made["products"] = [{"id": subject, "parts": [text]} if subject else {"id": text}]
    else:
        made["products"] = [rng.choice([
            {"id": text}, {"id": text}, {"id": "our-app", "parts": [text]}, {"id": "our-app"}, {"id": "other-app", "parts": [text]},
            {"id": "pkg:generic/our-app@1", "parts": [text]}, {"id": "pkg:generic/our-app"},
        ])]
    if rng.random() < 0.5:
        made["timestamp"] = rng.randrange(1, 6)
    if rng.random() < 0.2:
        made["last_updated"] = rng.randrange(1, 6)
    return made
