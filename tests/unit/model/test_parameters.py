"""Named priors: natural values, blocks of noise, replaced and widened priors, refusals."""

import numpy as np
import pytest
from scipy import stats

from sbc_prevalence.errors import ConfigError
from sbc_prevalence.model.parameters import ParameterSet, Prior, combine
from small_study import a_model, small_inputs

LOG = Prior("median", "m", "a median", "log_normal", np.log(2.0), 0.5, "years", None, "wide")
LOGIT = Prior("share", "p", "a share", "logit_normal", 0.0, 1.0, "", "A 2020", "published")
HALF = Prior("spread", "s", "a spread", "half_normal", 0.0, 0.2, "", None, "small")
ZERO = Prior("effect", "a", "effects", "zero_sum_normal", 0.0, 1.0, "", "definition", "sums to zero", shape=(2, 5))
VECTOR = Prior("steps", "d", "steps", "normal", -0.1, 0.3, "", None, "slow", shape=(3,))
SET = ParameterSet((LOG, LOGIT, HALF, ZERO, VECTOR))


def test_draws_follow_their_priors():
    draws = SET.draw(np.random.default_rng(1), 20_000)
    assert stats.kstest(draws["median"], stats.lognorm(0.5, scale=2.0).cdf).pvalue > 1e-4
    assert stats.kstest(np.log(draws["share"] / (1 - draws["share"])), stats.norm.cdf).pvalue > 1e-4
    assert stats.kstest(draws["spread"], stats.halfnorm(scale=0.2).cdf).pvalue > 1e-4
    np.testing.assert_allclose(draws["effect"].sum(-1), 0.0, atol=1e-12)
    assert draws["effect"].std(0) == pytest.approx(np.sqrt(1 - 1 / 5) * np.ones((2, 5)), rel=0.03)
    assert draws["steps"].shape == (20_000, 3)


def test_noise_finds_its_way_back_from_the_blocks():
    rng = np.random.default_rng(2)
    noise = {p.name: p.draw(rng, 4) for p in SET.priors}
    blocks: dict[str, np.ndarray] = {}
    for name, members in SET.noise_blocks().items():
        blocks[name] = noise[members[0].name] if name.startswith("zero_sum") else np.concatenate(
            [noise[p.name].reshape(4, -1) for p in members], axis=-1)
    for name, value in SET.noise_by_name(blocks).items():
        np.testing.assert_array_equal(value, noise[name])
    one = SET.noise_by_name({name: block[0] for name, block in blocks.items()})
    for name, value in one.items():
        np.testing.assert_array_equal(value, noise[name][0])


def test_a_prior_is_replaced_and_says_where_it_comes_from():
    changed = SET.replaced({"median": {"center": 1.0, "sd": 0.1, "source": "B 2021", "reason": "measured"}})
    assert (changed["median"].center, changed["median"].sd, changed["median"].source) == (1.0, 0.1, "B 2021")
    assert not changed["median"].is_judgement
    assert changed["share"] == SET["share"]


@pytest.mark.parametrize(("change", "words"), [
    ({"unknown": {"sd": 1.0}}, "no parameter is called 'unknown'"),
    ({"median": {"sd": -1.0}}, "sd must not be negative"),
    ({"spread": {"center": 0.5}}, "no centre, only a scale")])
def test_an_impossible_replacement_is_refused(change, words):
    with pytest.raises(ConfigError, match=words):
        SET.replaced(change)


def test_all_faults_of_the_replacements_come_together():
    with pytest.raises(ConfigError) as caught:
        SET.replaced({"unknown": {"sd": -1.0}, "spread": {"center": 1.0}})
    assert len(caught.value.problems) == 3


def test_a_prior_without_spread_is_fixed():
    fixed = SET.replaced({"median": {"center": np.log(3.0), "sd": 0.0}}).draw(np.random.default_rng(1), 5)["median"]
    np.testing.assert_allclose(fixed, 3.0)


def test_judgements_alone_are_widened():
    wide = SET.scaled_judgements(2.0)
    assert {p.name: p.sd / SET[p.name].sd for p in wide.priors} == {
        "median": 2.0, "share": 1.0, "spread": 2.0, "effect": 1.0, "steps": 2.0}


def test_two_components_may_not_share_a_name():
    with pytest.raises(ConfigError, match="same parameter name"):
        combine([LOG], [LOG])


def test_every_prior_of_every_model_says_where_it_comes_from():
    for incidence in ("natural_history", "smooth"):
        for family in ("weibull", "piecewise_exponential", "log_logistic"):
            for prior in a_model(family, incidence=incidence).parameters(small_inputs(area_evidence=True)).priors:
                assert prior.meaning
                assert prior.source or len(prior.reason) > 10
                assert prior.describe()
                assert prior.group != "model"


def test_a_model_keeps_replaced_priors_and_hands_them_on():
    model = a_model().with_overrides(hazard_ratio_recurrent={"center": np.log(1.88), "sd": 0.0})
    again = model.with_overrides(survival_median={"sd": 0.1})
    parameters = again.parameters(small_inputs())
    assert parameters["hazard_ratio_recurrent"].center == pytest.approx(np.log(1.88))
    assert parameters["survival_median"].sd == 0.1
    assert again.specification()["overrides"]["hazard_ratio_recurrent"]["sd"] == 0.0
