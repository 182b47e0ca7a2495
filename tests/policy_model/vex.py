"""What VEX documents say of a finding. (docs/risk.md, "VEX")"""

from basics import covers_package, parse_purl
from problems import ids

WAIVES = {"not_affected", "fixed", "false_positive", "resolved", "resolved_with_pedigree"}


def time(document, statement):
    """How many days ago: the statement's `last_updated`, else its `timestamp`, else the `timestamp` of its document."""
    times = [statement.get("last_updated"), statement.get("timestamp"), document["timestamp"]]
    return next(one for one in times if one is not None)


def has_reason(said):
    """A justification of the specification, or words in place of one (`impact_statement`, `detail`)."""
    return said.get("justification", "odd") != "odd" or bool(said.get("words"))


def is_this_project(product, products):
    """A name, or a package URL; if that of the document has a version, ours must have the same."""
    for own in products:
        if own == product:
            return True
        if own.startswith("pkg:") and product.startswith("pkg:"):
            (kind, name, version, _), (our_kind, our_name, our_version, _) = parse_purl(product), parse_purl(own)
            if (kind, name) == (our_kind, our_name) and version in (None, our_version):
                return True
    return False


def covers_product(product, finding, products):
    """The product is the package itself, or this project. Parts count only inside that product."""
    whole, parts = product["id"], product.get("parts", [])
    if is_this_project(whole, products):
        return not parts or any(part.startswith("pkg:") and covers_package(part, finding["package"]) for part in parts)
    if parts:
        return False
    return whole.startswith("pkg:") and covers_package(whole, finding["package"])


def covers(statement, finding, products):
    named = {statement["vulnerability"], *statement.get("aliases", [])}
    return bool(named & ids(finding)) and any(covers_product(one, finding, products) for one in statement["products"])


def waives(documents, products, finding):
    """Whether the last word on a vulnerability is that it does not affect us. At the same time the stricter word counts."""
    if finding["category"] != "vulnerability":
        return False
    said = [
        (time(document, statement), statement["status"] in WAIVES)
        for document in documents
        for statement in document["statements"]
        if covers(statement, finding, products)
    ]
    if not said:
        return False
    latest = min(when for when, _ in said)
    return all(waive for when, waive in said if when == latest)
