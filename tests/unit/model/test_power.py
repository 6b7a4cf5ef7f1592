"""The likelihood of a piece of evidence may be raised to a power, 0 leaving it out, and nothing else changes."""

import numpy as np
import pytest

from sbc_prevalence.errors import ModelError
from sbc_prevalence.posterior.compiled import array_shapes, structure_key
from sbc_prevalence.posterior.fitted import informed_by_counts
from small_study import a_model, prior_draws, small_inputs

MODEL = a_model()


def full():
    return small_inputs(area_evidence=True)


def test_every_piece_has_a_power_of_one_unless_it_is_changed():
    assert {o.name: full().power_of(o.name) for o in full().observations} == {
        o.name: 1.0 for o in full().observations}


def test_a_power_scales_the_terms_of_its_own_piece_only():
    p = prior_draws(MODEL, full(), 3)
    before = MODEL.loglik_terms(p, full())
    after = MODEL.loglik_terms(p, full().with_power({"snapshot": 0.5, "deaths": 0.0}))
    for name, value in before.items():
        factor = 0.5 if name.startswith("snapshot") else 0.0 if name == "deaths" else 1.0
        np.testing.assert_allclose(after[name], factor * value, rtol=1e-14)


def test_the_likelihood_by_evidence_joins_the_terms_of_a_piece_and_knows_no_power():
    p = prior_draws(MODEL, full(), 3)
    terms = MODEL.loglik_terms(p, full())
    joined = MODEL.loglik_by_evidence(p, full().with_power({"snapshot": 0.0}))
    assert set(joined) == {o.name for o in full().observations}
    np.testing.assert_allclose(joined["snapshot"], terms["snapshot"] + terms["snapshot sensitivity"], rtol=1e-9)
    np.testing.assert_allclose(sum(joined.values()), sum(terms.values()), rtol=1e-9)


def test_a_compiled_model_serves_for_every_power():
    other = full().with_power({"deaths": 0.0})
    assert structure_key(MODEL, other) == structure_key(MODEL, full())
    assert array_shapes(MODEL, other) == array_shapes(MODEL, full())


def test_counts_that_are_left_out_inform_nothing():
    counts = {o.name: 0.0 for o in full().observations if o.words}
    assert informed_by_counts(full())
    assert not informed_by_counts(full().with_power(counts))
    assert informed_by_counts(full().with_power({name: counts[name] for name in list(counts)[1:]}))


@pytest.mark.parametrize("powers", [{"nobody": 1.0}, {"deaths": -0.1}, {"deaths": float("nan")}])
def test_an_unknown_piece_or_a_negative_power_is_refused(powers):
    with pytest.raises(ModelError):
        full().with_power(powers)


def test_leaving_a_source_out_keeps_the_arrays_of_its_audit():
    bare = full().without("register_recurrent")
    assert "register_recurrent_audit" in {o.name for o in bare.observations}
    assert "register_recurrent_audit_found" in bare.arrays
    assert "register_recurrent_values" not in bare.arrays
    assert np.isfinite(sum(MODEL.loglik_terms(prior_draws(MODEL, bare, 1), bare).values())).all()
