"""Random reports, and the files beside them: what a world's policy is about."""

VULNERABILITIES = [(f"CVE-2021-100{n}", f"GHSA-aaaa-bbbb-cc2{n + 1}") for n in range(1, 4)]
PATHS = ["src/a.js", "src/lib/b.js", "src/lib/deep/c.js", "web/d.js"]
NPM = ["ms", "lodash", "@acme/core"]
PYPI = ["zope.interface", "Zope_Interface", "requests"]
VERSIONS = ["1.0.0", "2.0.0"]
KINDS = ["checkstyle", "sarif", "sarif", "junit", "cyclonedx", "cyclonedx", "npm", "npm", "trivy", "trivy"]
LICENCES = [
    "MIT", "Apache-2.0", "GPL-3.0-only", "GPL-3.0-or-later", "AGPL-3.0-only", "MIT OR AGPL-3.0-only", "MIT AND AGPL-3.0-only",
    "Foo-1.0", "AGPL-3.0-only AND Foo-1.0", "AGPL-3.0-only OR Foo-1.0", "MIT OR Foo-1.0", "MIT AND Foo-1.0 OR GPL-3.0-only",
]


def scene(rng, how):
    kinds = [kind for kind in KINDS if how != "run" or kind not in ("npm", "trivy")]
    lock = random_lock(rng)
    names = iter(f"f{n}" for n in range(1000))
    gates = []
    for n in range(rng.choice([1, 1, 2, 2, 3, 4])):
        kind = rng.choice(kinds)
        gates.append(random_gate(rng, f"g{n}", kind, names, lock))
        if how == "judge" and kind not in ("cyclonedx", "npm") and rng.random() < 0.12:
            gates[-1]["more"] = [another(rng, gates[-1], names)]
    twins(rng, gates, names)
    aged = rng.random() < 0.15
    return {
        "gates": gates,
        "lock": lock,
        "epss": {cve: rng.choice([0.01, 0.1, 0.5, 0.9]) for cve, _ in VULNERABILITIES if rng.random() < 0.6},
        "epss_age": rng.choice([5, 20]) if aged else 1,
        "kev": [cve for cve, _ in VULNERABILITIES if rng.random() < 0.3],
        "kev_age": rng.choice([5, 20]) if aged else 1,
    }


def twins(rng, gates, names):
    """Some vulnerabilities are found by a second gate, too, by the same or by another id."""
    seen = [one for gate in gates for one in gate["findings"] if one["category"] == "vulnerability" and one["package"].get("version")]
    readers = [gate for gate in gates if gate["kind"] in ("trivy", "sarif") and gate["state"] == "whole"]
    for one in seen:
        if readers and rng.random() < 0.4:
            gate = rng.choice(readers)
            cve, ghsa = next(pair for pair in VULNERABILITIES if one["rule"] in pair)
            twin = {"trivy": trivy, "sarif": sarif}[gate["kind"]](rng, next(names), gate)
            version = one["package"]["version"] if rng.random() < 0.8 else rng.choice(VERSIONS)
            twin["package"] = {"ecosystem": one["package"]["ecosystem"], "name": one["package"]["name"], "version": version, "purl": True}
            twin |= {"rule": cve, "category": "vulnerability"}
            if gate["kind"] == "trivy":
                twin["aliases"] = [ghsa] if rng.random() < 0.7 else []
            taken = [place(other) for part in gate.get("more", []) for other in part["findings"]]
            if place(twin) not in taken:
                gate["findings"] = unlike([*gate["findings"], twin])


def random_lock(rng):
    """Which versions npm has installed, and which of them only development needs; nothing if there is no lock file."""
    if rng.random() < 0.15:
        return None
    return {
        name: {version: rng.random() < 0.4 for version in sorted(rng.sample(VERSIONS, rng.choice([1, 1, 2])))}
        for name in NPM
    }


def random_gate(rng, gate_id, kind, names, lock):
    gate = {"id": gate_id, "kind": kind, "state": "whole", "findings": []}
    chance = rng.random()
    if chance < 0.05:
        gate["state"] = "missing"
    elif chance < 0.10 and kind == "sarif":
        gate["state"] = "broken"
    elif chance < 0.14 and kind in ("checkstyle", "junit"):
        gate["state"] = "empty"
    if gate["state"] in ("whole", "broken"):
        count = rng.choice([0, 1, 1, 2, 2, 3, 4, 6])
        fill = {"checkstyle": lint, "sarif": sarif, "junit": test, "cyclonedx": component, "trivy": trivy}
        if kind == "npm":
            gate["findings"] = npm(rng, names, lock)
        else:
            gate["findings"] = [one for _ in range(count) if (one := fill[kind](rng, next(names), gate))]
        gate["findings"] = unlike(gate["findings"])
    return gate


def another(rng, gate, names):
    """A second report of the gate, with other findings."""
    extra = random_gate(rng, gate["id"], gate["kind"], names, None)
    taken = [place(one) for one in gate["findings"]]
    extra["findings"] = [one for one in extra["findings"] if place(one) not in taken]
    return extra


def place(finding):
    """By what a finding of the model is found again in run.json."""
    package = finding.get("package") or {}
    return [finding["rule"], finding.get("path"), finding.get("line"), package.get("name"), package.get("version")]


def unlike(findings):
    """Two findings of one gate never look the same, so that each can be found again."""
    kept = []
    for finding in findings:
        if place(finding) not in [place(other) for other in kept]:
            kept.append(finding)
    return kept


def lint(rng, key, _gate):
    severity = rng.choice(["high", "medium", "medium", "low", "low", "info", "unknown"])
    rule = rng.choice(["R1", "R2", "R3"])
    return {
        "key": key, "rule": rule, "aliases": [], "severity": severity, "category": "lint", "path": rng.choice(PATHS),
        "line": rng.randrange(1, 400),
    }


def test(rng, key, _gate):
    return {
        "key": key, "rule": f"C.{key}", "aliases": [], "severity": "high", "category": "test", "path": rng.choice(PATHS),
        "line": rng.randrange(1, 400),
    }


def sarif(rng, key, _gate):
    severity = rng.choice(["critical", "high", "medium", "low", "info", "unknown"])
    finding = {"key": key, "aliases": [], "severity": severity, "path": rng.choice(PATHS), "line": rng.randrange(1, 400)}
    kind = rng.random()
    if kind < 0.3:
        cve, _ = rng.choice(VULNERABILITIES)
        finding |= {"rule": cve, "category": "vulnerability", "package": package(rng)}
    elif kind < 0.5:
        finding |= {"rule": rng.choice(["S1", "S2"]), "category": "secret", "path": "src/keys.js", "line": rng.randrange(1, 4)}
    else:
        finding |= {"rule": rng.choice(["R1", "R2", "R3"]), "category": "lint"}
    if rng.random() < 0.15:
        finding["suppressed"] = {"state": "accepted"}
    return finding


def package(rng):
    ecosystem = rng.choice(["npm", "npm", "pypi"])
    found = {"ecosystem": ecosystem, "name": rng.choice(NPM if ecosystem == "npm" else PYPI), "version": rng.choice(VERSIONS)}
    found["purl"] = True
    if rng.random() < 0.15:
        found["qualifiers"] = {"arch": rng.choice(["x86", "arm"])}
    return found


def component(rng, key, gate):
    """A component of a CycloneDX document, in most cases with a vulnerability. A component is one for all its vulnerabilities."""
    inventory = gate.setdefault("inventory", [])
    found = package(rng)
    found |= {"licences": rng.sample(LICENCES, rng.choice([0, 1, 1, 1, 2])), "dev": rng.random() < 0.3}
    if rng.random() < 0.1:
        found = {"name": rng.choice(["nameless", "ms", "acme"]), "version": "1.0.0", "licences": found["licences"], "dev": found["dev"]}
    names = ("ecosystem", "name", "version")
    same = [one for one in inventory if all(one.get(key) == found.get(key) for key in names)]
    if same:
        found = same[0]
    else:
        inventory.append(found)
    if rng.random() < 0.3 or not found.get("purl"):
        return None
    cve, ghsa = rng.choice(VULNERABILITIES)
    rule, aliases = rng.choice([(cve, []), (cve, [ghsa]), (ghsa, []), (ghsa, [cve])])
    finding = {
        "key": key, "rule": rule, "aliases": aliases, "category": "vulnerability", "package": found, "dev": found["dev"],
        "severity": rng.choice(["critical", "high", "medium", "low", "info", "unknown"]),
    }
    if rng.random() < 0.15:
        state = rng.choice(["not_affected", "not_affected", "false_positive", "resolved", "resolved_with_pedigree", "in_triage"])
        finding["suppressed"] = {"state": state, **reason(rng, "code_not_present", 0.6)}
    return finding


def reason(rng, word, chance):
    """Why something is not affected: a word of the specification, other words, or neither."""
    said = {}
    if rng.random() < chance:
        said["justification"] = word
    if rng.random() < 0.3:
        said["words"] = "looked at"
    return said


def trivy(rng, key, _gate):
    found = package(rng)
    found.pop("qualifiers", None)
    cve, ghsa = rng.choice(VULNERABILITIES)
    rule, aliases = rng.choice([(cve, []), (cve, [ghsa]), (ghsa, [])])
    severity = rng.choice(["critical", "high", "medium", "low", "unknown", "unknown"])
    finding = {
        "key": key, "rule": rule, "aliases": aliases, "category": "vulnerability", "package": found, "severity": severity,
        "path": f"app{rng.randrange(1, 3)}/lock", "dev": rng.random() < 0.3, "unfixed": rng.random() < 0.4,
    }
    if severity == "unknown" and rng.random() < 0.4:
        score = rng.choice([9.5, 7.5, 5.0, 2.0])
        rated = "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"
        finding |= {"score": score, "severity": rated}
    return finding


def npm(rng, names, lock):
    """npm audit lists a package once, with all its advisories and installed versions: as many findings of the model."""
    findings = []
    for name in rng.sample(NPM, rng.choice([0, 1, 1, 2])):
        unfixed = rng.random() < 0.4
        for _, ghsa in rng.sample(VULNERABILITIES, rng.choice([1, 1, 2])):
            severity = rng.choice(["critical", "high", "medium", "low", "info", "unknown"])
            # For development only, if each installed version is: the report names the package.
            dev = bool(lock) and all(lock[name].values())
            for version in lock[name] if lock else [None]:
                findings.append({
                    "key": next(names), "rule": ghsa, "aliases": [], "category": "vulnerability", "severity": severity,
                    "package": {"ecosystem": "npm", "name": name, "version": version}, "dev": dev, "unfixed": unfixed,
                })
    return findings
