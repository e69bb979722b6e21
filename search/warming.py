"""What the first question would otherwise wait for: the model, the index, the templates, the pages of the files."""

import gc
import logging

from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.http import HttpRequest, QueryDict

from kb.memory import use_large_pages
from search import index

log = logging.getLogger(__name__)

LONGEST = 40
QUESTION = "a chatbot that promised what its company would not do"


def warm_up() -> None:
    """Load model and index now. What fails here fails again, and is told, when somebody searches."""
    index.warm_up()


def rehearse() -> None:
    """Answer a question that nobody asked, so that the first one that somebody asks is as fast as the next."""
    warm_up()
    from search.precedents import precedents  # these import every page, and only a web process has use for them
    from search.views import search_page

    request = HttpRequest()
    request.method = "GET"
    request.GET = QueryDict(f"q={QUESTION}")
    request.META = {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    request.user = AnonymousUser()
    request.htmx = False  # type: ignore[attr-defined]
    try:
        search_page(request)
        precedents(QUESTION, request.user)  # which measures how near is near
        for words in range(2, LONGEST, 4):  # a model may make itself ready for each length anew
            index.encoder().encode_query("word " * words)
    except Exception as error:  # whatever it is, a request will meet it too and say so
        log.warning("searching could not be rehearsed: %s", error)
    finally:
        connections.close_all()  # this thread's own
        # What is here now stays: to look through it again for what could be forgotten stops every request for a while.
        gc.collect()
        gc.freeze()
        use_large_pages()
