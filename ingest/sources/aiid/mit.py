"""The numbers of the MIT risk domains, which the Excel export takes off and every other table of AIID has."""

# https://airisk.mit.edu/, by the names that AIID gives its categories.
DOMAINS = {
    "Discrimination and Toxicity": (
        "Unfair discrimination and misrepresentation",
        "Exposure to toxic content",
        "Unequal performance across groups",
    ),
    "Privacy & Security": (
        "Compromise of privacy by obtaining, leaking or correctly inferring sensitive information",
        "AI system security vulnerabilities and attacks",
    ),
    "Misinformation": (
        "False or misleading information",
        "Pollution of information ecosystem and loss of consensus reality",
    ),
    "Malicious Actors & Misuse": (
        "Disinformation, surveillance, and influence at scale",
        "Cyberattacks, weapon development or use, and mass harm",
        "Fraud, scams, and targeted manipulation",
    ),
    "Human-Computer Interaction": (
        "Overreliance and unsafe use",
        "Loss of human agency and autonomy",
    ),
    "Socioeconomic & Environmental Harms": (
        "Power centralization and unfair distribution of benefits",
        "Increased inequality and decline in employment quality",
        "Economic and cultural devaluation of human effort",
        "Competitive dynamics",
        "Governance failure",
        "Environmental harm",
    ),
    "AI system safety, failures, and limitations": (
        "AI pursuing its own goals in conflict with human goals or values",
        "AI possessing dangerous capabilities",
        "Lack of capability or robustness",
        "Lack of transparency or interpretability",
        "AI welfare and rights",
    ),
}
NUMBERED = {
    name.casefold(): f"{number}. {name}"
    for place, (domain, subdomains) in enumerate(DOMAINS.items(), start=1)
    for number, name in [(f"{place}", domain), *((f"{place}.{n}", one) for n, one in enumerate(subdomains, start=1))]
}


def numbered(name: str) -> str:
    """A risk domain or subdomain with its number; any other name as it is.

    >>> numbered("Misinformation"), numbered("3. Misinformation"), numbered("Governance failure")
    ('3. Misinformation', '3. Misinformation', '6.5. Governance failure')
    """
    return NUMBERED.get(name.strip().casefold(), name)
