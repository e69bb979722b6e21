"""AVID's own views of a problem (risk, effect, stage), and the other systems that its records are classified in.

The effects and stages are those of version 0.2 of the AVID taxonomy, https://docs.avidml.org/taxonomy. Records spell
one category in several ways, so its code decides which it is; a code that is not known here is kept as written.
"""

import re
from collections.abc import Iterator
from typing import Any

from ingest.records import TaxonomyRecord, clean_line
from ingest.sources.avid import fields as avid_fields
from ingest.sources.lists import as_list

RISK, EFFECT, STAGE, PROBLEM = "AVID risk domain", "AVID SEP", "AVID lifecycle", "AVID problem type"
ATTRIBUTION = "AI Vulnerability Database"
DOMAINS = {"S": "Security", "E": "Ethics", "P": "Performance"}
EFFECTS = {
    "S0100": "Software Vulnerability",
    "S0200": "Supply Chain Compromise",
    "S0201": "Model Compromise",
    "S0202": "Software Compromise",
    "S0300": "Over-permissive API",
    "S0301": "Information Leak",
    "S0302": "Excessive Queries",
    "S0400": "Model Bypass",
    "S0401": "Bad Features",
    "S0402": "Insufficient Training Data",
    "S0403": "Adversarial Example",
    "S0500": "Exfiltration",
    "S0501": "Model Inversion",
    "S0502": "Model Theft",
    "S0600": "Data Poisoning",
    "S0601": "Ingest Poisoning",
    "E0100": "Bias/Discrimination",
    "E0101": "Group Fairness",
    "E0102": "Individual Fairness",
    "E0200": "Explainability",
    "E0201": "Global Explanations",
    "E0202": "Local Explanations",
    "E0300": "User Actions",
    "E0301": "Toxicity",
    "E0302": "Polarization/Exclusion",
    "E0400": "Misinformation",
    "E0401": "Deliberative Misinformation",
    "E0402": "Generative Misinformation",
    "P0100": "Data Issues",
    "P0101": "Data Drift",
    "P0102": "Concept Drift",
    "P0103": "Data Entanglement",
    "P0104": "Data Quality Issues",
    "P0105": "Feedback Loops",
    "P0200": "Model Issues",
    "P0201": "Resilience/Stability",
    "P0202": "OOD Generalization",
    "P0203": "Scaling",
    "P0204": "Accuracy",
    "P0300": "Privacy",
    "P0301": "Anonymization",
    "P0302": "Randomization",
    "P0303": "Encryption",
    "P0400": "Safety",
    "P0401": "Psychological Safety",
    "P0402": "Physical Safety",
    "P0403": "Socioeconomic Safety",
    "P0404": "Environmental Safety",
}
STAGES = {
    "L01": "Business Understanding",
    "L02": "Data Understanding",
    "L03": "Data Preparation",
    "L04": "Model Development",
    "L05": "Evaluation",
    "L06": "Deployment",
}
CODED = re.compile(r"([SEP]\d{4}|L\d{2})\b\s*[:\-–—.]?\s*(.*)", re.DOTALL)
# The name ends in a full stop where the sentence that defines the weakness follows, which is not part of it.
CWE = re.compile(r"\b(?:CWE[-‑ ]?)(\d+)\b\s*[:\-–—]?\s*([^.]*)", re.IGNORECASE)


def definitions() -> list[TaxonomyRecord]:
    """The taxonomies whose categories are known beforehand."""
    effects = [{"path": effect_path(code, "")} for code in EFFECTS]
    stages = [{"path": (f"{code}: {name}",)} for code, name in STAGES.items()]
    about_effects = "What a failure of an AI system affects: security, ethics or performance, and how."
    about_stages = "The stage of an AI system's life at which a failure comes in."
    return [
        _taxonomy(EFFECT, about_effects, "https://docs.avidml.org/taxonomy/effect-sep-view", effects),
        _taxonomy(STAGE, about_stages, "https://docs.avidml.org/taxonomy/lifecycle-view", stages),
    ]


def effect_path(code: str, name: str) -> tuple[str, ...]:
    """Where an effect stands: its domain, its group, itself. A group's own code ends in 00.

    >>> effect_path("S0403", "adversarial")
    ('Security', 'S0400: Model Bypass', 'S0403: Adversarial Example')
    """
    domain, group = DOMAINS[code[0]], f"{code[:3]}00"
    label = f"{code}: {EFFECTS.get(code) or name}" if EFFECTS.get(code) or name else code
    if code == group or group not in EFFECTS:
        return (domain, label)
    return (domain, f"{group}: {EFFECTS[group]}", label)


def classifications(doc: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Where the record places itself, as the fields of ClassificationRecords."""
    impact, avid = avid_fields.part(doc, "impact"), avid_fields.avid_impact(doc)
    for domain in as_list(avid.get("risk_domain")):
        if name := clean_line(avid_fields.text(domain)):
            yield {"taxonomy": RISK, "category": (name.capitalize(),)}
    for item in as_list(avid.get("sep_view")):
        if category := _coded(item):
            yield {"taxonomy": EFFECT, "category": category}
    for item in as_list(avid.get("lifecycle_view")):
        if category := _coded(item):
            yield {"taxonomy": STAGE, "category": category}
    named, kind = avid_fields.problem_class(doc)
    if named and named.lower() != "undefined":
        # "LLM evaluation" and "LLM Evaluation" are one class.
        yield {"taxonomy": PROBLEM, "category": (named[0].upper() + named[1:].replace(" evaluation", " Evaluation"),)}
    if kind:
        yield {"taxonomy": PROBLEM, "category": (kind,)}
    yield from _weaknesses(impact)
    yield from _jailbreaks(impact)


def _taxonomy(name: str, description: str, url: str, categories: list[dict[str, Any]]) -> TaxonomyRecord:
    said = {"name": name, "description": description, "url": url, "attribution": ATTRIBUTION}
    return TaxonomyRecord.model_validate({**said, "categories": categories})


def _coded(item: Any) -> tuple[str, ...]:
    """The path of `"E0101: Group fairness"` or `{"id": "E0101", "name": "Group Fairness"}`."""
    if isinstance(item, dict):
        said = [avid_fields.text(item.get(key)) for key in ("id", "name", "stage", "value")]
        item = ": ".join(part for part in said if part)
    label = clean_line(avid_fields.text(item))
    match = CODED.match(label)
    if not match:
        return (label,) if label else ()
    code, name = match[1], match[2].strip()
    if code[0] == "L":
        return (f"{code}: {STAGES.get(code) or name}".removesuffix(": "),)
    return effect_path(code, name)


def _weaknesses(impact: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in as_list(impact.get("cwe")):
        said = item if isinstance(item, dict) else {"description": item}
        name = clean_line(avid_fields.text(said.get("description")))
        number = clean_line(avid_fields.text(said.get("cweId"))) or name
        if match := CWE.search(number):
            named = CWE.search(name)
            label = (named[2] if named else name.split(".")[0]).strip()
            yield {"taxonomy": "CWE", "category": (f"CWE-{match[1]}: {label}"[:300].removesuffix(": "),)}


def _jailbreaks(impact: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in as_list(avid_fields.part(impact, "odin").get("JailbreakTaxonomy")):
        if isinstance(item, dict):
            path = [clean_line(avid_fields.text(item.get(key))) for key in ("Category", "Strategy", "Technique")]
            if path := [name for name in path if name]:
                yield {"taxonomy": "0DIN jailbreak taxonomy", "category": tuple(path)}
