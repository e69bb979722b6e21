"""Which encoder is chosen, where adapted ones lie, and what each is called.

An adapted encoder is a sentence-transformers folder `models/<base>+tuned-<digest>` in the data folder. Its name is the
beginning of its fingerprint, so that an index, which names the fingerprint it was made with, leads to the folder
without asking anybody. Which one is chosen stands in the database (`TunedEncoder`); an encoder of another base than
KB_EMBEDDER names is no candidate.
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from search.encoder import Encoder, load_encoder
from search.engines.base import Vectors
from search.errors import SemanticUnavailable
from search.model_files import ModelFiles, locate
from search.models import Embedding, EncoderState, TunedEncoder

MARK = "+tuned-"


def models() -> Path:
    """Where models lie that this instance has made."""
    return Path(settings.KB_DATA_DIR) / "models"


def folder(name: str) -> Path:
    return models() / name


def workshop(name: str) -> Path:
    """Where an encoder is being made."""
    return models() / f"{name}.training"


def plain_name() -> str:
    """What KB_EMBEDDER is called in a fingerprint and as part of a folder's name. Looks for no model."""
    name = settings.KB_EMBEDDER
    path = Path(name).expanduser()
    return _as_file_name(path.resolve().name if path.is_dir() else name)


def base_files() -> ModelFiles:
    """The model that KB_EMBEDDER names. SemanticUnavailable for one that cannot be found, or learns nothing."""
    if settings.KB_EMBEDDER.startswith("hashing:"):
        raise SemanticUnavailable(f"KB_EMBEDDER={settings.KB_EMBEDDER}: this encoder cannot be adapted to anything")
    return locate(settings.KB_EMBEDDER)


def base_mark(files: ModelFiles) -> str:
    """Name and weights of a base, whatever runs it: what an adapted encoder came from."""
    return f"{files.name}:{files.checked_sum()[:16]}"


def new_name(digest: str) -> str:
    return f"{plain_name()}{MARK}{digest}"


def is_tuned(name: str) -> bool:
    """Whether a fingerprint, or the name at its beginning, is that of an encoder adapted from KB_EMBEDDER's."""
    return name.partition(":")[0].startswith(plain_name() + MARK)


def model_of(fingerprint: str) -> str | None:
    """What `load_encoder` takes for the adapted encoder that this fingerprint names, None where it names none."""
    return str(folder(fingerprint.partition(":")[0])) if is_tuned(fingerprint) else None


def in_use() -> TunedEncoder | None:
    """The adapted encoder that is chosen; None where it is the base."""
    row = TunedEncoder.objects.filter(state=EncoderState.IN_USE).first()
    return row if row is not None and is_tuned(row.name) else None


def model() -> str:
    """What `load_encoder` takes for the encoder that is chosen."""
    row = in_use()
    return settings.KB_EMBEDDER if row is None else str(folder(row.name))


def load(name: str) -> Encoder:
    """The encoder of that name or folder. One whose folder is gone says so, and what helps, when it is used."""
    return Missing(Path(name)) if Path(name).parent == models() and not Path(name).is_dir() else load_encoder(name)


class Missing:
    """Stands for an adapted encoder that is not there: everything asked of it raises SemanticUnavailable."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def fingerprint(self) -> str:
        raise self._error()

    @property
    def dimension(self) -> int:
        raise self._error()

    def prepare(self, progress: object = None) -> None:
        raise self._error()

    def encode(self, texts: Sequence[str]) -> Vectors:
        raise self._error()

    def encode_query(self, text: str) -> Vectors:
        raise self._error()

    def _error(self) -> SemanticUnavailable:
        return SemanticUnavailable(
            f"the adapted encoder {self._folder.name} is missing: put the folder {self._folder} back, "
            "or go back to the encoder before it: manage.py tune --back"
        )


@transaction.atomic
def choose(row: TunedEncoder | None) -> None:
    """From now on this encoder is the chosen one, None for the base. The index follows by being built anew."""
    now = timezone.now()
    current = TunedEncoder.objects.select_for_update().filter(state=EncoderState.IN_USE)
    if row is not None:
        current = current.exclude(pk=row.pk)
    current.update(state=EncoderState.RETIRED, decided_at=now)
    if row is not None:
        row.state, row.decided_at = EncoderState.IN_USE, now
        row.save(update_fields=["state", "decided_at"])


def forget(row: TunedEncoder) -> None:
    """Remove its weights and its vectors. What is known of it stays."""
    for path in (folder(row.name), workshop(row.name)):
        shutil.rmtree(path, ignore_errors=True)
    forget_prepared(row.name)
    Embedding.objects.filter(fingerprint__startswith=f"{row.name}:").delete()


def forget_prepared(name: str) -> None:
    """Remove what was made of an encoder for this machine (see search.prepared)."""
    for path in models().glob(f"{name[-80:]}-*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _as_file_name(name: str) -> str:
    return re.sub(r"[^\w.+-]+", "--", name).strip("-.") or "model"
