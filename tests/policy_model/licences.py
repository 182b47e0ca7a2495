"""Licences and banned packages. (docs/risk.md, "Licences", "Banned packages")"""

from basics import covers_package, glob, parse_purl

KNOWN = {"MIT", "ISC", "Apache-2.0", "GPL-3.0-only", "GPL-3.0-or-later", "AGPL-3.0-only"}


def _any_glob(patterns, licence):
    return any(glob(pattern.lower(), licence.lower(), folders=False) for pattern in patterns)


def _exempt(rules, package):
    return [
        licence
        for exception in rules.get("exceptions", [])
        if package_pattern(exception["package"], package)
        for licence in exception["allow"]
    ]


def package_pattern(pattern, package):
    """A package URL may be a pattern (`*` stops at `/`); anything else is a name."""
    if "*" not in pattern:
        return covers_package(pattern, package)
    kind, name, _, _ = parse_purl(pattern)
    return kind == package.get("ecosystem") and glob(name, package["name"])


def leaf(rules, package, licence):
    """`allowed`, `unknown` or `denied` for one licence of a package."""
    exempt = _exempt(rules, package)
    if licence not in KNOWN:
        return "allowed" if "unknown" in exempt else "unknown"
    if _any_glob(exempt, licence):
        return "allowed"
    if _any_glob(rules.get("deny", []), licence):
        return "denied"
    if "allow" in rules and not _any_glob(rules["allow"], licence):
        return "denied"
    return "allowed"


def expression(rules, package, text):
    """OR takes the best side: allowed, then unknown, then denied. AND the worst: denied, then unknown. AND binds closer."""
    order = ["allowed", "unknown", "denied"]
    sides = [
        max((leaf(rules, package, word) for word in side.split(" AND ")), key=order.index) for side in text.split(" OR ")
    ]
    return min(sides, key=order.index)


def licence_severity(rules, package):
    """(rule, severity) of the finding on a package, or nothing. `unknown` is "warn" without the key."""
    texts = package["licences"] or ["NOASSERTION"]
    order = ["allowed", "unknown", "denied"]
    worst = max((expression(rules, package, text) for text in texts), key=order.index)
    if worst == "denied":
        return "licence-denied", "high"
    unknown = rules.get("unknown", "warn")
    if worst == "unknown" and unknown != "allow":
        return "licence-unknown", "high" if unknown == "deny" else "medium"
    return None


def _compared(versions, version):
    """`<2`, `>=1.5, <3` or one version; versions here are `N.0.0`."""
    if versions is None:
        return True
    if versions[0] not in "<>":
        return versions == version
    number = tuple(int(part) for part in version.split("."))
    for part in versions.split(","):
        sign, limit = part.strip().rstrip("0123456789."), part.strip().lstrip("<>=")
        border = tuple([int(one) for one in limit.split(".")] + [0, 0])[:3]
        if not {"<": number < border, "<=": number <= border, ">": number > border, ">=": number >= border}[sign]:
            return False
    return True


def _banned(ban, package):
    """The severity of a ban for a package, or nothing: unrated if the version or the package can't be compared."""
    if not package.get("purl"):
        _, name, _, _ = parse_purl(ban["package"])
        return "unknown" if package["name"] in (name, name.split("/")[-1]) or glob(name, package["name"]) else None
    if not package_pattern(ban["package"], package):
        return None
    if ban.get("versions") is None:
        return "critical"
    if package.get("version") is None:
        return "unknown"
    return "critical" if _compared(ban["versions"], package["version"]) else None


def found(settings, inventory):
    """The findings of `licences` and `ban` on an inventory. They count for packages of development, too."""
    findings = []

    def add(rule, severity, package):
        findings.append({
            "rule": rule, "aliases": [], "severity": severity, "category": "license", "package": package,
            "key": None,
        })

    for package in inventory:
        if settings.get("licences") is not None:
            if said := licence_severity(settings["licences"], package):
                add(*said, package)
        if severity := next(filter(None, (_banned(ban, package) for ban in settings.get("ban", []))), None):
            add("package-banned", severity, package)
    return findings
