"""A model's products of matrices in 8 bits.

Post-training quantization by NNCF: a scale for each channel of weights, one for all of an activation, calibrated on
examples. One scale serves badly where a few channels are far larger than all others, as they are in transformers, so
before that

- inputs that come from a normalization are smoothed: what makes channels differ is moved into the weights (SmoothQuant,
  Xiao et al. 2023, who smooth just these);
- between the two products of a feed-forward network the few largest channels are computed apart, in floating point (the
  decomposition of LLM.int8(), Dettmers et al. 2022, for channels that are chosen once).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.openvino_runtime import is_constant, openvino

# How much of what is hard to quantize is moved from activations to weights. Of .15 to .95 the one with which cosines
# between 600 passages differ least from the original's.
SMOOTHED = 0.8
# Channels of a feed-forward network that are computed apart. Two are most of it; 16 and 32 win nothing more.
APART = 8

Example = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class _Products:
    """Products of one activation with constant weights, (outputs, channels) each."""

    activation: Any
    nodes: list[Any]


def quantized(model: Any, examples: Sequence[Example]) -> Any:
    """The OpenVINO model in 8 bits, calibrated on `examples`: its inputs by name. Changes `model`."""
    import nncf

    found = _products(model)
    apart = _largest_apart(found, _largest(model, found, examples))
    model.validate_nodes_and_infer_types()
    found = [one for one in _products(model) if not {node.get_friendly_name() for node in one.nodes} <= set(apart)]
    for one, largest in zip(found, _largest(model, found, examples), strict=True):
        if _is_normalized(one.activation):
            _smooth(one, largest)
    model.validate_nodes_and_infer_types()
    return nncf.quantize(
        model,
        nncf.Dataset(examples),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(examples),
        ignored_scope=nncf.IgnoredScope(names=apart),
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=-1)
        ),
    )


def _products(model: Any) -> list[_Products]:
    """Those of activations with weights, by activation."""
    found: dict[tuple[str, int], _Products] = {}
    for node in model.get_ordered_ops():
        if _is_product(node):
            activation = node.input_value(0)
            key = activation.get_node().get_friendly_name(), activation.get_index()
            found.setdefault(key, _Products(activation, [])).nodes.append(node)
    return list(found.values())


def _is_product(node: Any) -> bool:
    if node.get_type_name() != "MatMul" or not is_constant(node.input_value(1)):
        return False
    how = node.get_attributes()
    return how["transpose_b"] and not how["transpose_a"] and len(node.get_input_shape(1)) == 2


def _largest(model: Any, products: Sequence[_Products], examples: Sequence[Example]) -> list[np.ndarray]:
    """Of each activation by channel: how large it becomes in any token of the examples."""
    told = model.clone()
    own = len(told.outputs)
    told.add_outputs([(one.activation.get_node().get_friendly_name(), one.activation.get_index()) for one in products])
    request = openvino().Core().compile_model(told, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    found = [np.zeros(1, np.float32)] * len(products)
    for example in examples:
        values = list(request.infer(example).values())[own:]
        found = [
            np.maximum(largest, np.abs(value.reshape(-1, value.shape[-1])).max(axis=0))
            for largest, value in zip(found, values, strict=True)
        ]
    return found


def _largest_apart(products: Sequence[_Products], largest: Sequence[np.ndarray]) -> list[str]:
    """Compute the largest channels of every feed-forward network apart; the names of the products that do so."""
    names = []
    for one, sizes in zip(products, largest, strict=True):
        first = _first_of(one)
        if first is not None and len(sizes) > APART:
            names += _compute_apart(first, one.nodes[0], np.argsort(-sizes)[:APART])
    return names


def _compute_apart(first: Any, second: Any, channels: np.ndarray) -> list[str]:
    """Move these channels between `first`, which adds the bias to a product, and the product `second` into two small
    products of their own, whose sum with `second` takes its place; their names."""
    from openvino import opset8 as ops

    product, activation = first.input_value(0).get_node(), second.input_value(0).get_node()
    into, bias, out = (_weights(node).copy() for node in (product, first, second))
    entering = ops.matmul(product.input_value(0), ops.constant(into[channels]), False, True)
    inner = ops.gelu(
        ops.add(entering, ops.constant(bias[..., channels])), activation.get_attributes()["approximation_mode"]
    )
    leaving = ops.matmul(inner, ops.constant(np.ascontiguousarray(out[:, channels])), False, True)

    into[channels], bias[..., channels], out[:, channels] = 0, 0, 0
    for node, values in ((product, into), (first, bias), (second, out)):
        _set_weights(node, values)
    users = list(second.output(0).get_target_inputs())
    whole = ops.add(second, leaving)
    for user in users:
        user.replace_source_output(whole.output(0))

    for node, name in ((entering, "in"), (leaving, "out")):
        node.set_friendly_name(f"{second.get_friendly_name()}/apart/{name}")
    return [entering.get_friendly_name(), leaving.get_friendly_name()]


def _first_of(second: _Products) -> Any:
    """Where this is the second product of a feed-forward network: what adds the bias to the first; otherwise None. What
    is between the two is used by nothing else."""
    activation = second.activation.get_node()
    if activation.get_type_name() != "Gelu" or len(second.nodes) != 1:
        return None
    biased = activation.input_value(0).get_node()
    if biased.get_type_name() != "Add" or not is_constant(biased.input_value(1)):
        return None
    product = biased.input_value(0).get_node()
    if not _is_product(product) or _weights(biased).shape[-1:] != _weights(product).shape[:1]:
        return None
    users = [len(node.output(0).get_target_inputs()) for node in (product, biased, activation)]
    return biased if users == [1, 1, 1] else None


def _is_normalized(activation: Any) -> bool:
    """Whether it comes from a normalization, by way of nothing but scaling and shifting."""
    node = activation.get_node()
    while node.get_type_name() in ("Add", "Multiply") and is_constant(node.input_value(1)):
        node = node.input_value(0).get_node()
    return node.get_type_name() == "MVN"


def _smooth(products: _Products, largest: np.ndarray) -> None:
    from openvino import opset8 as ops

    weights = [_weights(node) for node in products.nodes]
    heaviest = np.max([np.abs(values).max(axis=0) for values in weights], axis=0)
    least = np.finfo(np.float32).eps
    scale = np.maximum(largest, least) ** SMOOTHED / np.maximum(heaviest, least) ** (1 - SMOOTHED)
    smooth = ops.multiply(products.activation, ops.constant((1 / scale).astype(np.float32)))
    for node, values in zip(products.nodes, weights, strict=True):
        node.input(0).replace_source_output(smooth.output(0))
        _set_weights(node, (values * scale).astype(np.float32))


def _weights(node: Any) -> np.ndarray:
    """The constant that is its second input."""
    return node.input_value(1).get_node().get_data()


def _set_weights(node: Any, values: np.ndarray) -> None:
    from openvino import opset8 as ops

    node.input(1).replace_source_output(ops.constant(values).output(0))
