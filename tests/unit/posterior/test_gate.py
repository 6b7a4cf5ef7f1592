"""The gate passes a sound fit and refuses each kind of unsound one, saying why."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.posterior import GateLimits, GateReport, diagnose

CHAINS, DRAWS, TOP = 4, 600, 5_000.0
Fit = dict[str, Any]


def sound(seed: int = 1) -> Fit:
    """Independent draws of three quantities, as an ideal sampler would give them."""
    rng = np.random.default_rng(seed)
    reported = {f"living, T, {year}": rng.normal(1_000, 50, (CHAINS, DRAWS)) for year in (2018, 2019, 2020)}
    return {"reported": reported, "ceilings": dict.fromkeys(reported, TOP),
            "sample_stats": {"energy": rng.normal(0, 3, (CHAINS, DRAWS)), "diverging": np.zeros((CHAINS, DRAWS), bool)},
            "asked_draws": DRAWS, "asked_chains": CHAINS,
            "parameters": {"survival_median": rng.normal(size=(CHAINS, DRAWS))}}


def judged(fit: Fit) -> GateReport:
    """The gate's report."""
    return diagnose(**fit)


def first(fit: Fit) -> Any:
    """The draws that are tampered with."""
    return fit["reported"]["living, T, 2020"]


def _cut_draws(fit: Fit) -> None:
    fit["reported"] = {k: v[:, :-100] for k, v in fit["reported"].items()}
    fit["sample_stats"] = {k: v[:, :-100] for k, v in fit["sample_stats"].items()}


def _cut_chain(fit: Fit) -> None:
    fit["reported"] = {k: v[:3] for k, v in fit["reported"].items()}
    fit["sample_stats"] = {k: v[:3] for k, v in fit["sample_stats"].items()}


def _two_chains(fit: Fit) -> None:
    fit["reported"] = {k: v.reshape(2, -1) for k, v in fit["reported"].items()}
    fit["sample_stats"] = {k: v.reshape(2, -1) for k, v in fit["sample_stats"].items()}
    fit["asked_chains"] = 2


def _shift(fit: Fit) -> None:
    first(fit)[2] += 40


def _widen(fit: Fit) -> None:
    first(fit)[1] = 1_000 + 3 * (first(fit)[1] - 1_000)


def _drift(fit: Fit) -> None:
    first(fit)[:] += np.linspace(-150, 150, DRAWS)


def _two_modes(fit: Fit) -> None:
    first(fit)[:2] += 300


def _stuck_chain(fit: Fit) -> None:
    first(fit)[3] = 1_010.0


def _all_stuck_apart(fit: Fit) -> None:
    first(fit)[:] = 1_000.0 + np.arange(CHAINS)[:, None]


def _random_walk(fit: Fit) -> None:
    walk = np.random.default_rng(4).normal(size=(CHAINS, DRAWS))
    for t in range(1, DRAWS):
        walk[:, t] += 0.9 * walk[:, t - 1]
    first(fit)[:] = 1_000 + 20 * walk


def _sticky_tails(fit: Fit) -> None:
    rng = np.random.default_rng(3)
    for chain in first(fit):
        for start in rng.choice(DRAWS // 30, 3, replace=False) * 30:
            chain[start:start + 14] = 1_000 + 130 * np.sign(chain[start] - 1_000) + rng.normal(size=14)


def _divergence(fit: Fit) -> None:
    fit["sample_stats"]["diverging"][2, 7] = True


def _low_energy(fit: Fit) -> None:
    fit["sample_stats"]["energy"][1] = np.cumsum(fit["sample_stats"]["energy"][1])


def _nan(fit: Fit) -> None:
    first(fit)[0, 5] = np.nan


def _infinite(fit: Fit) -> None:
    first(fit)[0, 5] = np.inf


def _nan_parameter(fit: Fit) -> None:
    fit["parameters"]["survival_median"][3, 1] = np.nan


def _degenerate(fit: Fit) -> None:
    first(fit)[2] = 7e18 * np.exp(np.random.default_rng(0).normal(size=DRAWS))


def _one_draw_too_many(fit: Fit) -> None:
    first(fit)[1, 3] = TOP + 1


def _no_energy(fit: Fit) -> None:
    del fit["sample_stats"]["energy"]


def _no_divergences_told(fit: Fit) -> None:
    del fit["sample_stats"]["diverging"]


def _stats_of_another_run(fit: Fit) -> None:
    fit["sample_stats"] = {k: v[:, :10] for k, v in fit["sample_stats"].items()}


def _nan_energy(fit: Fit) -> None:
    fit["sample_stats"]["energy"][0, 0] = np.nan


def _nothing(fit: Fit) -> None:
    fit["reported"] = {}


SABOTAGE: dict[Callable[[Fit], None], tuple[str, bool]] = {
    _cut_draws: ("incomplete: 4 chains of 500 draws", False), _cut_chain: ("incomplete: 3 chains", False),
    _two_chains: ("too few chains: 2", False), _shift: ("R-hat", True), _widen: ("R-hat", True), _drift: ("R-hat", True),
    _two_modes: ("R-hat", True), _stuck_chain: ("R-hat", True), _all_stuck_apart: ("R-hat", True),
    _random_walk: ("bulk ESS", True), _sticky_tails: ("tail ESS", True), _divergence: ("1 divergent", True),
    _low_energy: ("E-BFMI below 0.3: chain 1", True), _nan: ("not finite", False), _infinite: ("not finite", False),
    _nan_parameter: ("parameter survival_median is not finite", False), _degenerate: ("more people living", False),
    _one_draw_too_many: ("5e+03 in one draw, 5000 women", False), _no_energy: ("no energy", False),
    _no_divergences_told: ("no diverging", False), _stats_of_another_run: ("differ in number", False),
    _nan_energy: ("energy of some draws", False), _nothing: ("nothing was reported", False),
}


def test_a_sound_fit_passes() -> None:
    report = judged(sound())
    assert report.passed
    assert report.failures == ()
    assert set(report.table["status"]) == {"ok"}
    assert report.table["ess_bulk"].min() > 400


@pytest.mark.parametrize("tamper", SABOTAGE, ids=lambda f: f.__name__.strip("_"))
def test_each_sabotaged_fit_is_refused_with_its_reason(tamper: Callable[[Fit], None]) -> None:
    fit = sound()
    tamper(fit)
    report = judged(fit)
    reason, mendable = SABOTAGE[tamper]
    assert not report.passed
    assert any(reason in text for text in report.failures), report.failures
    assert report.worth_extending is mendable


def test_there_are_at_least_twenty_kinds_of_sabotage() -> None:
    assert len(SABOTAGE) >= 20


def test_a_failure_names_the_quantity_its_value_and_the_threshold() -> None:
    fit = sound()
    _shift(fit)
    text = next(t for t in judged(fit).failures if t.startswith("R-hat"))
    assert "living, T, 2020 (1." in text
    assert "at most 1.01" in text
    assert "Try more draws" in text


def test_constant_quantities_are_listed_and_do_not_fail() -> None:
    fit = sound()
    fit["reported"]["living, B, 2020"] = np.zeros((CHAINS, DRAWS))
    report = judged(fit)
    assert report.passed
    assert list(report.table.loc[report.table["status"] == "constant", "quantity"]) == ["living, B, 2020"]


def test_a_degenerate_chain_is_refused_without_a_population_too() -> None:
    fit = sound()
    _degenerate(fit)
    fit["ceilings"] = {}
    report = judged(fit)
    assert not report.passed
    assert "no population was given" in report.unchecked[0]


def test_limits_move_the_verdict() -> None:
    fit = sound()
    assert not diagnose(**fit, limits=GateLimits(ess=100_000)).passed
    _two_chains(fit)
    assert diagnose(**fit, limits=GateLimits(chains=2)).passed


def test_the_statistics_are_those_of_arviz() -> None:
    arviz_stats = pytest.importorskip("arviz_stats")
    xarray = pytest.importorskip("xarray")
    fit = sound()
    _random_walk(fit)
    table = judged(fit).table.set_index("quantity")
    data = xarray.Dataset({"x": (("chain", "draw"), first(fit))})
    row = table.loc["living, T, 2020"]
    assert row["rhat"] == pytest.approx(float(arviz_stats.rhat(data)["x"]), rel=1e-12)
    assert row["ess_bulk"] == pytest.approx(float(arviz_stats.ess(data)["x"]), rel=1e-12)
    tail = float(arviz_stats.ess(data, method="tail", prob=(0.05, 0.95))["x"])
    assert row["ess_tail"] == pytest.approx(tail, rel=1e-12)


def test_the_report_reads_as_a_list_of_faults() -> None:
    fit = sound()
    _divergence(fit)
    _nan(fit)
    text = str(judged(fit))
    assert text.startswith("refused:\n  1. ")
    assert "  2. " in text
    assert isinstance(judged(fit).table, pd.DataFrame)
