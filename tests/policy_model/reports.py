"""Writes the reports of a scene, each as its tool writes it."""

import json
import xml.sax.saxutils as xml

from basics import purl


def write(gate, lock):
    """The text of a gate's report."""
    writers = {
        "checkstyle": checkstyle, "sarif": sarif, "junit": junit, "cyclonedx": cyclonedx, "trivy": trivy,
        "npm": lambda one: npm(one, lock),
    }
    return writers[gate["kind"]](gate)


def checkstyle(gate):
    words = {"high": "error", "medium": "warning", "low": "style", "info": "info", "unknown": "odd"}
    lines = ['<?xml version="1.0"?><checkstyle version="8">']
    lines += [] if gate["state"] == "empty" else ['<file name="clean.js"></file>']
    for one in gate["findings"]:
        lines.append(
            f'<file name="{one["path"]}"><error line="{one["line"]}" column="1" severity="{words[one["severity"]]}"'
            f' message="about {one["key"]}" source="{one["rule"]}"/></file>'
        )
    return "\n".join([*lines, "</checkstyle>", ""])


def junit(gate):
    cases = []
    for one in gate["findings"]:
        name = xml.quoteattr(one["rule"].removeprefix("C."))
        place = f'file="{one["path"]}" line="{one["line"]}"'
        cases.append(f'<testcase classname="C" name={name} {place}><failure message="boom">it is wrong</failure></testcase>')
    clean = [] if gate["state"] == "empty" else ['<testcase classname="C" name="good"/>']
    count = f'tests="{len(cases) + len(clean)}" failures="{len(cases)}"'
    return "\n".join([f'<testsuites><testsuite name="s" {count}>', *cases, *clean, "</testsuite></testsuites>", ""])


def sarif(gate):
    results = []
    for one in gate["findings"]:
        place = {"artifactLocation": {"uri": one["path"]}, "region": {"startLine": one["line"]}}
        result = {
            "ruleId": one["rule"], "level": "error", "message": {"text": f"about {one['key']}"},
            "locations": [{"physicalLocation": place}],
            "properties": {"issue_severity": one["severity"], "tags": [one["category"]]},
        }
        if one.get("package"):
            result["properties"]["purl"] = purl(one["package"])
        if one.get("suppressed"):
            result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": "not used"}]
        results.append(result)
    run = {"tool": {"driver": {"name": "looker"}}, "results": results, "artifacts": [{"location": {"uri": "src/a.js"}}]}
    if gate["state"] == "broken":
        run["invocations"] = [{"executionSuccessful": False}]
    return json.dumps({"version": "2.1.0", "runs": [run]}, indent=1)


def _licences(texts):
    if len(texts) == 1 and " " in texts[0]:
        return [{"expression": texts[0]}]
    return [{"license": {"name" if " " in text or text == "Foo-1.0" else "id": text}} for text in texts]


def cyclonedx(gate):
    inventory = gate.get("inventory", [])
    components = []
    for n, one in enumerate(inventory):
        component = {"bom-ref": str(n), "type": "library", "name": one["name"], "version": one["version"]}
        if one.get("purl"):
            component["purl"] = purl(one)
        if one["licences"]:
            component["licenses"] = _licences(one["licences"])
        if one["dev"]:
            component["properties"] = [{"name": "cdx:npm:package:development", "value": "true"}]
        components.append(component)
    components.append({"bom-ref": "clean", "type": "library", "name": "clean", "version": "9.0.0", "licenses": [{"license": {"id": "MIT"}}],
                       "purl": "pkg:cargo/clean@9.0.0"})
    vulnerabilities = []
    for one in gate["findings"]:
        listed = {
            "id": one["rule"], "affects": [{"ref": str(inventory.index(one["package"]))}],
            "references": [{"id": alias, "source": {"name": "other"}} for alias in one["aliases"]],
        }
        if one["severity"] != "unknown":
            listed["ratings"] = [{"severity": one["severity"]}]
        if one.get("suppressed"):
            said = one["suppressed"]
            names = {"state": "state", "justification": "justification", "words": "detail"}
            listed["analysis"] = {names[key]: value for key, value in said.items()}
        affects = listed.pop("affects")
        same = next((other for other in vulnerabilities if {**other, "affects": []} == {**listed, "affects": []}), None)
        if same:  # as tools list a vulnerability of several packages
            same["affects"] += affects
        else:
            vulnerabilities.append({**listed, "affects": affects})
    return json.dumps(
        {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components, "vulnerabilities": vulnerabilities},
        indent=1,
    )


def trivy(gate):
    results = {}
    results["clean/lock"] = {"Target": "clean/lock", "Class": "lang-pkgs", "Type": "npm", "Packages": [
        {"ID": "clean@9.0.0", "Name": "clean", "Version": "9.0.0", "Identifier": {"PURL": "pkg:npm/clean@9.0.0", "UID": "clean"}},
    ]}
    for one in gate["findings"]:
        package = one["package"]
        kind = {"npm": "npm", "pypi": "poetry"}[package["ecosystem"]]
        result = results.setdefault((one["path"], kind), {
            "Target": one["path"], "Class": "lang-pkgs", "Type": kind, "Packages": [], "Vulnerabilities": [],
        })
        listed = {
            "VulnerabilityID": one["rule"], "VendorIDs": one["aliases"], "PkgName": package["name"], "PkgID": one["key"],
            "PkgIdentifier": {"PURL": purl(package), "UID": one["key"]}, "InstalledVersion": package["version"],
            "Severity": "UNKNOWN" if one.get("score") else one["severity"].upper(),
        }
        if one.get("score"):
            listed["CVSS"] = {"nvd": {"V3Score": one["score"]}}
        if not one["unfixed"]:
            listed["FixedVersion"] = "9.9.9"
        listing = {
            "ID": one["key"], "Name": package["name"], "Version": package["version"],
            "Identifier": {"PURL": purl(package), "UID": one["key"]},
        }
        result["Packages"].append(listing | ({"Dev": True} if one["dev"] else {}))
        result["Vulnerabilities"].append(listed)
    return json.dumps({
        "SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "filesystem", "Results": list(results.values()),
    }, indent=1)


def nodes(name, versions):
    """Where the versions of a package are installed."""
    return {version: f"node_modules/{name}" if n == 0 else f"node_modules/p{n}/node_modules/{name}" for n, version in enumerate(versions)}


def npm(gate, lock):
    listed, counts = {}, dict.fromkeys(["info", "low", "moderate", "high", "critical"], 0)
    words = {"medium": "moderate", "unknown": "odd"}
    for one in gate["findings"]:
        name = one["package"]["name"]
        entry = listed.setdefault(name, {
            "name": name, "severity": "critical", "isDirect": True, "via": [], "effects": [], "range": "<9",
            "nodes": sorted(nodes(name, lock[name] if lock else [None]).values()), "fixAvailable": not one["unfixed"],
        })
        if one["rule"] not in [via["url"].rsplit("/", 1)[1] for via in entry["via"]]:
            entry["via"].append({
                "source": 1000 + int(one["rule"][-1]), "name": name, "dependency": name, "title": f"about {one['rule']}", "range": "<9",
                "url": f"https://github.com/advisories/{one['rule']}", "severity": words.get(one["severity"], one["severity"]),
                "cwe": [], "cvss": {"score": 0, "vectorString": None},
            })
    counts["critical"] = len(listed)
    packages = dict.fromkeys(["prod", "dev", "optional", "peer", "peerOptional"], 0) | {"prod": 9, "total": 9}
    return json.dumps({
        "auditReportVersion": 2, "vulnerabilities": listed,
        "metadata": {"vulnerabilities": counts | {"total": len(listed)}, "dependencies": packages},
    }, indent=1)


def package_lock(lock):
    """package-lock.json with the versions that the lock of the scene lists."""
    packages = {"": {"name": "x", "version": "1.0.0"}}
    for name, versions in lock.items():
        for version, place in nodes(name, versions).items():
            packages[place] = {"version": version, "resolved": "x", "integrity": "x"} | ({"dev": True} if versions[version] else {})
    return json.dumps({"name": "x", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}, indent=1)
