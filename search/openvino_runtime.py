"""OpenVINO, imported so that it tells nobody."""

import sys
from types import ModuleType
from typing import Any


def openvino() -> Any:
    """The library. Importing it would report to its makers; without its reporter it stays silent, and so does nncf."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino as library

    assert isinstance(library, ModuleType)
    return library
