"""Adapt an encoder to the corpus of a judged collection, for `evaluate --tune`: in a scratch folder, from its documents
alone. The questions and judgements beside them are not read here."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from search.beir import documents
from search.encoder import Encoder, load_encoder
from search.progress import Told
from search.tuning import chosen, measuring, pairs, training, verdict
from search.tuning.recipe import Recipe, digest


@dataclass(frozen=True)
class Adapted:
    """The encoder that came of it, which an instance would use if `is_kept`; the base where there was nothing to learn.
    `said` tells what happened, a line each."""

    encoder: Encoder
    is_kept: bool
    said: list[str]


@contextmanager
def adapted(directory: Path | str, base: Encoder, recipe: Recipe, progress: Told | None = None) -> Iterator[Adapted]:
    """What comes of adapting the base, KB_EMBEDDER's, to DIR's documents; its files are gone when the block ends.

    Raises CollectionError for a corpus that cannot be read, SemanticUnavailable for a base that cannot learn.
    """
    files = chosen.base_files()
    try:
        found = pairs.chosen(pairs.of_documents(documents(Path(directory))))
        train, held = pairs.split(found)
    except pairs.TooFew as error:
        yield Adapted(base, False, [f"Not adapted: {error}."])
        return
    with tempfile.TemporaryDirectory(prefix="tune-") as scratch:
        workshop = Path(scratch) / "making"
        training.prepare(workshop, files.path, train, recipe)
        for step in training.train(workshop):
            if progress:
                progress("train", step.done, step.total)
        name = chosen.new_name(digest(found, recipe))
        folder = Path(scratch) / name
        (workshop / "trained").rename(folder)
        try:
            encoder = load_encoder(str(folder))
            encoder.prepare(progress)
            before, after = (list(measuring.found_again(model, held, train)) for model in (base, encoder))
            change = verdict.change(f"{len(held)} held-out pairs of its {len(found)}", before, after)
            kept = verdict.is_kept([change])
            yield Adapted(encoder, kept, [str(change), verdict.told([change])])
        finally:
            if not chosen.folder(name).exists():  # the instance may use the very same, of the very same texts
                chosen.forget_prepared(name)
