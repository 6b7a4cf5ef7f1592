"""Net survival against closed forms: other causes that differ between people are taken out."""

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.estimators.net_survival import net_survival
from sbc_prevalence.estimators.relative_survival import relative_survival

AT = [1.0, 3.0, 5.0, 8.0]


def table(young, old):
    return pd.DataFrame([(age, year, young if age < 60 else old) for year in range(2000, 2021) for age in range(0, 101)],
                        columns=["age", "year", "hazard"])


def patients(n, seed, *, excess=(0.1, 0.1), young=0.01, old=0.15, late=False):
    rng = np.random.default_rng(seed)
    elderly = rng.uniform(size=n) < 0.5
    hazard = np.where(elderly, old + excess[1], young + excess[0])
    life, until = rng.exponential(size=n) / hazard, rng.uniform(5, 15, n)
    entry = rng.exponential(1.0, n) * late
    people = pd.DataFrame({
        "diagnosed": 2003.0, "age_years": np.where(elderly, 75.0, 40.0), "entry_years": entry,
        "exit_years": np.minimum(life, until), "died": (life <= until).astype(int)})
    return people[people["entry_years"] < people["exit_years"]]


@pytest.mark.parametrize("late", [False, True])
def test_other_causes_are_taken_out_where_the_old_die_of_them(late):
    """Excess .1 for all: net survival exp(-.1 u), whoever is still followed, late entry or not."""
    found = net_survival(patients(6_000, 1, late=late), table(0.01, 0.15), AT)
    exact = np.exp(-0.1 * np.array(AT))
    np.testing.assert_allclose(found["net"], exact, atol=0.03)
    assert ((found["lower"] < exact) & (exact < found["upper"])).all()


def test_net_survival_of_a_mixture_is_the_mean_of_both_where_ederer_is_not():
    """Excess .05 and .4: net is the mean of the exponentials; Ederer's second follows those who are left."""
    people = patients(8_000, 2, excess=(0.05, 0.4))
    exact = (np.exp(-0.05 * np.array(AT)) + np.exp(-0.4 * np.array(AT))) / 2
    found = net_survival(people, table(0.01, 0.15), AT)
    np.testing.assert_allclose(found["net"], exact, atol=0.03)
    ederer = relative_survival(people, table(0.01, 0.15), AT, method="ederer_2")
    assert abs(ederer["relative"].iloc[-1] - exact[-1]) > 1.5 * abs(found["net"].iloc[-1] - exact[-1])


def test_without_other_causes_net_survival_is_observed():
    people = patients(3_000, 3, young=0.0, old=0.0)
    found = net_survival(people, table(1e-12, 1e-12), AT)
    observed = relative_survival(people, table(1e-12, 1e-12), AT)["observed"]
    np.testing.assert_allclose(found["net"], observed, atol=2e-3)


def test_its_standard_error_is_that_of_repetition():
    found = [net_survival(patients(300, seed), table(0.01, 0.15), [5.0]).iloc[0] for seed in range(80)]
    assert np.std([np.log(f["net"]) for f in found]) == pytest.approx(np.mean([f["se_log"] for f in found]), rel=0.25)


def test_net_survival_without_a_life_table_is_refused():
    with pytest.raises(EvidenceError, match="net survival"):
        net_survival(patients(10, 1), None, [1.0])
