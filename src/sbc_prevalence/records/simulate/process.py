"""What a simulated registry is drawn from: natural history, survival, and how sources come to hold people.

The process is that of the model (docs/explanation/model.md): primaries by board and year, a share de novo, net recurrence
hazards with death from other causes competing person by person, Weibull survival by presentation over a floor of
other-cause mortality, completeness by source and presentation, a delay law. Its numbers are stated here, once, and
are not those at which the model's priors are centred.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.data.life_table import other_cause_hazard
from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.grid import AREA_CODE, COUNT, YEAR
from sbc_prevalence.kernels.recurrence import hazard_from_risk

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REFERENCE_YEAR = 2010.0
LONGEST_YEARS = 75
SMOOTHED_OVER = 5
TYPICAL_STAGES = {"I": 0.42, "II": 0.43, "III": 0.15}
TYPICAL_RECEPTORS = {"HR+": 0.83, "HR-": 0.17}


@dataclass(frozen=True, kw_only=True)
class SourceProcess:
    """How one source comes to hold people with metastatic disease.

    Parameters
    ----------
    name : str
        Short name; what it is in words comes with the extract, and begins with "simulated".
    de_novo, recurrent : float
        Probability that a person diagnosed in life is ever in the source, by presentation.
    delay_per_year : float
        Hazard of arrival after the diagnosis [per year]; whoever is ever held arrives in the end, dead or alive.
    month_only, year_only : float
        Shares of the dates of metastatic diagnosis known to the month and to the year only.
    ambiguous : float
        Share of true metastatic rows under a code that may be local, regional or distant.
    presentation_unknown : float
        Share of rows that do not state the presentation.
    """

    name: str
    de_novo: float
    recurrent: float
    delay_per_year: float
    month_only: float = 0.0
    year_only: float = 0.0
    ambiguous: float = 0.02
    presentation_unknown: float = 0.05


REGISTRY = SourceProcess(name="registry", de_novo=0.93, recurrent=0.58, delay_per_year=2.5)
TREATMENT = SourceProcess(
    name="treatment", de_novo=0.82, recurrent=0.76, delay_per_year=6.0, month_only=0.10, year_only=0.01
)


@dataclass(frozen=True, kw_only=True)
class RegistryProcess:
    """Parameters of the simulated world; years are calendar years, hazards per year.

    Parameters
    ----------
    first_primary_year, last_year : int
        First tumours are simulated from the one to the end of the other, which is the day of extraction.
    primaries_from, cases_from, deaths_from : int
        First year of first tumours, of metastatic diagnoses and of deaths that the sources hold.
    primaries_growth : float
        Yearly log growth of primaries before those of the carried table.
    window_days : int
        Days that part de novo from recurrent.
    de_novo_share, de_novo_trend : float
        In 2010, and change of its logit per decade.
    recurrence_log_error, recurrence_tail : float
        Log factor on the published net hazards, and factor beyond their follow-up.
    recurrence_drift : (float, float)
        Log change of recurrence per decade before the first and after the last published period.
    area_sd : float
        Sd of the log recurrence hazard between boards.
    survival_median, survival_shape, hazard_ratio, hazard_trend : float
        Weibull survival of de novo disease diagnosed in 2010, recurrent over de novo hazard, log hazard per decade.
    found_at_death : float
        Share of recurrences that nobody diagnoses in life.
    certified : float
        Probability that the death of a person with metastatic disease is certified as breast cancer.
    moved, moved_after : float
        Shares of people who live in another board at metastatic diagnosis, and at treatment and death.
    lost_per_year : float
        Hazard at which sources lose a person from sight; they live on, and their death is not linked.
    local, local_called_distant : float
        Local or regional recurrences per person, and share of these coded as distant spread.
    second_tumour, progression : float
        Shares with a second first-tumour row, and with a further row of distant spread.
    men : float
    list_odds_ratio : float
        Odds ratio of being in both sources, within a presentation.
    sources : (SourceProcess, SourceProcess)
    """

    first_primary_year: int = 1960
    last_year: int = 2019
    primaries_from: int = 1997
    cases_from: int = 2005
    deaths_from: int = 2000
    primaries_growth: float = 0.015
    window_days: int = 120
    de_novo_share: float = 0.058
    de_novo_trend: float = 0.05
    recurrence_log_error: float = -0.10
    recurrence_tail: float = 0.9
    recurrence_drift: tuple[float, float] = (0.10, -0.15)
    area_sd: float = 0.10
    survival_median: float = 2.4
    survival_shape: float = 0.85
    hazard_ratio: float = 1.25
    hazard_trend: float = -0.10
    found_at_death: float = 0.03
    certified: float = 0.94
    moved: float = 0.02
    moved_after: float = 0.02
    lost_per_year: float = 0.008
    local: float = 0.05
    local_called_distant: float = 0.01
    second_tumour: float = 0.02
    progression: float = 0.15
    men: float = 0.007
    list_odds_ratio: float = 1.3
    sources: tuple[SourceProcess, SourceProcess] = field(default=(REGISTRY, TREATMENT))

    def __post_init__(self) -> None:
        years = (self.first_primary_year, self.primaries_from, self.cases_from, self.last_year)
        if list(years) != sorted(years) or not self.primaries_from <= self.deaths_from <= self.last_year:
            raise DataError(Problem(
                "E-ORDER", "simulated registry", "first tumours begin before cases and deaths, and these before the end",
                "Put the years in order.", key="cases_from"))
        shares = {name: getattr(self, name) for name in (
            "de_novo_share", "found_at_death", "certified", "moved", "moved_after", "local", "local_called_distant",
            "second_tumour", "progression", "men")}
        wrong = [name for name, value in shares.items() if not 0.0 <= value < 1.0 + (name == "certified")]
        if wrong:
            raise DataError([Problem("E-OPTION", "simulated registry", "a share lies between 0 and 1", "Correct it.",
                                     key=name) for name in wrong])


@dataclass(frozen=True, eq=False)
class World:
    """A process with its tables: where and when first tumours are, how old people are, what they die of.

    Parameters
    ----------
    process : RegistryProcess
    area_effect : array, shape (n_areas,)
        Log recurrence hazard of each board.
    """

    process: RegistryProcess
    area_effect: Floats

    @cached_property
    def primaries(self) -> pd.DataFrame:
        """Expected first tumours of women on the scale of Scotland: index year, columns board."""
        frame = load_carried("scotland_primary_registrations").frame
        wide = frame.astype({YEAR: int, COUNT: float}).pivot(index=YEAR, columns=AREA_CODE, values=COUNT)
        wide = wide.loc[: self.process.last_year].rolling(SMOOTHED_OVER, center=True, min_periods=1).mean()
        first = int(wide.index[0])
        back = np.arange(self.process.first_primary_year, first)
        level = wide.iloc[:SMOOTHED_OVER].mean().to_numpy(float)
        before = level * np.exp(self.process.primaries_growth * (back[:, None] - first))
        return pd.concat([pd.DataFrame(before, index=back, columns=wide.columns), wide])

    @property
    def areas(self) -> tuple[str, ...]:
        """GSS codes of the boards."""
        return tuple(str(code) for code in self.primaries.columns)

    @cached_property
    def years(self) -> Ints:
        """Years of first tumours."""
        return self.primaries.index.to_numpy(np.int64)

    @cached_property
    def cell_steps(self) -> Floats:
        """Cumulative probability of the cells year x board."""
        return cumulative(self.primaries.to_numpy(float).ravel())

    @cached_property
    def area_steps(self) -> Floats:
        """Cumulative probability of the boards, for those who move."""
        return cumulative(self.primaries.to_numpy(float).sum(0))

    @cached_property
    def age_bands(self) -> tuple[Floats, Floats, Floats]:
        """Cumulative probability, start and width of the age bands at first tumour."""
        frame = load_carried("scotland_primary_age_profile").frame
        counts = frame[COUNT].astype(float).groupby(frame["age_band"]).sum()
        counts = counts[counts > 0]
        edges = [_band(str(label)) for label in counts.index]
        low, high = (np.array(side, float) for side in zip(*edges, strict=True))
        shares: Floats = np.array(counts)
        return cumulative(shares), low, high - low

    @cached_property
    def _other(self) -> tuple[Floats, int]:
        frame = load_carried("other_cause_mortality_scotland").frame.astype(float)
        ages, years, hazard = other_cause_hazard(frame)
        first = int(years[0])
        if hazard.shape != (years.size, ages.size):
            raise ValueError("life table is not by year and age")
        return hazard, first

    def other_hazard(self, year: Ints, age: Ints) -> Floats:
        """Hazard of death from other causes by calendar year and completed age; ends of the table hold outside."""
        hazard, first = self._other
        return np.asarray(hazard[np.clip(year - first, 0, hazard.shape[0] - 1), np.clip(age, 0, hazard.shape[1] - 1)])

    @cached_property
    def other_steps(self) -> "Passage":
        """Cumulative other-cause hazard from each first-tumour year and completed age onwards."""
        ages, lags = np.arange(110), np.arange(LONGEST_YEARS)
        year = self.years[:, None, None] + lags
        age = ages[None, :, None] + lags
        year, age = np.broadcast_arrays(year, age)
        return Passage.from_hazards(self.other_hazard(year, age).reshape(-1, LONGEST_YEARS))

    def other_row(self, year: Ints, age: Floats) -> Ints:
        """Row of `other_steps`."""
        return (year - self.years[0]) * 110 + np.clip(age.astype(np.int64), 0, 109)

    @cached_property
    def recurrence(self) -> "Recurrence":
        """Net hazards of distant recurrence of the carried table."""
        return Recurrence.from_table(self.process.recurrence_tail)


@dataclass(frozen=True, eq=False)
class Recurrence:
    """Net recurrence hazards by category: rows of stage x receptor, age group and published period.

    Parameters
    ----------
    steps : Passage
    category_steps : array, shape (n_categories,)
    age_starts, middles : arrays
        Starts of the age groups; middles of the published periods.
    """

    steps: "Passage"
    category_steps: Floats
    age_starts: Ints
    middles: Floats

    @classmethod
    def from_table(cls, tail: float) -> "Recurrence":
        """From the carried SEER table; beyond follow-up the last hazard times `tail` goes on."""
        frame = load_carried("distant_recurrence_seer").frame
        numbers = ["age_from", "diagnosis_year_from", "diagnosis_year_to", "duration_from_years", "duration_to_years",
                   "value"]
        frame[numbers] = frame[numbers].astype(float)
        starts = np.array(sorted(frame["age_from"].unique()), np.int64)
        periods = sorted(frame[["diagnosis_year_from", "diagnosis_year_to"]].drop_duplicates().itertuples(index=False))
        rows, weights = [], []
        for stage, stage_share in TYPICAL_STAGES.items():
            for receptor, receptor_share in TYPICAL_RECEPTORS.items():
                weights.append(float(stage_share * receptor_share))
                of = frame[(frame["stage"] == stage) & (frame["receptor"] == receptor)]
                rows += [_yearly(of[(of["age_from"] == age) & (of["diagnosis_year_from"] == first)], tail)
                         for age in starts for first, _ in periods]
        middles = np.array([(first + last + 1) / 2 for first, last in periods])
        shares: Floats = np.array(weights)
        return cls(Passage.from_hazards(np.array(rows)), cumulative(shares), starts, middles)

    def row(self, category: Ints, age: Floats, period: Ints) -> Ints:
        """Row of `steps`."""
        group = np.clip(np.searchsorted(self.age_starts, age, side="right") - 1, 0, None)
        return np.asarray((category * self.age_starts.size + group) * self.middles.size + period)

    def period(self, year: Floats, chance: Floats) -> Ints:
        """Published period whose risks hold: drawn, with the weights of linear interpolation between middles."""
        place = np.interp(year, self.middles, np.arange(self.middles.size, dtype=float))
        return np.minimum(np.floor(place + chance), self.middles.size - 1).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Passage:
    """Times at which piecewise-constant hazards use up an exponential, for any number of people at once.

    Parameters
    ----------
    flat : array, shape (n_rows * (n_years + 1),)
        Cumulative hazards at whole years, row after row, each raised by its number times `gap`: one sorted array.
    n : int
        Edges of a row.
    gap : float
    """

    flat: Floats
    n: int
    gap: float

    @classmethod
    def from_hazards(cls, hazards: Floats) -> "Passage":
        """From yearly hazards, shape (n_rows, n_years)."""
        total = np.concatenate([np.zeros((len(hazards), 1)), np.cumsum(hazards, axis=1)], axis=1)
        gap = float(total.max()) + 1.0
        return cls((total + gap * np.arange(len(hazards))[:, None]).ravel(), total.shape[1], gap)

    def times(self, rows: Ints, spent: Floats) -> Floats:
        """Years until the cumulative hazard of its row reaches each amount; infinite where it never does."""
        base = rows * self.n
        never = spent >= self.flat[base + self.n - 1] - rows * self.gap
        wanted = np.where(never, 0.0, spent) + rows * self.gap
        place = np.clip(np.searchsorted(self.flat, wanted, side="right") - 1, base, base + self.n - 2)
        low, high = self.flat[place], self.flat[place + 1]
        share = np.divide(wanted - low, high - low, out=np.zeros_like(wanted), where=high > low)
        return np.where(never, np.inf, place - base + share)


def cumulative(weights: Floats) -> Floats:
    """Cumulative probabilities."""
    steps = np.cumsum(weights)
    return np.asarray(steps / steps[-1])


def drawn(steps: Floats, chance: Floats) -> Ints:
    """Position drawn from cumulative probabilities."""
    return np.minimum(np.searchsorted(steps, chance, side="right"), steps.size - 1).astype(np.int64)


def _band(label: str) -> tuple[int, int]:
    if label.startswith("<"):
        return 0, int(label[1:])
    if label.endswith("+"):
        return int(label[:-1]), int(label[:-1]) + 8
    low, high = label.split("-")
    return int(low), int(high) + 1


def _yearly(rows: pd.DataFrame, tail: float) -> Floats:
    rows = rows.sort_values("duration_from_years")
    starts, ends = rows["duration_from_years"].to_numpy(float), rows["duration_to_years"].to_numpy(float)
    hazards = hazard_from_risk(rows["value"].to_numpy(float), ends - starts)
    lags = np.arange(LONGEST_YEARS)
    within = lags < ends[-1]
    interval = np.minimum(np.searchsorted(ends, lags, side="right"), ends.size - 1)
    return np.asarray(hazards[interval] * np.where(within, 1.0, tail))


def names(sources: Sequence[SourceProcess]) -> tuple[str, ...]:
    """Short names of sources."""
    return tuple(source.name for source in sources)
