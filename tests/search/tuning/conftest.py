"""A real encoder small enough to be adapted in a second, and a collection with something to learn."""

import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from kb.models import Entry
from search import indexing, prepared
from search.tuning import beside, chosen, pairs, training, work
from search.tuning.recipe import Recipe
from tests.factories import make_entry

THINGS = 40
QUICK = Recipe(batch=16, tokens=32, rate=3e-3, warm_up=2, passes=8, together=1)
# Words of titles and of texts that mean the same here, which no spelling tells.
ASKED = [f"ask{number}" for number in range(THINGS)]
TOLD = [f"tell{number}" for number in range(THINGS)]
FILLING = ["the", "of", "a", "in", "was", "about", "system", "report", "with", "and", "for", "it", "that", "on", "by"]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A sentence-transformers folder: a BERT of two layers and random weights, 32 dimensions."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules
    from tokenizers import Tokenizer, pre_tokenizers, processors
    from tokenizers.models import WordLevel
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *FILLING, *ASKED, *TOLD]
    tokenizer = Tokenizer(WordLevel({word: id for id, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        bert = BertModel(
            BertConfig(
                vocab_size=len(words),
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=64,
                max_position_embeddings=64,
            )
        )
    folder = tmp_path_factory.mktemp("models") / "tiny"
    plain = folder.parent / "bert"
    bert.save_pretrained(plain)
    fast.save_pretrained(plain)
    parts = [modules.Transformer(str(plain), max_seq_length=48), modules.Pooling(32)]
    SentenceTransformer(modules=parts, device="cpu").save_pretrained(str(folder), create_model_card=False)
    return folder


def title(number: int) -> str:
    return f"the {ASKED[number % THINGS]} report about {ASKED[number // THINGS]}"


def text(number: int) -> str:
    return f"it was {TOLD[number % THINGS]} in the system with {TOLD[number // THINGS]} for a and the on by"


@pytest.fixture
def something_to_learn(tiny, settings, monkeypatch) -> list[Entry]:
    """An indexed collection whose titles and texts share no word that matters."""
    settings.KB_EMBEDDER = str(tiny)
    monkeypatch.setattr(prepared, "_make", lambda *_: "tests run it on torch, which need not be converted")
    monkeypatch.setattr(pairs, "FEWEST", 40)
    monkeypatch.setattr(pairs, "HELD_OUT", 0.3)  # which ones depends on ids: enough that any of them decide alike
    monkeypatch.setattr(work, "recipe", lambda: QUICK)
    made = [make_entry(title=title(number), summary=text(number)) for number in range(90)]
    indexing.index_pending()
    return made


@pytest.fixture(scope="session")
def already_trained(tiny, tmp_path_factory) -> Path:
    """What comes of training on all pairs of such a collection; made once, as every training of it ends alike."""
    workshop = tmp_path_factory.mktemp("workshop")
    every = [pairs.Pair(title(number), text(number), str(number), "title") for number in range(THINGS * 2)]
    training.prepare(workshop, tiny, every, QUICK)
    for _ in training.train(workshop):
        pass
    return workshop / "trained"


@pytest.fixture
def in_this_process(monkeypatch) -> None:
    """Train and encode here, which spares starting a process that loads torch."""
    monkeypatch.setattr(beside, "train", training.train)
    monkeypatch.setattr(beside, "ChildEncoder", lambda name: nullcontext(chosen.load(name)))


@pytest.fixture
def trained_before(in_this_process, already_trained, monkeypatch) -> None:
    """Training that takes no time."""

    def train(workshop: Path) -> Iterator[training.Progress]:
        shutil.copytree(already_trained, workshop / "trained")
        yield training.Progress(1, 1, 0.5)

    monkeypatch.setattr(beside, "train", train)
