"""What readers save at addresses that nobody can guess: who may change it, for how long it is kept, and how much of it.

It needs no account: whoever saves something gets a token, and a cookie with it for this one address.
"""

import hashlib
import hmac
import secrets
import zlib
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from kb.models import Entry
from kb.models.entries import User
from search.models import Kept

MAX_TITLE = 200
# What people who are not signed in may keep here of each sort, all together: beyond it, nothing more is taken in.
MOST_A_DAY = 2000
MOST_IN_ALL = 50_000
MOST_OF_ONE = 500  # of each sort, of an account
YEAR_S = 365 * 24 * 3600

Row = TypeVar("Row", bound=Kept)


class NoRoom(Exception):
    """Nothing more can be saved for now; the message is for the reader."""


class Full(NoRoom):
    """Whoever asks has to delete something first."""


def status_of(error: Exception) -> int:
    """The status of an answer that tells it: trying again later does not help whoever has too much."""
    return 409 if isinstance(error, Full) else 503


def new_token() -> tuple[str, str]:
    """A token that lets its holder change what is saved, and the digest that is kept of it."""
    token = secrets.token_urlsafe(24)
    return token, digest(token)


def digest(token: str) -> str:
    # 192 random bits: a fast hash is enough, as there is nothing to guess.
    return hashlib.sha256(token.encode()).hexdigest()


def keep(row: Kept, user: User) -> None:
    """Store something new, of this user where they are signed in. Raises NoRoom where that is nobody and there is no
    room for it, Full where they have too much already, however many requests come at once."""
    if user is not None and user.is_authenticated:
        _keep_for(user.pk, row)
    else:
        # Before the transaction that a lack of room takes back: what nobody has opened for long is gone either way.
        type(row).objects.forgotten().delete()  # type: ignore[attr-defined]
        _keep_for_nobody(row)


@transaction.atomic
def _keep_for(account: int, row: Kept) -> None:
    # What is counted must still be so when it is stored. On PostgreSQL the account is locked, but for what only refers
    # to it; SQLite has no such lock, and one writer at a time.
    list(get_user_model().objects.select_for_update(no_key=True).filter(pk=account).values_list("pk"))
    if type(row).objects.filter(owner=account).count() >= MOST_OF_ONE:  # type: ignore[attr-defined]
        raise Full(f"You have saved {MOST_OF_ONE} already: delete one first.")
    row.owner_id = account
    row.save(force_insert=True)


@transaction.atomic
def _keep_for_nobody(row: Kept) -> None:
    _wait_for_others_of(type(row))
    anonymous = type(row).objects.filter(owner=None)  # type: ignore[attr-defined]
    lately = anonymous.filter(created_at__gte=timezone.now() - timedelta(days=1)).count()
    if lately >= MOST_A_DAY or anonymous.count() >= MOST_IN_ALL:
        raise NoRoom("So much was saved here that nothing more is taken in for now: export the page, or sign in.")
    row.save(force_insert=True)


def _wait_for_others_of(model: type[Kept]) -> None:
    """Until nobody else who is not signed in is between counting and storing. There is no row of theirs to lock, and to
    lock the table would hold up those who are signed in; on SQLite this transaction is the only one that writes."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [zlib.crc32(model._meta.db_table.encode())])


def title_of(written: str) -> str:
    """A title within what is kept."""
    return " ".join(written.replace("\0", "").split())[:MAX_TITLE]


def noted(entry: Entry) -> dict[str, Any]:
    """What is kept of an entry that was found: what it said, by a hash, and whether everybody could see it."""
    return {"hash": entry.content_hash, "public": not entry.is_hidden}


def touch(saved: Kept) -> None:
    """Note that it was opened, once a day: what is written by every request would be a lock."""
    now = timezone.now()
    if saved.opened_at.date() != now.date():
        type(saved).objects.filter(pk=saved.pk).update(opened_at=now)  # type: ignore[attr-defined]


def may_edit(saved: Kept, user: User, token: str) -> bool:
    """Whether this is its signed-in owner, or somebody who has its token."""
    if user is not None and user.is_authenticated and saved.owner_id == user.pk:
        return True
    return bool(token) and hmac.compare_digest(digest(token), saved.edit_digest)


def of_owner(model: type[Row], user: User) -> QuerySet[Row]:
    """What somebody who is signed in has saved, the newest first."""
    rows: QuerySet[Row] = model.objects.all()  # type: ignore[attr-defined]
    if user is None or not user.is_authenticated:
        return rows.none()
    return rows.filter(owner=user.pk).defer("found")


def row_of(model: type[Row], saved_id: str) -> Row:
    """What is saved by that id; Http404 where nothing is."""
    row = model.objects.filter(pk=saved_id[:64]).first()  # type: ignore[attr-defined]
    if row is None:
        raise Http404("There is nothing saved by that address.")
    return row


def token_in(request: HttpRequest, row: Kept) -> str:
    """The token that this browser has for it."""
    return request.COOKIES.get(f"edit-{row.pk}", "")


def let_edit(response: HttpResponse, row: Kept, token: str) -> None:
    """From this answer on, the browser has the token."""
    response.set_cookie(
        f"edit-{row.pk}",
        token,
        max_age=YEAR_S,
        path=row.get_absolute_url(),
        httponly=True,
        samesite="Lax",
        secure=bool(settings.SESSION_COOKIE_SECURE),
    )
