"""Published survival, recurrence and mortality, and figures to set beside our own."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.data.schemas import check
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.base import Evidence

SMALLEST_ETA_SE = 0.01
Z_95 = 1.959963984540054
POINT_ORDER = ("study", "presentation", "survival_kind", "measure", "duration_from_years", "duration_years",
               "diagnosis_year_from", "diagnosis_year_to", "value")
POINT_COLUMNS = (
    "study",
    "presentation",
    "survival_kind",
    "measure",
    "duration_from_years",
    "duration_years",
    "eta",
    "eta_se",
    "eta_se_from",
    "diagnosis_year_mid",
    "de_novo_share",
    "source",
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PublishedSurvival(Evidence):
    """Survival after metastatic diagnosis as published: points, medians and hazards, each with its study.

    Parameters
    ----------
    default_sampling_sd : float
        Standard error on the scale log(-log S) of rows that give neither an interval nor a number of
        patients.
    own_studies : sequence of str
        Studies of populations under the same health system as the one described: they share half of the
        between-study variance with it.
    """

    kind: ClassVar[str] = "published_survival"
    default_sampling_sd: float = 0.10
    own_studies: Sequence[str] = ()

    def option_problems(self) -> list[Problem]:
        found = _sd_problems(self.name, "default_sampling_sd", self.default_sampling_sd)
        if unknown := sorted(set(self.own_studies) - set(self.data["study"])):
            known = sorted(set(self.data["study"]))
            near = [difflib.get_close_matches(name, known, n=1, cutoff=0.6) for name in unknown]
            hint = "".join(f"Did you mean '{found[0]}'? " for found in near if found)
            named = "1 study that is" if len(unknown) == 1 else f"{len(unknown)} studies that are"
            found.append(
                Problem(
                    "E-OPTION",
                    self.name,
                    f"own_studies names {named} not in the table {self.name}",
                    f"{hint}Studies of the table: {', '.join(known)}.",
                    key="own_studies",
                )
            )
        return found

    @property
    def survival_kinds(self) -> tuple[str, ...]:
        """Kinds of survival that occur; other than ``observed`` they need other-cause mortality."""
        return tuple(sorted(set(self.data["survival_kind"])))

    def points(self) -> pd.DataFrame:
        """One row per datum that a likelihood can use, on the scale eta = log(-log S).

        Returns
        -------
        DataFrame
            ``study``, ``presentation``, ``survival_kind``, ``measure``; ``duration_from_years`` (hazards,
            else 0) and ``duration_years`` [years since metastatic diagnosis: of the point, the median, or the
            end of the interval of a hazard]; ``eta`` (of a median: S = 1/2 at its time; of a hazard: its
            log); ``eta_se`` (of a median: of the log of the time, which is the same under a shape of 1);
            ``eta_se_from`` (``interval``, ``n`` or ``default``); ``diagnosis_year_mid`` (NaN if not
            published); ``de_novo_share`` (NaN unless ``presentation`` is ``all``); ``source``. A row at
            duration 0 is left out. In the order of `in_point_order`, whatever that of the table.

        Notes
        -----
        From a 95 % interval: half its width on the eta scale over 1.96. From n: se(S) = sqrt(S (1 - S) / n),
        se(eta) = se(S) / (S abs(log S)); for a median sqrt(1/4 / n) / (log(2) / 2). Never below 0.01, because
        published values are rounded.
        """
        frame = in_point_order(self.data)
        blank = pd.Series(np.nan, index=frame.index)
        value, measure = frame["value"].to_numpy(float), frame["measure"].to_numpy(str)
        low, high, number = (
            frame.get(c, blank).to_numpy(float, na_value=np.nan) for c in ("lower", "upper", "n")
        )
        median, hazard = measure == "median", measure == "hazard"
        survival = ~median & ~hazard
        with np.errstate(divide="ignore", invalid="ignore"):
            eta = np.select([median, hazard], [np.log(np.log(2.0)), np.log(value)], _eta(value))
            by_interval = np.where(survival, _eta(low) - _eta(high), np.log(high) - np.log(low)) / (2 * Z_95)
            share = np.where(median, 0.5, value)
            by_number = np.sqrt(share * (1 - share) / number) / (share * np.abs(np.log(share)))
            by_number[hazard] = np.nan
        chosen = np.where(
            np.isfinite(by_interval),
            by_interval,
            np.where(np.isfinite(by_number), by_number, self.default_sampling_sd),
        )
        origin = np.where(
            np.isfinite(by_interval), "interval", np.where(np.isfinite(by_number), "n", "default")
        )
        years = (
            frame[["diagnosis_year_from", "diagnosis_year_to"]].astype("Float64").mean(axis=1, skipna=False)
        )
        out = frame[["study", "presentation", "survival_kind", "measure", "source"]].assign(
            duration_from_years=frame.get("duration_from_years", blank).fillna(0.0).astype(float),
            duration_years=np.where(median, value, frame["duration_years"].to_numpy(float)),
            eta=eta,
            eta_se=np.maximum(chosen, SMALLEST_ETA_SE),
            eta_se_from=origin,
            diagnosis_year_mid=years.to_numpy(float, na_value=np.nan),
            de_novo_share=frame.get("de_novo_share", blank)
            .where(frame["presentation"] == "all")
            .astype(float),
        )
        usable = np.isfinite(eta) & (out["duration_years"].to_numpy(float) > 0)
        return out.loc[usable, list(POINT_COLUMNS)].reset_index(drop=True)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DistantRecurrence(Evidence):
    """Published risks of distant recurrence after early disease, conditional on being free of it before.

    Parameters
    ----------
    study_error_sd : float
        Standard deviation on the log scale of the error that all cells of a study share.
    """

    kind: ClassVar[str] = "distant_recurrence"
    study_error_sd: float = 0.3

    @classmethod
    def from_table(cls, table: Any, *, risk_kind: str | None = None, **options: Any) -> Self:
        """Same as :meth:`Evidence.from_table`.

        Parameters
        ----------
        table : Table
        risk_kind : {"net", "crude"}, optional
            For a table without the column ``risk_kind``; there is no default.
        **options
            Options of the class.
        """
        defaults = dict(options.pop("defaults", None) or {})
        if risk_kind is not None:
            defaults["risk_kind"] = risk_kind
        made = super().from_table(table, defaults=defaults, **options)
        if risk_kind is not None and set(made.data["risk_kind"]) != {risk_kind}:
            raise EvidenceError(
                Problem(
                    "E-RISK-KIND",
                    table.name,
                    "the option and the column 'risk_kind' disagree",
                    "Leave out the option, or correct the column.",
                    column="risk_kind",
                )
            )
        return made

    def option_problems(self) -> list[Problem]:
        return _sd_problems(self.name, "study_error_sd", self.study_error_sd)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OtherCauseMortality(Evidence):
    """Mortality of women from all causes but breast cancer, by single year of age and calendar year."""

    kind: ClassVar[str] = "other_cause_mortality"

    def matrix(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Ages, calendar years, and hazards per year of shape (n_years, n_ages)."""
        wide = self.data.pivot(index="year", columns="age", values="hazard")
        return (wide.columns.to_numpy(np.int64), wide.index.to_numpy(np.int64), wide.to_numpy(np.float64))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ComparisonFigures(Evidence):
    """Published counts that people quote, with what each counts. Shown beside our own, never fitted."""

    kind: ClassVar[str] = "comparison_figures"


def in_point_order(data: pd.DataFrame) -> pd.DataFrame:
    """Rows of published survival in an order that does not depend on the order of the table.

    Rows that the package carries come first, as it carries them, so that figures made with them keep every digit; all
    others follow by study, presentation, measure, time, years of diagnosis and value.

    Parameters
    ----------
    data : DataFrame
        Checked rows of kind ``published_survival``.
    """
    order = [column for column in POINT_ORDER if column in data.columns]
    frame = data.sort_values([*order, *(c for c in data.columns if c not in order)], na_position="first", kind="stable")
    carried = {key: i for i, key in enumerate(_keys(check(load_carried("published_survival"), "published_survival")))}
    place = np.array([carried.get(key, len(carried)) for key in _keys(frame)], dtype=np.int64)
    return frame.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


def _keys(data: pd.DataFrame) -> list[tuple[str, ...]]:
    """What a row is about, as texts."""
    blank = pd.Series(pd.NA, index=data.index)
    columns = [data.get(name, blank) for name in POINT_ORDER]
    return [tuple("" if pd.isna(v) else f"{v:.10g}" if isinstance(v, float) else str(v) for v in row)
            for row in zip(*columns, strict=True)]


def _eta(survival: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(np.log(-np.log(np.where((survival > 0) & (survival < 1), survival, np.nan))))


def _sd_problems(name: str, key: str, value: object) -> list[Problem]:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 3:
        return []
    return [
        Problem(
            "E-OPTION",
            name,
            f"{key} is a standard deviation above 0 and at most 3",
            "Give e.g. 0.1: it is on a log scale.",
            key=key,
        )
    ]
