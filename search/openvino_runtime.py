"""OpenVINO, imported so that it tells nobody."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any


def openvino() -> Any:
    """The library. Importing it would report to its makers; without its reporter it stays silent, and so does nncf."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino as library

    assert isinstance(library, ModuleType)
    return library


def compiled(path: Path, options: dict[str, Any], shape: list[int] | None = None) -> Any:
    """The model in this file, ready to run here; with a shape it takes inputs of that one alone. Raises RuntimeError
    for a file that is no model."""
    core = openvino().Core()
    model = core.read_model(str(path))
    _look_up_first(model)
    if shape is not None:
        model.reshape(dict.fromkeys(range(len(model.inputs)), shape))
    return core.compile_model(model, "CPU", options)


def _look_up_first(model: Any) -> None:
    """Let rows of tables in 8 bits be looked up, and then be made numbers in floating point: the other way round, as
    quantization leaves it, the whole table would be kept in floating point, which of word embeddings takes four times
    as much memory and says the same."""
    from openvino import opset8

    for gather in model.get_ordered_ops():
        if gather.get_type_name() != "Gather":
            continue
        scaled = gather.input_value(0).get_node()
        numbers = scaled.input_value(0).get_node() if scaled.get_type_name() == "Multiply" else None
        if numbers is None or numbers.get_type_name() != "Convert":
            continue
        table, scale = numbers.input_value(0), scaled.input_value(1)
        is_by_row = list(scale.get_shape()) == [table.get_shape()[0], 1] if is_constant(table, scale) else False
        which, axis = gather.input_value(1), gather.input_value(2)
        if is_by_row and is_constant(axis) and axis.get_node().get_data().item() == 0:
            rows = opset8.convert(opset8.gather(table, which, axis), numbers.get_element_type().to_string())
            gather.output(0).replace(opset8.multiply(rows, opset8.gather(scale, which, axis)).output(0))


def is_constant(*values: Any) -> bool:
    """Whether these outputs of nodes are all constants."""
    return all(value.get_node().get_type_name() == "Constant" for value in values)
