"""Programs: coordinates are those of PyMC, memory keeps arrays, a kept program computes what the graph does."""

from dataclasses import replace

import numpy as np
import pytest
from fitted_factory import MODEL, inputs_of
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sbc_prevalence.model.parameters import HALF, NORMAL, ZERO_SUM
from sbc_prevalence.model.swappable import swappable
from sbc_prevalence.posterior import program as program_module
from sbc_prevalence.posterior.compiled import compile_model, structure_key
from sbc_prevalence.posterior.coordinates import Coordinates, coordinates
from sbc_prevalence.posterior.density import density_points
from sbc_prevalence.posterior.memory import WORD, packed, places, stored
from sbc_prevalence.posterior.program import kept_as, make_program

BLOCKS = Coordinates({NORMAL: (3,), HALF: (2,), f"{ZERO_SUM}_area": (4, 5)})
ARRAYS = st.dictionaries(
    st.text("abc_", min_size=1, max_size=6),
    hnp.arrays(st.sampled_from([np.float64, np.int32, np.bool_]), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)),
    min_size=1, max_size=6)


def test_a_block_that_sums_to_zero_has_one_coordinate_less_in_its_last_axis() -> None:
    assert BLOCKS.n == 3 + 2 + 4 * 4
    found = BLOCKS.blocks(np.random.default_rng(1).standard_normal((6, 7, BLOCKS.n)))
    assert {name: value.shape for name, value in found.items()} == {
        name: (6, 7, *shape) for name, shape in BLOCKS.shapes.items()}
    np.testing.assert_allclose(found[f"{ZERO_SUM}_area"].sum(-1), 0, atol=1e-12)


def test_blocks_are_those_of_pymc() -> None:
    import pymc as pm
    import pytensor.tensor as pt

    points = np.random.default_rng(2).standard_normal((3, BLOCKS.n))
    found = BLOCKS.blocks(points)
    free = pt.as_tensor(points[:, 5:].reshape(3, 4, 4))
    sums = pm.distributions.transforms.ZeroSumTransform([-1]).backward(free).eval()
    np.testing.assert_allclose(found[f"{ZERO_SUM}_area"], sums, rtol=1e-13)
    np.testing.assert_array_equal(found[HALF], np.exp(points[:, 3:5]))
    np.testing.assert_array_equal(found[NORMAL], points[:, :3])


def test_chains_start_apart_and_within_one_of_the_centre() -> None:
    first, again, other = BLOCKS.start(1), BLOCKS.start(1), BLOCKS.start(2)
    np.testing.assert_array_equal(first, again)
    assert np.all(first != other)
    assert np.abs(first).max() <= 1


@given(ARRAYS)
def test_memory_gives_back_what_was_put_in(arrays: dict[str, np.ndarray]) -> None:
    layout = places(arrays)
    block = packed(arrays, layout)
    for place in layout:
        assert place.start % WORD == 0
        back = block[place.start:place.stop].view(place.dtype).reshape(place.shape)
        np.testing.assert_array_equal(back, stored(arrays[place.name]))
    ends = [place.stop for place in layout]
    assert all(end <= place.start for end, place in zip(ends[:-1], layout[1:], strict=True))


def test_memory_refuses_another_shape_and_words() -> None:
    layout = places({"a": np.zeros(3)})
    with pytest.raises(ValueError, match="its place is for"):
        packed({"a": np.zeros(4)}, layout)
    with pytest.raises(ValueError, match="its place is for"):
        packed({"a": np.zeros(3, dtype=int)}, layout)
    with pytest.raises(TypeError, match="Give numbers"):
        stored(np.array(["a"]))


def test_the_name_of_a_program_follows_its_form_its_shapes_and_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = places({"a": np.zeros(3)})
    names = {kept_as("one", layout), kept_as("other", layout), kept_as("one", places({"a": np.zeros(4)}))}
    monkeypatch.setattr(program_module, "_source_digest", lambda: "edited")
    assert len({*names, kept_as("one", layout)}) == 4


@pytest.mark.slow
def test_the_program_is_the_graph_and_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = inputs_of()
    compiled = compile_model(MODEL, inputs)
    expected = density_points(MODEL, inputs, seed=3)
    for point, value, gradient in zip(expected.points, expected.log_density, expected.gradient, strict=True):
        found, slope = compiled.program.evaluate(point)
        assert found == pytest.approx(value, rel=1e-10)
        np.testing.assert_allclose(slope, gradient, rtol=1e-8, atol=1e-8 * np.abs(gradient).max())

    def forbidden(*_: object) -> None:
        raise AssertionError("the graph was built again")

    monkeypatch.setattr(program_module, "_evaluate", forbidden)
    again = make_program(MODEL, inputs, structure_key(MODEL, inputs), swappable(MODEL, inputs))
    assert again.loaded
    np.testing.assert_array_equal(again.evaluate(expected.points[0])[1],
                                  compiled.program.evaluate(expected.points[0])[1])


@pytest.mark.slow
def test_arrays_are_swapped_and_what_is_not_finite_is_said() -> None:
    inputs = inputs_of()
    compiled = compile_model(MODEL, inputs)
    point = coordinates(MODEL.sampled(inputs)).start(1)
    doubled = inputs.with_arrays({"deaths_values": 2 * np.asarray(inputs.arrays["deaths_values"])})
    other = compiled.with_inputs(MODEL, doubled)
    at_other = density_points(MODEL, doubled, points=point[None])
    assert other.program.evaluate(point)[0] == pytest.approx(float(at_other.log_density[0]), rel=1e-10)
    assert other.program.evaluate(point)[0] != pytest.approx(compiled.program.evaluate(point)[0])
    with pytest.raises(FloatingPointError, match="not finite"):
        replace(compiled.program).evaluate(np.full(point.size, np.inf))
