"""Counts of an algorithm against its accuracy: what is refused, and what is pointed at."""

from typing import Any

import pandas as pd
import pytest

from sbc_prevalence.errors import DataError, EvidenceError
from sbc_prevalence.evidence import AccuracyPrior, EvidenceBundle, LivingCounts

ORIGIN = {"source": "a list", "as_of": "2024-12-31", "name": "list.csv"}


def counts(count: int = 38_350, base: int = 600_000, **more: Any) -> pd.DataFrame:
    return pd.DataFrame([{"area_code": "T", "index_date": "2017-03-31", "count": count, "base_population": base, **more}])


def made(frame: pd.DataFrame, se: dict[str, Any], sp: dict[str, Any], definition: Any = "coded_in_year") -> LivingCounts:
    return LivingCounts.from_frame(
        frame, definition=definition, sensitivity=AccuracyPrior(**se),
        specificity=AccuracyPrior(**{"window": definition, **sp}), **ORIGIN)


def codes(piece: LivingCounts) -> list[str]:
    return [p.code for p in EvidenceBundle(piece).warnings()]


def test_accuracies_that_go_with_the_count_are_passed_in_silence() -> None:
    assert codes(made(counts(), {"value": 0.9}, {"value": 0.99})) == []


def test_a_negative_implied_count_is_pointed_at_as_a_conflict_and_stops_nothing() -> None:
    piece = made(counts(), {"value": 0.919}, {"value": 0.92})
    warning = piece.warnings()[-1]
    assert warning.code == "W-IMPLIED-NEGATIVE"
    assert warning.severity == "warning"
    assert warning.rows == (2,)
    assert "38" not in str(warning)


def test_swapped_accuracies_are_found_where_only_the_exchange_is_possible() -> None:
    piece = made(counts(4_100, 61_000), {"value": 0.999}, {"value": 0.90})
    assert codes(piece) == ["W-ACCURACY-SWAPPED", "W-IMPLIED-NEGATIVE"]
    assert codes(made(counts(4_100, 61_000), {"value": 0.90}, {"value": 0.999})) == []


def test_swapped_validation_counts_are_found_by_their_sizes() -> None:
    cases, others = {"found": 175, "of": 184}, {"found": 837, "of": 844}
    assert codes(made(counts(182, 1028), others, cases)) == ["W-ACCURACY-SWAPPED"]
    assert codes(made(counts(182, 1028), cases, others)) == []


def test_uncertain_bases_are_judged_by_their_lower_end() -> None:
    narrow = made(counts(), {"value": 0.95}, {"value": 0.92})
    wide = made(counts(base_lower=400_000, base_upper=800_000), {"value": 0.95}, {"value": 0.92})
    assert "W-IMPLIED-NEGATIVE" in codes(narrow)
    assert codes(wide) == []


@pytest.mark.parametrize("which", ["sensitivity", "specificity"])
def test_validation_for_another_window_is_refused(which: str) -> None:
    se: dict[str, Any] = {"found": 90, "of": 100}
    sp: dict[str, Any] = {"found": 990, "of": 1000}
    (se if which == "sensitivity" else sp)["window"] = "alive_on_date"
    with pytest.raises(EvidenceError, match="E-WINDOW") as caught:
        made(counts(), se, sp)
    assert caught.value.problems[0].key == which


def test_a_flag_that_says_nothing_is_refused() -> None:
    with pytest.raises(EvidenceError, match="E-ACCURACY-CHANCE"):
        made(counts(), {"value": 0.05}, {"value": 0.08})


@pytest.mark.parametrize("more", [
    {"base_lower": 500_000}, {"base_lower": 650_000, "base_upper": 700_000},
    {"base_lower": 700_000, "base_upper": 500_000}])
def test_bounds_of_a_base_come_together_and_enclose_it(more: dict[str, int]) -> None:
    with pytest.raises(DataError, match="E-BASE-BOUNDS"):
        made(counts(**more), {"value": 0.9}, {"value": 0.99})
