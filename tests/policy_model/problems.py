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


def handles(finding, rank, known):
    """Two findings with a common handle are the same problem.

    A vulnerability: the same CVE ids, and the same package in the same version; without a CVE id that of the others with its ids, if
    it is one, or a common id; a tool that names no version is joined only with findings that name none. A secret: the same line of the same file; of several that a gate finds in a line, the first
    is the first of another gate, and so on, in the order of their rules."""
    if finding["category"] == "vulnerability" and finding.get("package"):
        return _vulnerability(finding, known)
    if finding["category"] == "secret" and finding.get("line"):
        return [("secret", *_line(finding), rank)]
    return []


def _line(finding):
    return finding["path"], finding["line"]


def ranks(findings):
    """For each secret, how many of its gate are before it in its line."""
    found = []
    for finding in findings:
        before = [
            other for other in findings
            if finding["category"] == other["category"] == "secret" and other["gate"] == finding["gate"]
            and _line(other) == _line(finding) and other["rule"] < finding["rule"]
        ]
        found.append(len(before))
    return found


def join(findings):
    """For each finding the number of its problem."""
    parent = list(range(len(findings)))

    def root(n):
        while parent[n] != n:
            n = parent[n]
        return n

    first, known = {}, known_cves(findings)
    for n, (finding, rank) in enumerate(zip(findings, ranks(findings))):
        for handle in handles(finding, rank, known):
            parent[root(n)] = root(first.setdefault(handle, n))
    return [root(n) for n in range(len(findings))]
