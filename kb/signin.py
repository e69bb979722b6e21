"""A sign-in link for the person at the machine: works once, within a day, for the account it was made for."""

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

ADMIN = "admin"


class SignInTokens(PasswordResetTokenGenerator):
    """Django's own token: it covers the last sign-in, so that signing in uses it up."""

    key_salt = "kb.signin"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        # Django leaves out the fraction of the second, for databases that do not store it: a link made and used in the
        # second of another sign-in would work twice.
        return f"{super()._make_hash_value(user, timestamp)}{user.last_login}"


tokens = SignInTokens()


def sign_in_path() -> str:
    """The path of a fresh link for the account `admin`, which is made on first use, without a password."""
    user, created = User.objects.get_or_create(username=ADMIN, defaults={"is_staff": True, "is_superuser": True})
    if created:
        user.set_unusable_password()
        user.save()
    return reverse("sign-in", args=[urlsafe_base64_encode(str(user.pk).encode()), tokens.make_token(user)])


@never_cache
@require_GET  # a HEAD request, as previews of links send it, must not use the link up
def sign_in(request: HttpRequest, who: str, token: str) -> HttpResponse:
    """Sign in by link. A link that was used, or is old or wrong, says so and how to get another."""
    with transaction.atomic():
        user = _user(who)
        if user is None or not user.is_active or not tokens.check_token(user, token):
            return render(request, "sign_in_failed.html", status=403)
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("admin:index")


def _user(who: str) -> User | None:
    try:
        number = int(urlsafe_base64_decode(who).decode())
    except (ValueError, UnicodeDecodeError):
        return None
    return User.objects.select_for_update().filter(pk=number).first()
