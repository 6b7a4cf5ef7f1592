"""Area effects: exchangeable or by the map; the whole stays as it is."""

from dataclasses import replace

import numpy as np
import pytest

from sbc_prevalence.data.area_groups import with_neighbours
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.errors import ModelError
from sbc_prevalence.kernels.neighbours import neighbour_matrix, structured_basis
from sbc_prevalence.model import NaturalHistoryIncidence, NeighbouringAreas, PrevalenceModel
from sbc_prevalence.model.areas import neighbour_places
from sbc_prevalence.model.components import model_from_specification
from sbc_prevalence.model.simulate import simulate_world
from small_study import AREAS, scotland_inputs, small_inputs

MODEL = PrevalenceModel(incidence=NaturalHistoryIncidence(window_days=120, areas=NeighbouringAreas()))
MAPPED = replace(AREAS, neighbours=(("A", "B"),))


def mapped(inputs):
    return replace(inputs, grid=replace(inputs.grid, areas=MAPPED))


def test_the_map_of_scotland_has_eleven_connected_boards_and_three_islands():
    areas = with_neighbours(scotland_inputs().grid.areas, load_carried("scotland_board_neighbours"))
    basis, island = structured_basis(neighbour_matrix(14, neighbour_places(areas)))
    assert basis.shape == (14, 10)
    assert {name for name, alone in zip(areas.names, island, strict=True) if alone} == {
        "NHS Orkney", "NHS Shetland", "NHS Western Isles"}


def test_a_single_island_keeps_the_whole_spread():
    inputs = mapped(small_inputs(area_evidence=True))
    draws = MODEL.parameters(inputs).draw(np.random.default_rng(1), 20_000)
    draws["area_sd"] = np.ones(20_000)
    effects = MODEL.incidence.areas.log_multiplier(draws, inputs)
    np.testing.assert_allclose(effects.std(0), 1.0, atol=0.03)
    together = np.corrcoef(effects[:, 0].T)
    assert together[0, 1] < -0.2  # two areas that sum to zero in their structured part
    np.testing.assert_allclose(together[2, :2], 0.0, atol=0.03)


def test_areas_sum_to_the_whole_in_every_draw():
    inputs = mapped(small_inputs(area_evidence=True))
    p = MODEL.parameters(inputs).draw(np.random.default_rng(2), 5)
    np.testing.assert_allclose(
        MODEL.incidence.incidence(p, inputs).sum(-2), MODEL.incidence.whole(p, inputs), rtol=1e-12)


def test_without_neighbours_it_says_what_is_missing():
    with pytest.raises(ModelError, match="table of neighbours"):
        MODEL.parameters(small_inputs(area_evidence=True))


def test_evidence_on_the_whole_reaches_no_area_parameter():
    inputs = mapped(small_inputs())
    assert set(MODEL.prior_only(inputs)) == {"area_sd", "area_mixing", "area_effect", "area_structured"}


def test_the_description_is_read_back_as_the_same_model():
    assert model_from_specification(MODEL.specification()) == MODEL


def test_a_world_is_simulated_and_judged():
    inputs = mapped(small_inputs(area_evidence=True))
    world = simulate_world(MODEL, inputs, 3)
    assert np.isfinite(sum(MODEL.loglik_terms(world.parameters, world.inputs).values()))
