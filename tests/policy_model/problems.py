"""Which findings are one problem. (docs/policy.md, "One problem, one row")"""

from basics import normal_name


def ids(finding):
    """The rule of a finding and its aliases."""
    return {finding["rule"], *finding.get("aliases", [])}


def _package(finding):
    package = finding["package"]
    ecosystem = package.get("ecosystem")
    return ecosystem, normal_name(ecosystem, package["name"]), package.get("version")


def cves(finding):
    """Its CVE ids."""
    return frozenset(one.upper() for one in ids(finding) if one.upper().startswith("CVE-"))


def known_cves(findings):
    """For each id in a package: the sets of CVE ids that findings with CVE ids have for it."""
    known = {}
    for finding in findings:
        if finding["category"] == "vulnerability" and finding.get("package") and cves(finding):
            for one in ids(finding):
                known.setdefault((one, *_package(finding)), set()).add(cves(finding))
    return known


def _vulnerability(finding, known):
    package = _package(finding)
    if cves(finding):
        return [("vulnerability", cves(finding), *package)]
    others = set().union(*({*known.get((one, *package), set())} for one in ids(finding)))
    if len(others) == 1 and all(len(known.get((one, *package), [0])) == 1 for one in ids(finding)):
        return [("vulnerability", *others, *package)]
    return [("id", one, *package) for one in ids(finding)]


def handles(finding, known, crowded):
    """Two findings with a common handle are the same problem.

    A vulnerability: the same CVE ids, and the same package in the same version; without a CVE id that of the others with its
    ids, if it is one, or a common id; a tool that names no version is joined only with findings that name none. A secret: the
    same line of the same file; if a gate finds several there, only the column tells, which no report of these worlds names."""
    if finding["category"] == "vulnerability" and finding.get("package"):
        return _vulnerability(finding, known)
    if finding["category"] == "secret" and finding.get("line") and _line(finding) not in crowded:
        return [("secret", *_line(finding))]
    return []


def _line(finding):
    return finding["path"], finding["line"]


def crowded_lines(findings):
    """The lines in which a gate finds several secrets."""
    seen, crowded = set(), set()
    for finding in findings:
        if finding["category"] == "secret" and finding.get("line"):
            key = (finding["gate"], *_line(finding))
            if key in seen:
                crowded.add(_line(finding))
            seen.add(key)
    return crowded


def join(findings):
    """For each finding the number of its problem."""
    parent = list(range(len(findings)))

    def root(n):
        while parent[n] != n:
            n = parent[n]
        return n

    first, known, crowded = {}, known_cves(findings), crowded_lines(findings)
    for n, finding in enumerate(findings):
        for handle in handles(finding, known, crowded):
            parent[root(n)] = root(first.setdefault(handle, n))
    return [root(n) for n in range(len(findings))]
