"""Writes a world as the folder of a project: gates.toml, reports, and the files beside them."""

import datetime
import json

import reports
from settings import IN_PROFILE, tool

GATE_KEYS = [*IN_PROFILE, "new_only", "no_worse_than", "allow_empty", "max"]
FILES = {"checkstyle": "xml", "junit": "xml"}


def today():
    return datetime.datetime.now(datetime.timezone.utc).date()


def day(ago):
    return (today() - datetime.timedelta(days=ago)).isoformat()


def report_file(gate, number=0):
    """A gate may have more reports than one (`more`)."""
    return f"{gate['id']}{f'-{number}' if number else ''}.{FILES.get(gate['kind'], 'json')}"


def all_reports(gate):
    """(file, gate with only the findings of that file)."""
    return [(report_file(gate, n), one) for n, one in enumerate([gate, *gate.get("more", [])])]


def value(thing):
    """A value of TOML."""
    if isinstance(thing, bool):
        return "true" if thing else "false"
    if isinstance(thing, list):
        return "[" + ", ".join(value(one) for one in thing) + "]"
    if isinstance(thing, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {value(one)}" for key, one in thing.items()) + " }"
    return json.dumps(thing)


def lines(table, keys=None):
    return [f"{key} = {value(one)}" for key, one in table.items() if (keys is None or key in keys) and one is not None]


def gates_toml(config, scene, ids):
    """`ids` gives the id in run.json for the key of a finding."""
    out = ["version = 1", *lines(config, ["mode", "waivers_without_end", "max", "products"])]
    if config.get("vex"):
        out.append(f"vex = {value([f'vex/{n}.json' for n in range(len(scene['vex']))])}")
    if config.get("baseline"):
        out += ["[baseline]", *lines(config["baseline"])]
    risk = config.get("risk", {})
    shown = {"epss": "epss.csv" if risk.get("epss") else None, "kev": "kev.json" if risk.get("kev") else None}
    if any(shown.values()):
        out += ["[risk]", *lines(shown), *([f'max_age = "{risk["max_age"]}d"'] if "max_age" in risk else [])]
    if config.get("defaults"):
        out += ["[defaults]", *lines(config["defaults"])]
    for gate in config["gates"]:
        out += _gate(gate)
    if config.get("profile"):
        out += ["[profile.p]", *lines(config["profile"], ["mode", "only", "skip"])]
        for gate_id, keys in config["profile"].get("gate", {}).items():
            out += [f"[profile.p.gate.{gate_id}]", *lines(keys)]
    for waiver in config.get("waivers", []):
        shown = dict(waiver)
        shown["expires"] = None if waiver["expires"] is None else day(-waiver["expires"])
        if "id" in waiver:
            shown["id"] = ids.get(waiver["id"], "0123456789abcdef")
        out += ["[[waiver]]", *lines(shown)]
    return "\n".join(out) + "\n"


def _gate(gate):
    out = ["[[gate]]", f'id = "{gate["id"]}"', f'tool = "{tool(gate["kind"])}"', *lines(gate, GATE_KEYS)]
    if gate["kind"] == "trivy":
        out.append('scan = "fs"')
    if tool(gate["kind"]) == "command":
        file = report_file(gate)
        out += [f'run = ["cp", "in/{file}", "{file}"]', f'report = {{ format = "{gate["kind"]}", path = "{file}" }}']
    if gate.get("licences"):
        rules = dict(gate["licences"])
        exceptions = [{**one, "reason": "r"} for one in rules.pop("exceptions", [])]
        out += ["[gate.licences]", *lines(rules), *([f"exceptions = {value(exceptions)}"] if exceptions else [])]
    for ban in gate.get("ban", []):
        out += ["[[gate.ban]]", *lines(ban), 'reason = "r"']
    return out


def write(world, top, ids):
    """All files of a world; `ids` as for `gates_toml`."""
    scene = world["scene"]
    (top / "in").mkdir(parents=True, exist_ok=True)
    (top / "gates.toml").write_text(gates_toml(world["config"], scene, ids))
    for gate in scene["gates"]:
        for file, part in all_reports(gate):
            if part["state"] != "missing":
                (top / "in" / file).write_text(reports.write(part, scene["lock"]))
    if scene["lock"]:
        (top / "package-lock.json").write_text(reports.package_lock(scene["lock"]))
    for file, entries in scene.get("baselines", {}).items():
        (top / file).write_text(baseline(entries, ids))
    _risk(scene, top)
    if scene.get("vex"):
        (top / "vex").mkdir(exist_ok=True)
        for n, document in enumerate(scene["vex"]):
            form = {"openvex": openvex, "cyclonedx": cyclonedx_vex}[document["format"]]
            (top / "vex" / f"{n}.json").write_text(json.dumps(form(document, n), indent=1))
    if scene.get("floor"):
        (top / "floor.toml").write_text("\n".join(["version = 1", *lines(scene["floor"])]) + "\n")


def baseline(entries, ids):
    findings = []
    for n, entry in enumerate(entries):
        known = ids.get(entry["key"], f"{n:016x}") if entry["key"] else f"{n:016x}"
        findings.append({"gate": entry["gate"], "place": "p", "rule": "R", "id": known, "severity": entry["severity"], "title": "t"})
    findings.sort(key=lambda one: (one["gate"], one["place"], one["rule"], one["id"]))
    return json.dumps({"schema": "portcullis/baseline/1", "written": day(3), "commit": None, "findings": findings}, indent=1)


def _risk(scene, top):
    date = f"{day(scene['epss_age'])}T00:00:00Z"
    rows = [f"{cve},{score},0.5" for cve, score in {**scene["epss"], "CVE-1999-0001": 0.001}.items()]
    (top / "epss.csv").write_text("\n".join([f"#model_version:v2025.03.14,score_date:{date}", "cve,epss,percentile", *rows, ""]))
    listed = [
        {"cveID": cve, "vendorProject": "v", "product": "p", "vulnerabilityName": "n", "dateAdded": "2021-12-01", "shortDescription": "s",
         "requiredAction": "a", "dueDate": "2022-01-01", "knownRansomwareCampaignUse": "Unknown", "notes": "", "cwes": []}
        for cve in [*scene["kev"], "CVE-1999-0001"]
    ]
    (top / "kev.json").write_text(json.dumps({
        "title": "CISA Catalog of Known Exploited Vulnerabilities", "catalogVersion": "1", "count": len(listed),
        "dateReleased": f"{day(scene['kev_age'])}T15:00:00.0000Z", "vulnerabilities": listed,
    }))


def _times(place, names):
    return {names[key]: f"{day(place[key])}T09:00:00Z" for key in names if place.get(key) is not None}


def openvex(document, number):
    names = {"timestamp": "timestamp", "last_updated": "last_updated"}
    statements = []
    for one in document["statements"]:
        made = {"vulnerability": {"name": one["vulnerability"], "aliases": one["aliases"]}, "status": one["status"], **_times(one, names)}
        made["products"] = [
            {"@id": product["id"], **({"subcomponents": [{"@id": part} for part in product["parts"]]} if "parts" in product else {})}
            for product in one["products"]
        ]
        if one.get("justification"):
            made["justification"] = one["justification"]
        if one.get("words"):
            made["impact_statement"] = one["words"]
        if one["status"] == "affected":
            made["action_statement"] = "update"
        statements.append(made)
    return {
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": f"https://example.test/vex/{number}", "author": "a", "version": 1,
        **_times(document, names), "statements": statements,
    }


def cyclonedx_vex(document, number):
    components, vulnerabilities = [], []
    for n, one in enumerate(document["statements"]):
        product = one["products"][0]
        text = product["parts"][0] if "parts" in product else product["id"]
        components.append({"type": "library", "bom-ref": f"part-{n}", "name": f"part-{n}", "purl": text})
        analysis = {"state": one["status"], **_times(one, {"timestamp": "firstIssued", "last_updated": "lastUpdated"})}
        if one.get("justification"):
            analysis["justification"] = one["justification"]
        if one.get("words"):
            analysis["detail"] = one["words"]
        vulnerabilities.append({
            "id": one["vulnerability"], "references": [{"id": alias, "source": {"name": "other"}} for alias in one["aliases"]],
            "analysis": analysis, "affects": [{"ref": f"part-{n}"}],
        })
    metadata = _times(document, {"timestamp": "timestamp"})
    if document.get("subject"):
        metadata["component"] = {"type": "application", "bom-ref": "subject", "name": document["subject"]}
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "serialNumber": f"urn:uuid:5f0b1f5e-6a0b-4a53-9a7c-7a1d7f6f2a{number:02d}",
        "metadata": metadata, "components": components, "vulnerabilities": vulnerabilities,
    }
