"""Models as they are loaded: of one shape where that is asked for, and no larger in memory than they need be."""

from pathlib import Path

import numpy as np
import pytest

from search.openvino_runtime import compiled, openvino

ROWS, WIDTH = 50, 8
IDS = np.array([[3, 0, 49, 3]], np.int64)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table in 8 bits with a scale for each row, and a lookup that is quantized again: as NNCF leaves it."""
    ov, chance = openvino(), np.random.default_rng(1)
    from openvino import opset8

    ids = opset8.parameter([-1, -1], np.int64)
    numbers = opset8.convert(opset8.constant(chance.integers(-127, 128, (ROWS, WIDTH), np.int8)), "f32")
    scaled = opset8.multiply(numbers, opset8.constant(chance.random((ROWS, 1), np.float32)))
    found = opset8.gather(scaled, ids, opset8.constant(0, np.int32))
    least, most = (opset8.constant(np.float32(bound)) for bound in (-128, 127))
    found = opset8.fake_quantize(found, least, most, least, most, 256)
    ov.save_model(ov.Model([found], [ids], "table"), str(tmp_path / "model.xml"), compress_to_fp16=False)
    return tmp_path / "model.xml"


def constants_of(model) -> set[tuple[str, tuple[int, ...]]]:
    """Types and shapes of what is kept to run it."""
    return {
        (op.get_element_type().to_string(), tuple(op.get_output_shape(0)))
        for op in model.get_runtime_model().get_ordered_ops()
        if op.get_rt_info()["layerType"].astype(str) == "Const"
    }


def test_a_table_in_eight_bits_stays_so_and_says_the_same(table: Path):
    plain = openvino().Core().compile_model(str(table), "CPU")
    ours = compiled(table, {})

    assert np.array_equal(ours({0: IDS})[0], plain({0: IDS})[0])
    assert ("f32", (ROWS, WIDTH)) in constants_of(plain)
    assert ("f32", (ROWS, WIDTH)) not in constants_of(ours)


def test_a_model_of_one_shape_takes_no_other(table: Path):
    ours = compiled(table, {}, [1, 4])

    assert ours({0: IDS})[0].shape == (1, 4, WIDTH)
    with pytest.raises(RuntimeError):
        ours({0: IDS[:, :3]})


def test_what_is_no_model_is_refused(tmp_path: Path):
    (tmp_path / "model.xml").write_text("<net>")
    with pytest.raises(RuntimeError):
        compiled(tmp_path / "model.xml", {})
