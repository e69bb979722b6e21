"""What the head of every page tells to those who do not show it: search engines, and where its address is shared."""

from html import unescape

from django import template
from django.template.base import NodeList, Parser, Token
from django.utils.safestring import SafeString

from kb.linked_data import of_page, script

register = template.Library()


class Kept(template.Node):
    """Writes what is in it, and keeps it under a name."""

    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        written = self.nodelist.render(context)
        context[self.name] = SafeString(" ".join(written.split()))
        return written


@register.tag
def keep(parser: Parser, token: Token) -> Kept:
    """`{% keep page_title %}{% block title %}{% endblock %}{% endkeep %}`: a block is written once, and said again as
    `{{ page_title }}`, without line breaks."""
    _, name = token.split_contents()
    nodelist = parser.parse(("endkeep",))
    parser.delete_first_token()
    return Kept(name, nodelist)


@register.simple_tag(takes_context=True)
def page_data(context: template.Context, title: str, description: str) -> SafeString:
    """JSON-LD of a page that says no more of itself than its title and description."""
    return script(of_page(unescape(title), unescape(description), context["request"].build_absolute_uri()))
