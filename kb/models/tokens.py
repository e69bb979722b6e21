"""Tokens: how programs sign in to the API."""

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.db import models

PREFIX = "kb_"


class ApiToken(models.Model):
    """Lets a program do over the API what its user may do. Only the digest is kept: the token is shown once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, help_text="what uses it")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.user})"

    @classmethod
    def issue(cls, user: Any, name: str) -> tuple["ApiToken", str]:
        """A new token's row, and the token itself, which can never be read again."""
        token = PREFIX + secrets.token_urlsafe(32)
        return cls.objects.create(user=user, name=name, digest=cls.digest_of(token)), token

    @staticmethod
    def digest_of(token: str) -> str:
        # The token has 256 random bits, so a fast hash is enough: there is nothing to guess.
        return hashlib.sha256(token.encode()).hexdigest()
