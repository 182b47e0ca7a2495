"""Words that all parts of the model share: severities, patterns, package URLs."""

import re
import urllib.parse

SEVERITIES = ["info", "low", "medium", "high", "critical"]
COUNTED = [*SEVERITIES, "unknown"]


def at_least(severity, threshold):
    """Whether a rated severity reaches a threshold; nothing reaches `never`."""
    return threshold != "never" and SEVERITIES.index(severity) >= SEVERITIES.index(threshold)


def glob(pattern, text, folders=True):
    """Whether a pattern fits. (docs/policy.md, "Patterns") Licences and rules have no folders: there `*` fits anything."""
    words = {"*": "[^/]*" if folders else ".*", "?": "[^/]" if folders else ".", "{": "(?:", "}": ")", ",": "|"}
    out, inside = "", 0
    for part in re.findall(r"/\*\*$|/\*\*/|\*\*/|^\*\*$|\[[^]]+\]|.", pattern):
        if part == "**/" or part == "/**/":
            out += "(?:.*/)?" if part == "**/" else "/(?:.*/)?"
        elif part in ("/**", "**"):
            out += part.replace("**", ".*")
        elif part[0] == "[" and len(part) > 1:
            out += part.replace("[!", "[^")
        else:
            inside += {"{": 1, "}": -1}.get(part, 0)
            out += words[part] if part in words and (part != "," or inside) else re.escape(part)
    return re.fullmatch(out, text) is not None


def normal_name(ecosystem, name):
    """A name as its ecosystem compares it: PEP 503 for PyPI, small letters for NuGet. (docs/risk.md, "Banned packages")"""
    if ecosystem == "pypi":
        return re.sub(r"[-_.]+", "-", name).lower()
    return name.lower() if ecosystem == "nuget" else name


def parse_purl(text):
    """`pkg:TYPE/NAME@VERSION?QUALIFIERS` as (type, name, version, qualifiers)."""
    rest, _, query = text.removeprefix("pkg:").partition("?")
    kind, _, path = rest.partition("/")
    scope = path[:1] if path.startswith("@") else ""  # a scope of npm, written as it is
    name, _, version = path[len(scope):].partition("@")
    name = scope + name
    qualifiers = dict(pair.split("=", 1) for pair in query.split("&") if pair)
    parts = [urllib.parse.unquote(part) for part in name.split("/")]
    joined = ":".join(parts) if kind == "maven" else "/".join(parts)
    return kind, joined, urllib.parse.unquote(version) or None, qualifiers


def purl(package, version=True):
    """The package URL of a package of the model."""
    name = package["name"].replace(":", "/") if package["ecosystem"] == "maven" else package["name"]
    text = f"pkg:{package['ecosystem']}/{name.replace('@', '%40')}"
    if version and package.get("version"):
        text += f"@{package['version']}"
    if version and package.get("qualifiers"):
        text += "?" + "&".join(f"{key}={value}" for key, value in sorted(package["qualifiers"].items()))
    return text


def covers_package(text, package):
    """Whether the text of a waiver, a VEX product or a ban means this package. (decision: the same text means the same everywhere)

    A package URL without a version means every version, one with a version that version. A qualifier must be on the
    finding's package URL too. A finding without package URL is matched by ecosystem, name and version. A name means every
    version in every ecosystem."""
    if package is None:
        return False
    ecosystem = package.get("ecosystem")
    if not text.startswith("pkg:"):
        return normal_name(ecosystem, text) == normal_name(ecosystem, package["name"])
    kind, name, version, qualifiers = parse_purl(text)
    if kind != ecosystem or normal_name(kind, name) != normal_name(kind, package["name"]):
        return False
    if version is not None and version != package.get("version"):
        return False
    has = package.get("qualifiers", {}) if package.get("purl") else {}
    return all(has.get(key) == value for key, value in qualifiers.items())
