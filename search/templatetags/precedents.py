"""How a precedent is shown: the sentence with its words marked, and how strong it is."""

import re

from django import template
from django.utils.safestring import SafeString

from search.precedents import Quote
from search.templatetags.results import SIGN, Span, marked

register = template.Library()

HEADINGS = re.compile(r"^[ ]{0,3}#{1,6}[ ][^\n]*$", re.MULTILINE)


@register.filter
def sentence(quote: Quote) -> SafeString:
    """The sentence, escaped, without Markdown's signs, the words that were asked for in `<mark>`."""
    text = quote.text
    return marked(text, quote.marks, Span(0, len(text)))


@register.filter
def plain(text: str) -> str:
    """The reader's own text in one line, without headings and Markdown's signs; of headings alone, those."""
    return " ".join(SIGN.sub("", HEADINGS.sub("", text)).split()) or " ".join(text.replace("#", "").split())


@register.filter
def percent(strength: float) -> int:
    """How long the bar is, of 100."""
    return round(100 * max(0.0, min(1.0, strength)))
