"""One explicit training loop on torch: contrastive, checkpointed, the same from a checkpoint as in one go.

Everything is in one folder, the workshop: `pairs.jsonl`, `recipe.json`, `near.npy` (vectors of the texts by the base),
`checkpoint.pt` while it goes on, and in the end `trained/`, a sentence-transformers folder. This module knows no
database.
"""

import json
import os
import shutil
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from search.engines.base import Vectors
from search.text import clean
from search.tuning import batches
from search.tuning.pairs import Pair, read, write
from search.tuning.recipe import Recipe

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

CHECKPOINT_S = 60.0
WEIGHT_DECAY = 0.01
LONGEST_GRADIENT = 1.0
ENCODED_AT_ONCE = 32
IMPOSSIBLE = -1e4


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` steps; `loss` is the mean of the last ones."""

    done: int
    total: int
    loss: float = 0.0


def prepare(workshop: Path, base: Path, pairs: list[Pair], recipe: Recipe) -> None:
    """Lay out what `train` needs; what is there already, of a training that was cut short, is used again."""
    workshop.mkdir(parents=True, exist_ok=True)
    write(workshop / "pairs.jsonl", pairs)
    (workshop / "recipe.json").write_text(json.dumps({"base": str(base), **recipe.as_json()}))


def is_trained(workshop: Path) -> bool:
    return (workshop / "trained").is_dir()


def train(workshop: Path) -> Generator[Progress]:
    """Train to the end, telling each step. Closing the generator leaves a checkpoint; the next call goes on from it."""
    if is_trained(workshop):
        return
    values = json.loads((workshop / "recipe.json").read_text())
    base, recipe = Path(values.pop("base")), Recipe(**values)
    yield from _Training(workshop, base, recipe, read(workshop / "pairs.jsonl")).run()


class _Training:
    def __init__(self, workshop: Path, base: Path, recipe: Recipe, pairs: list[Pair]) -> None:
        import torch

        self.workshop, self.base, self.recipe, self.pairs = workshop, base, recipe, pairs
        self.torch = torch
        self.model = _load(base)
        self.reads = self.model.max_seq_length
        self.model.max_seq_length = min(recipe.tokens, self.reads or recipe.tokens)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=recipe.rate, weight_decay=WEIGHT_DECAY)
        self.losses: list[float] = []

    def run(self) -> Generator[Progress]:
        near = self._near()
        recipe = self.recipe
        plan = [
            rows
            for number in range(recipe.passes)
            for rows in batches.plan(near, recipe.batch, recipe.together, recipe.seed + number)
        ]
        step = self._resume()
        saved = time.monotonic()
        try:
            while step < len(plan):
                self._step(step, len(plan), plan[step], near)
                step += 1
                if time.monotonic() - saved > CHECKPOINT_S:
                    self._checkpoint(step)
                    saved = time.monotonic()
                yield Progress(step, len(plan), float(np.mean(self.losses[-20:])))
        except GeneratorExit:
            self._checkpoint(step)
            raise
        self._finish()

    def _near(self) -> Vectors:
        """Vectors of the texts by the base, made once; from their mean, as some models put everything in one corner."""
        path = self.workshop / "near.npy"
        if not path.exists():
            self.model.eval()
            texts = [clean(pair.text) for pair in self.pairs]
            made = self.model.encode(
                texts, batch_size=ENCODED_AT_ONCE, normalize_embeddings=True, show_progress_bar=False
            )
            _whole(path, lambda beside: np.save(beside, batches.from_the_mean(np.asarray(made, np.float32))))
        return np.load(path)

    def _step(self, step: int, steps: int, rows: list[int], near: Vectors) -> None:
        torch, recipe = self.torch, self.recipe
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.rate * rate_at(step, steps, recipe.warm_up)
        pairs = [self.pairs[row] for row in rows]
        asked = [clean(pair.asked) for pair in pairs]
        alike = batches.same(near, rows, asked, [pair.subject for pair in pairs])
        self.model.train()
        # What drops out depends on the step alone, so that a training that was cut short ends as it would have.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed * 1_000_003 + step)
            questions = self._embed(asked)
            texts = self._embed([clean(pair.text) for pair in pairs])
        scores = (questions @ texts.T * recipe.scale).masked_fill(torch.from_numpy(alike), IMPOSSIBLE)
        right = torch.arange(len(rows))
        loss = torch.nn.functional.cross_entropy(scores, right)
        if recipe.both_ways:
            loss = (loss + torch.nn.functional.cross_entropy(scores.T, right)) / 2
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), LONGEST_GRADIENT)
        self.optimizer.step()
        self.losses.append(float(loss.item()))

    def _embed(self, texts: list[str]) -> "torch.Tensor":
        return self.torch.nn.functional.normalize(
            self.model(self.model.preprocess(texts))["sentence_embedding"], dim=-1
        )

    def _resume(self) -> int:
        """The step to go on with, after putting everything back to where it was then."""
        path = self.workshop / "checkpoint.pt"
        if not path.exists():
            return 0
        state = self.torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.losses = state["losses"]
        return int(state["step"])

    def _checkpoint(self, step: int) -> None:
        state = {
            "step": step,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "losses": self.losses[-20:],
        }
        _whole(self.workshop / "checkpoint.pt", lambda beside: self.torch.save(state, beside))

    def _finish(self) -> None:
        if self.recipe.share < 1:
            self._blend()
        self.model.eval()
        self.model.max_seq_length = self.reads
        beside = self.workshop / "trained.new"
        shutil.rmtree(beside, ignore_errors=True)
        self.model.save_pretrained(str(beside), create_model_card=False)
        beside.replace(self.workshop / "trained")
        (self.workshop / "checkpoint.pt").unlink(missing_ok=True)

    def _blend(self) -> None:
        """Weights between those of the base and the trained ones (Wortsman et al. 2022)."""
        base = _load(self.base).state_dict()
        blended = {
            name: base[name] + self.recipe.share * (value - base[name]) if value.is_floating_point() else value
            for name, value in self.model.state_dict().items()
        }
        self.model.load_state_dict(blended)


def rate_at(step: int, steps: int, warm_up: int) -> float:
    """Share of the full learning rate at a step, counted from 0: up in `warm_up` steps, then down to nothing."""
    return min((step + 1) / warm_up, (steps - step) / max(1, steps - warm_up))


def _load(folder: Path) -> "SentenceTransformer":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), local_files_only=True, device="cpu")


def _whole(path: Path, write: Any) -> None:
    """Write a file beside and rename it: whole or not at all."""
    beside = path.with_name(f"new-{path.name}")
    write(beside)
    beside.replace(path)
