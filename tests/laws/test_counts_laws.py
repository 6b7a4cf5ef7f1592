"""Laws of realised counts and of ageing that hold for any incidence and any survivorship."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sbc_prevalence.grid import DURATION_EDGES
from sbc_prevalence.kernels.convolution import alive_on_grid
from sbc_prevalence.kernels.counts import InsideYear, known_plus_unknown, realise
from sbc_prevalence.kernels.lexis import living_by_attained_age

SHARES = st.floats(0.0, 1.0, allow_subnormal=False)
COUNTS = st.floats(0.0, 300.0, allow_subnormal=False)


@st.composite
def worlds(draw):
    """Incidence (2 presentations, areas, years), who is alive on the grid, first and last reported year."""
    n, areas = draw(st.integers(2, 16)), draw(st.integers(1, 3))
    incidence = draw(hnp.arrays(float, (2, areas, n), elements=COUNTS))
    kept = draw(hnp.arrays(float, (2, n, n), elements=SHARES))
    first = draw(st.integers(0, n - 1))
    return incidence, alive_on_grid(np.cumprod(kept, -1), n), first, draw(st.integers(first, n - 1))


@given(worlds(), st.integers(0, 2**32 - 1))
def test_living_is_yesterdays_living_plus_new_minus_deaths_in_whole_persons(world, seed):
    incidence, alive, first, last = world
    counts = realise(incidence, alive, np.random.default_rng(seed), first=first, last=last)
    living = counts.living.sum(-1)
    before = np.concatenate([counts.living_before[..., None], living[..., :-1]], axis=-1)
    assert np.array_equal(living, before + counts.newly_diagnosed - counts.deaths)
    for values in (counts.living, counts.newly_diagnosed, counts.deaths, counts.living_before):
        assert values.dtype.kind == "i"
        assert values.min() >= 0


@given(worlds(), st.integers(0, 2**32 - 1))
def test_nobody_is_living_in_a_band_longer_than_the_history(world, seed):
    incidence, alive, first, last = world
    counts = realise(incidence, alive, np.random.default_rng(seed), first=first, last=last)
    for t in range(first, last + 1):
        for band, start in enumerate(DURATION_EDGES):
            if start > t:
                assert counts.living[..., t - first, band].sum() == 0


@given(worlds(), st.integers(0, 2**32 - 1))
def test_where_nobody_dies_the_living_are_all_who_were_diagnosed(world, seed):
    incidence, _, first, last = world
    n = incidence.shape[-1]
    alive = alive_on_grid(np.ones((2, n, n)), n)
    counts = realise(incidence, alive, np.random.default_rng(seed), first=first, last=last)
    everyone = counts.living_before[..., None] + np.cumsum(counts.newly_diagnosed, -1)
    assert counts.deaths.sum() == 0
    assert np.array_equal(counts.living.sum(-1), everyone)


@given(worlds(), st.integers(0, 2**32 - 1))
def test_an_index_date_leaves_other_counts_alone_and_lies_within_its_year(world, seed):
    incidence, alive, first, last = world
    early = np.zeros(alive.shape[:-1])
    early[:, last] = 0.5 * (1.0 + alive[:, last, last]) * 0.4
    late = np.zeros_like(early)
    earlier = np.arange(last)
    between = 0.5 * (alive[:, earlier, last] + alive[:, earlier, max(last - 1, 0)])
    early[:, earlier], late[:, earlier] = 0.3 * between, 0.7 * between
    inside = InsideYear(last, early, late, 0.2 * alive[:, last, last])
    plain = realise(incidence, alive, np.random.default_rng(seed), first=first, last=last)
    dated = realise(incidence, alive, np.random.default_rng(seed), first=first, last=last, inside=inside)
    assert np.array_equal(plain.living, dated.living)
    assert np.array_equal(plain.deaths, dated.deaths)
    living = plain.living.sum(-1)
    start = plain.living_before if first == last else living[..., -2]
    assert np.all(dated.living_at >= 0)
    assert np.all(dated.living_at.sum(-1) <= start + plain.newly_diagnosed[..., -1])
    assert np.all(dated.living_at.sum(-1) >= living[..., -1] - plain.newly_diagnosed[..., -1])


@given(st.integers(0, 500), st.floats(0, 500), SHARES, st.integers(0, 2**32 - 1))
def test_those_known_are_never_lost(known, expected, completeness, seed):
    rng = np.random.default_rng(seed)
    drawn = known_plus_unknown(np.full(20, known), np.full(20, expected), np.array(completeness), rng, frailty_shape=5.0)
    assert np.all(drawn >= known)


@given(hnp.arrays(float, (4, 3, 7), elements=COUNTS))
def test_ageing_keeps_every_person_and_makes_nobody_younger(living):
    starts = (0, 50, 65, 80)
    aged = living_by_attained_age(living, starts)
    np.testing.assert_allclose(aged.sum(0), living.sum(0), rtol=1e-12, atol=1e-9)
    for band in range(len(starts)):
        assert np.all(aged[:band + 1].sum(0) <= living[:band + 1].sum(0) + 1e-9)
