"""Turn a sentence-transformers model into one that OpenVINO runs: `python -m search.preparing MODEL FOLDER PRECISION`.

Prints a line for each step, `WORDS<tab>DONE/ALL`; ends with a status other than 0, and the reason as the last line of
standard error, when the model cannot be converted or no longer says the same afterwards. Needs torch; with precision
int8, nncf too.
"""

import contextlib
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from search.chunking import passages
from search.openvino_runtime import openvino
from search.prepared import FP32, INT8, LAYOUT, OPENVINO, Prepared, instructions, write
from search.quantizing import quantized

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

STEPS = ("Loading the model", "Converting it", "Fitting it to this processor", "Comparing it with the original")
CALIBRATED_ON = 64
# The cosine between what the prepared model says of a text and what the original says: the worst of those compared.
LOWEST_COSINE = {FP32: 0.999, INT8: 0.93}


class NotPrepared(Exception):
    """This model cannot run on OpenVINO; the text says why."""


def prepare(source: Path, target: Path, precision: str) -> None:
    """Write a prepared model into the folder `target`. Raises NotPrepared."""
    _say(0)
    model = _load(source)
    tokenizer = getattr(model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise NotPrepared("its tokenizer is not one that the tokenizers library reads")
    tokenizer.save(str(target / "tokenizer.json"))
    texts = samples()
    _say(1)
    converted = _convert(model)
    if precision == INT8:
        _say(2)
        converted = quantized(converted, _examples(model, texts))
    openvino().save_model(converted, str(target / "model.xml"), compress_to_fp16=False)
    prompts = getattr(model, "prompts", None) or {}
    prepared = Prepared(
        layout=LAYOUT,
        runtime=OPENVINO,
        precision=precision,
        instructions=instructions(),
        max_tokens=int(model.max_seq_length or 512),
        query_prompt=prompts.get("query") or prompts.get(model.default_prompt_name or "", ""),
        document_prompt=prompts.get("document") or prompts.get(model.default_prompt_name or "", ""),
        reason="",
    )
    _say(3)
    _compare(model, target, prepared, [*texts, *beginnings(texts)])
    write(target, prepared)


def samples() -> list[str]:
    """Passages of the starter collection, short and long, evenly over all of it."""
    found: list[str] = []
    for path in sorted((Path(__file__).parent.parent / "kb" / "starter").rglob("*.md")):
        text = path.read_text("utf-8").split("---", 2)[-1]
        found += [text[span.start : span.end] for span in passages(text)]
    return found[:: max(1, len(found) // CALIBRATED_ON)][:CALIBRATED_ON]


def beginnings(texts: list[str]) -> list[str]:
    """Of each text the first words, one more than of the text before: every length that a question may have."""
    return [" ".join(text.split()[:words]) for words, text in enumerate(texts, 1)]


def _load(source: Path) -> "SentenceTransformer":
    os.environ["HF_HUB_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar, set_verbosity_error

    disable_progress_bar()
    set_verbosity_error()
    # Weights may be stored in 16 bits, which is how they would be loaded.
    return SentenceTransformer(str(source), local_files_only=True, device="cpu").float().eval()


def _convert(model: "SentenceTransformer") -> Any:
    import torch

    class Whole(torch.nn.Module):
        """Tokens to unit vectors, every module of the model included."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            found = self.inner({"input_ids": input_ids, "attention_mask": attention_mask})["sentence_embedding"]
            return torch.nn.functional.normalize(found, dim=-1)

    tokens = model.tokenizer(["An example of some length.", "Another."], padding=True, return_tensors="pt")
    example = {name: tokens[name] for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        return openvino().convert_model(Whole().eval(), example_input=example)


def _examples(model: "SentenceTransformer", texts: list[str]) -> list[dict[str, np.ndarray]]:
    """What the model takes of each text, by name."""
    tokens = [
        model.tokenizer([text], truncation=True, max_length=model.max_seq_length, return_tensors="np") for text in texts
    ]
    return [{name: one[name].astype(np.int64) for name in ("input_ids", "attention_mask")} for one in tokens]


def _compare(model: "SentenceTransformer", folder: Path, prepared: Prepared, texts: list[str]) -> None:
    from search.openvino_encoder import OpenVinoEncoder

    dimension = model.get_embedding_dimension()
    assert dimension is not None
    theirs = np.asarray(
        model.encode_document(texts, normalize_embeddings=True, show_progress_bar=False), dtype=np.float32
    )
    ours = OpenVinoEncoder(folder, prepared, dimension).encode(texts)
    cosines = (theirs * ours).sum(axis=1)
    if not cosines.min() >= LOWEST_COSINE[prepared.precision]:
        raise NotPrepared(f"converted to {prepared.precision} it says something else (cosine {cosines.min():.3f})")


def _say(step: int) -> None:
    print(f"{STEPS[step]}\t{step}/{len(STEPS)}", file=sys.__stdout__, flush=True)


def main() -> int:
    source, target, precision = sys.argv[1:]
    warnings.simplefilter("ignore")
    try:
        with contextlib.redirect_stdout(sys.stderr):  # the libraries' own progress
            prepare(Path(source), Path(target), precision)
    except Exception as error:  # three libraries raise whatever they like: each means that it cannot be done
        print(f"\n{type(error).__name__}: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
