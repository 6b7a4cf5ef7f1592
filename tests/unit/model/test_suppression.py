"""Suppressed counts of simulated worlds: what is printed holds the truth, hides enough, and misleads nobody."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sbc_prevalence.config import load_config
from sbc_prevalence.errors import ModelError
from sbc_prevalence.model.simulate import simulate_world
from sbc_prevalence.model.suppression import Suppression, suppressed_world
from sbc_prevalence.posterior.compiled import array_shapes
from sbc_prevalence.study import prepare

DESIGNS = Path(__file__).parents[2] / "recovery" / "designs"
COUNTS = st.lists(st.integers(0, 80), min_size=1, max_size=60).map(np.array)


@pytest.fixture(scope="module")
def study():
    return prepare(load_config(str(DESIGNS / "suppressed_counts.toml")))


@given(COUNTS, st.floats(0, 1), st.integers(0, 1000))
def test_what_is_printed_holds_the_count(counts, share, seed):
    lower, upper = Suppression(share).bounds(counts, 30, np.random.default_rng(seed))
    assert ((lower <= counts) & (counts <= upper)).all()
    assert (upper - lower < 30).all()


@given(COUNTS, st.integers(0, 1000))
def test_every_small_count_is_printed_alike_and_no_other_count_as_small(counts, seed):
    lower, upper = Suppression(0.0).bounds(counts, 30, np.random.default_rng(seed))
    small = counts < 5
    assert (lower[small] == 0).all()
    assert (upper[small] == 4).all()
    assert (lower[~small] >= 5).all()


@given(COUNTS, st.floats(0, 1), st.integers(0, 1000))
def test_the_share_asked_for_is_hidden_where_counts_allow_it(counts, share, seed):
    lower, upper = Suppression(share, rounded=0.0).bounds(counts, 30, np.random.default_rng(seed))
    asked = min(np.ceil(share * counts.size), (counts < 35).sum())
    assert (upper > lower).sum() >= asked


def test_a_posterior_from_what_is_printed_is_calibrated():
    """Ranks of a Poisson mean given the printed intervals alone, over a grid of means, are uniform."""
    rng, means = np.random.default_rng(11), np.linspace(1.0, 30.0, 300)
    below = stats.poisson.cdf(np.arange(-1, 120)[:, None], means)
    ranks = []
    for _ in range(400):
        truth = rng.integers(means.size)
        lower, upper = Suppression(0.3).bounds(rng.poisson(means[truth], 12), 30, rng)
        with np.errstate(divide="ignore"):
            loglik = np.log(below[upper + 1] - below[lower]).sum(0)
        posterior = np.exp(loglik - loglik.max())
        posterior /= posterior.sum()
        ranks.append(posterior[:truth].sum() + rng.random() * posterior[truth])
    assert stats.kstest(ranks, stats.uniform.cdf).pvalue > 0.01


def test_a_suppressed_world_has_the_latent_truth_and_the_shapes_of_the_study(study):
    world = suppressed_world(study.model, study.inputs, (1, 2), Suppression())
    plain = simulate_world(study.model, study.inputs, (1, 2))
    np.testing.assert_array_equal(world.latent["living"], plain.latent["living"])
    assert array_shapes(study.model, world.inputs) == array_shapes(study.model, study.inputs)
    assert np.isfinite(sum(study.model.loglik_terms(world.parameters, world.inputs).values()))


def test_a_third_of_the_cells_of_each_source_is_hidden_whatever_the_table_of_the_design_hides(study):
    for number in range(1, 6):
        world = suppressed_world(study.model, study.inputs, (1, number), Suppression(0.3, rounded=0.0))
        for name in ("deaths", "tables_small_registrations_csv_all"):
            used = world.inputs.arrays[f"{name}_weight"] > 0
            hidden = (world.inputs.arrays[f"{name}_log_mask"][used] == 0).sum(1) > 1
            assert 0.3 <= hidden.mean() < 1


def test_a_study_without_room_for_intervals_is_refused():
    exact = prepare(load_config(str(DESIGNS / "living_counts.toml")))
    with pytest.raises(ModelError, match="as wide"):
        suppressed_world(exact.model, exact.inputs, (1, 1), Suppression())
