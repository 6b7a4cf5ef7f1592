"""Published survival on the scale that a likelihood uses."""

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.evidence import DistantRecurrence, OtherCauseMortality, PublishedSurvival

ORIGIN = {"source": "papers", "as_of": "2024-12-31"}
COLUMNS = [
    "study",
    "presentation",
    "survival_kind",
    "measure",
    "duration_from_years",
    "duration_years",
    "value",
    "lower",
    "upper",
    "n",
    "diagnosis_year_from",
    "diagnosis_year_to",
    "de_novo_share",
]


def survival(*rows: list[object], **options: float) -> PublishedSurvival:
    return PublishedSurvival.from_frame(pd.DataFrame(rows, columns=COLUMNS), **ORIGIN, **options)


def test_points_are_on_the_scale_of_log_minus_log_survival() -> None:
    points = survival(
        ["X", "de_novo", "observed", "survival", None, 5, 0.30, 0.25, 0.36, 100, 2000, 2005, None],
        ["Y", "de_novo", "observed", "survival", None, 5, 0.30, None, None, 100, 2000, 2005, None],
        ["Z", "all", "observed", "survival", None, 5, 0.30, None, None, None, None, None, 0.3],
    ).points()
    np.testing.assert_allclose(points["eta"], np.log(-np.log(0.3)))
    by_interval = (np.log(-np.log(0.25)) - np.log(-np.log(0.36))) / (2 * 1.959964)
    by_n = np.sqrt(0.3 * 0.7 / 100) / (0.3 * -np.log(0.3))
    np.testing.assert_allclose(points["eta_se"], [by_interval, by_n, 0.10], rtol=1e-5)
    assert points["eta_se_from"].tolist() == ["interval", "n", "default"]
    assert points["diagnosis_year_mid"].tolist()[:2] == [2002.5, 2002.5]
    assert np.isnan(points["diagnosis_year_mid"][2])
    np.testing.assert_allclose(points["de_novo_share"], [np.nan, np.nan, 0.3])


def test_the_error_from_n_agrees_with_a_binomial_simulation() -> None:
    points = survival(
        ["Y", "de_novo", "observed", "survival", None, 3, 0.44, None, None, 400, 2000, 2005, None]
    ).points()
    alive = np.random.default_rng(1).binomial(400, 0.44, size=200_000) / 400
    assert points["eta_se"][0] == pytest.approx(np.log(-np.log(alive)).std(), rel=0.02)


def test_a_median_is_the_time_at_which_half_are_alive() -> None:
    points = survival(
        ["X", "recurrent", "observed", "median", None, None, 2.0, 1.8, 2.3, None, 2000, 2005, None],
        ["Y", "recurrent", "observed", "median", None, None, 2.0, None, None, 250, 2000, 2005, None],
    ).points()
    assert points["duration_years"].tolist() == [2.0, 2.0]
    np.testing.assert_allclose(np.exp(-np.exp(points["eta"])), 0.5)
    expected = [np.log(2.3 / 1.8) / (2 * 1.959964), np.sqrt(0.25 / 250) / (0.5 * np.log(2))]
    np.testing.assert_allclose(points["eta_se"], expected, rtol=1e-5)


def test_a_hazard_is_its_log_over_its_interval() -> None:
    points = survival(
        ["X", "recurrent", "cause_specific", "hazard", 3, 4, 0.14, 0.11, 0.18, None, None, None, None]
    ).points()
    row = points.iloc[0]
    assert (row["duration_from_years"], row["duration_years"]) == (3, 4)
    assert row["eta"] == pytest.approx(np.log(0.14))
    assert row["eta_se"] == pytest.approx(np.log(0.18 / 0.11) / (2 * 1.959964), rel=1e-5)


def test_no_published_value_is_taken_as_exact() -> None:
    big = survival(
        ["X", "de_novo", "observed", "survival", None, 5, 0.30, None, None, 5_000_000, 2000, 2005, None]
    )
    assert big.points()["eta_se"].tolist() == [0.01]


def test_everybody_alive_at_diagnosis_is_no_datum() -> None:
    stem = ["X", "de_novo", "observed", "survival", None]
    curve = survival(
        [*stem, 0, 1, None, None, None, 2000, 2005, None], [*stem, 1, 0.6, None, None, 9, 2000, 2005, None]
    )
    assert curve.points()["duration_years"].tolist() == [1]


@pytest.mark.parametrize("sd", [0, -0.1, float("nan"), 4, "0.1", True])
def test_a_sampling_sd_that_means_nothing_is_refused(sd: float) -> None:
    with pytest.raises(EvidenceError, match="E-OPTION"):
        survival(
            ["X", "de_novo", "observed", "survival", None, 5, 0.3, None, None, 9, 2000, 2005, None],
            default_sampling_sd=sd,
        )


RISKS = pd.DataFrame(
    {
        "study": "X",
        "stage": ["I", "II"],
        "receptor": "all",
        "age_from": 15,
        "age_to": 59,
        "diagnosis_year_from": 1992,
        "diagnosis_year_to": 1999,
        "duration_from_years": 0,
        "duration_to_years": 5,
        "value": [1e-5, 0.2],
    }
)


def test_a_risk_kind_may_come_from_the_options_but_not_against_the_column() -> None:
    made = DistantRecurrence.from_frame(RISKS, risk_kind="net", **ORIGIN)
    assert set(made.frame["risk_kind"]) == {"net"}
    assert made.frame["value"].tolist() == [1e-5, 0.2]
    with pytest.raises(EvidenceError, match="E-RISK-KIND"):
        DistantRecurrence.from_frame(RISKS.assign(risk_kind="crude"), risk_kind="net", **ORIGIN)


def test_other_cause_mortality_is_a_matrix_of_years_by_ages() -> None:
    rows = [
        (age, year, 0.001 * (age + 1) + 0.1 * (year - 2000)) for age in range(100) for year in (2001, 2000)
    ]
    ages, years, hazard = OtherCauseMortality.from_frame(
        pd.DataFrame(rows, columns=["age", "year", "hazard"]), **ORIGIN
    ).matrix()
    assert (ages[0], ages[-1], years.tolist()) == (0, 99, [2000, 2001])
    assert hazard.shape == (2, 100)
    assert hazard[1, 9] == pytest.approx(0.11)
