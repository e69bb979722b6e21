"""Matrix products in 8 bits: what is far larger than the rest costs the rest nothing."""

from typing import Any

import numpy as np
import pytest

from search.openvino_runtime import openvino
from search.quantizing import APART, quantized

WIDTH, INNER, LARGE = 32, 64, 5


def random(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def examples(seed: int) -> list[dict[str, np.ndarray]]:
    return [{"x": random(1, 12, WIDTH, seed=seed + each)} for each in range(32)]


def model_of(build: Any) -> Any:
    """One that gives what `build` makes of its only input: one text, any number of tokens, WIDTH numbers each."""
    from openvino import opset8 as ops

    entering = ops.parameter([1, -1, WIDTH], np.float32, name="x")
    entering.output(0).tensor.set_names({"x"})
    return openvino().Model([build(ops, entering)], [entering], "small")


def feed_forward(activation: str = "gelu", *, is_used_twice: bool = False) -> Any:
    """Two products with a channel between them that is two hundred times as large as the others; what is between them
    may be used by something else too."""
    into, out = random(INNER, WIDTH), random(WIDTH, INNER, seed=2)
    into[LARGE] *= 200
    out[:, LARGE] /= 200

    def build(ops: Any, entering: Any) -> Any:
        inner = ops.add(ops.matmul(entering, ops.constant(into), False, True), ops.constant(random(INNER, seed=3)))
        active = ops.gelu(inner, "erf") if activation == "gelu" else ops.relu(inner)
        leaving = ops.matmul(active, ops.constant(out), False, True)
        return ops.add(leaving, ops.reduce_sum(active, ops.constant(-1), True)) if is_used_twice else leaving

    return model_of(build)


def normalized() -> Any:
    """Two products of one normalization, a channel of which is made a hundred times as large as the others."""
    gain, shift = np.ones(WIDTH, np.float32), random(WIDTH, seed=4)
    gain[LARGE] = 100
    weights = [random(WIDTH, WIDTH, seed=seed) for seed in (5, 6)]
    for values in weights:
        values[:, LARGE] /= 100

    def build(ops: Any, entering: Any) -> Any:
        even = ops.mvn(entering, ops.constant(np.array([-1])), True, 1e-6, "inside_sqrt")
        scaled = ops.add(ops.multiply(even, ops.constant(gain)), ops.constant(shift))
        return ops.add(*(ops.matmul(scaled, ops.constant(values), False, True) for values in weights))

    return model_of(build)


def plainly(model: Any, given: list[dict[str, np.ndarray]]) -> Any:
    import nncf

    alphas = nncf.AdvancedSmoothQuantParameters(matmul=-1)
    parameters = nncf.AdvancedQuantizationParameters(smooth_quant_alphas=alphas)
    kind = nncf.ModelType.TRANSFORMER
    return nncf.quantize(
        model, nncf.Dataset(given), model_type=kind, subset_size=len(given), advanced_parameters=parameters
    )


def error_of(changed: Any, original: Any) -> float:
    """Of texts that it was not calibrated on, beside what the original says of them."""
    run, reference = (openvino().Core().compile_model(model, "CPU") for model in (changed, original))
    wrong, whole = 0.0, 0.0
    for example in examples(seed=100):
        right = reference(example)[0]
        wrong += float(((run(example)[0] - right) ** 2).sum())
        whole += float((right**2).sum())
    return (wrong / whole) ** 0.5


@pytest.mark.parametrize("build", [feed_forward, normalized])
def test_a_channel_that_is_far_larger_costs_the_others_nothing(build: Any):
    error = error_of(quantized(build(), examples(seed=10)), build())

    assert error < 0.03
    assert error_of(plainly(build(), examples(seed=10)), build()) > 5 * error


def test_the_largest_channels_are_computed_apart_in_floating_point():
    apart = {
        node.get_friendly_name().rpartition("/")[2]: node.input_value(1)
        for node in quantized(feed_forward(), examples(seed=10)).get_ordered_ops()
        if "/apart/" in node.get_friendly_name() and node.get_type_name() == "MatMul"
    }

    assert {name: list(weights.get_shape()) for name, weights in apart.items()} == {
        "in": [APART, WIDTH],
        "out": [WIDTH, APART],
    }
    assert {weights.get_node().get_type_name() for weights in apart.values()} == {"Constant"}
    largest = (200 * random(INNER, WIDTH)[LARGE]).tolist()
    assert largest in apart["in"].get_node().get_data().tolist()


@pytest.mark.parametrize("form", [{"activation": "relu"}, {"is_used_twice": True}])
def test_networks_of_another_form_are_quantized_as_they_are(form: dict[str, Any]):
    changed = quantized(feed_forward(**form), examples(seed=10))

    assert not any("/apart/" in node.get_friendly_name() for node in changed.get_ordered_ops())
    kinds = [node.get_output_element_type(0).to_string() for node in changed.get_ordered_ops()]
    assert kinds.count("i8") == 2
