"""The numbers of a page: one long table, and the sentence that each of them rests on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.config.trust import TrustCompleteness, TrustConfig
from sbc_prevalence.prevalence.intervals import CI_KIND, median_and_interval
from sbc_prevalence.trust.estimate import PARTS, TrustEstimate, estimate_trust
from sbc_prevalence.trust.sheet import Sheet, full_years

COLUMNS: Final = ("quantity", "part", "year", "median", "lower", "upper", "ci_prob", "ci_kind", "recorded", "rests_on")
PART_NAMES: Final[Mapping[str, str]] = {
    "known": "Known to be living",
    "lost": "Lost, and probably alive",
    "not_recorded": "Not on the sheet, diagnosed since it began",
    "before_sheet": "Not on the sheet, diagnosed before it began",
}
HIDDEN: Final = -1
"""A count below the smallest that is shown."""
CHECK_DRAWS = 2000


@dataclass(frozen=True, repr=False)
class TrustResult:
    """Everything that is printed.

    Parameters
    ----------
    config : TrustConfig
    sheet : Sheet
    estimate : TrustEstimate
    table : DataFrame
        Columns `COLUMNS`.
    choices : DataFrame
        ``choice``, ``median``, ``lower``, ``upper``: the living under other choices.
    """

    config: TrustConfig
    sheet: Sheet
    estimate: TrustEstimate
    table: pd.DataFrame
    choices: pd.DataFrame

    @property
    def living(self) -> tuple[int, int, int]:
        """Median, lower and upper bound of the living."""
        row = self.table[(self.table["quantity"] == "living") & (self.table["part"] == "all")].iloc[0]
        return int(row["median"]), int(row["lower"]), int(row["upper"])

    @property
    def who(self) -> str:
        """Whom the number is of."""
        words = {"all": "people", "female": "women", "male": "men"}[self.config.sex]
        place = (f"treated by {self.config.trust}" if self.config.counted == "treated_here"
                 else f"who live in the catchment of {self.config.trust}")
        return f"{words} with secondary breast cancer {place}"

    @property
    def headline(self) -> str:
        """One sentence."""
        middle, low, high = self.living
        return (f"On {self.config.index_date:%-d %B %Y} about {middle:,} {self.who} were living "
                f"({self.config.report.ci_prob:.0%} interval {low:,} to {high:,}); {self.sheet.n_known:,} of them are "
                "known to be.")

    def __repr__(self) -> str:
        return f"TrustResult({self.sheet!r}, {self.estimate!r})"


def results(config: TrustConfig, sheet: Sheet) -> TrustResult:
    """Estimate, and lay out what is printed.

    Parameters
    ----------
    config : TrustConfig
    sheet : Sheet
    """
    found = _estimated(config, sheet)
    rests = rests_on(config, sheet, found)
    lines = [_line(config, "living", "all", None, found.living, None, rests["all"])]
    recorded = {"known": sheet.n_known, "lost": int(sheet.people.lost.sum())}
    lines += [_line(config, "living", part, None, found.parts[part], recorded.get(part), rests[part]) for part in PARTS]
    for i, year in enumerate(found.years):
        lines.append(_line(config, "newly_diagnosed", "all", year, found.diagnosed[:, i], sheet.recorded.get(year, 0),
                           rests["newly_diagnosed"]))
    table = pd.DataFrame(lines, columns=list(COLUMNS)).astype({"year": "Int64", "recorded": "Int64"})
    return TrustResult(config, sheet, found, table, _choices(config, sheet, found))


def rests_on(config: TrustConfig, sheet: Sheet, found: TrustEstimate) -> dict[str, str]:
    """One sentence for each number."""
    people = sheet.people
    deaths = int(people.died.sum())
    c = median_and_interval(found.completeness, 0.95)
    until = ("no date of death, and deaths are said to reach the sheet until it was saved"
             if config.followed_to == "extract_date" else "seen on the index date or later")
    curve = (f"published survival of {_studies()} studies, changed by the {deaths:,} deaths on this sheet" if deaths
             else "published survival alone: the sheet holds no deaths")
    share = f"a completeness of {c[0]:.0%} ({c[1]:.0%} to {c[2]:.0%}; {config.completeness.source})"
    return {
        "all": "the four lines below it, added up in each of the draws.",
        "known": f"the sheet alone: {until}.",
        "lost": f"{int(people.lost.sum()):,} people whose follow-up ended before the index date, and {curve}.",
        "not_recorded": f"{share}, the dates of the people on the sheet, and survival as of those recorded.",
        "before_sheet": "the yearly number diagnosed since the sheet began, carried back with a growth of 1 % a year "
                        "(-3 to 5 %, a judgement), and survival" + (
                            ": the part that the sheet says least of." if config.living_when_it_began == "unknown" else
                            "; those on the sheet count towards it with the same completeness."),
        "newly_diagnosed": f"people on the sheet by year of diagnosis, and {share}.",
    }


def shown(counts: Mapping[str, int], smallest: int, *, add_up: bool) -> dict[str, int]:
    """Counts with small ones hidden; where they add up to a printed number never one alone.

    Parameters
    ----------
    counts : mapping of str to int
    smallest : int
        Counts from 1 to below it become `HIDDEN`.
    add_up : bool
        Whether the counts are the parts of a number that is printed.
    """
    out = {name: HIDDEN if 0 < n < smallest else n for name, n in counts.items()}
    hidden = [name for name, n in out.items() if n == HIDDEN]
    if add_up and len(hidden) == 1:
        rest = sorted((n, name) for name, n in out.items() if n > 0)
        if rest:
            out[rest[0][1]] = HIDDEN
    return out


def _estimated(config: TrustConfig, sheet: Sheet, **changes: Any) -> TrustEstimate:
    settings: dict[str, Any] = {
        "families": config.families, "years": full_years(config), "lost_hazard_ratio": config.lost_hazard_ratio,
        "entered_at_start": config.living_when_it_began == "entered",
        "draws": config.report.draws, "seed": config.seed, "completeness": config.completeness, **changes}
    stated = settings.pop("completeness")
    return estimate_trust(sheet.people, stated, **settings)


def _line(config: TrustConfig, quantity: str, part: str, year: int | None, draws: NDArray[np.int64],
          recorded: int | None, words: str) -> tuple[Any, ...]:
    middle, low, high = (float(v) for v in median_and_interval(draws, config.report.ci_prob))
    return (quantity, part, year, round(middle), int(np.floor(low)), int(np.ceil(high)), config.report.ci_prob, CI_KIND,
            recorded, words)


def _choices(config: TrustConfig, sheet: Sheet, found: TrustEstimate) -> pd.DataFrame:
    """The living under other choices, each alone."""
    c = median_and_interval(found.completeness, 0.95)
    options: list[tuple[str, dict[str, Any]]] = [
        (f"survival curves {name.replace('_', '-')} only", {"families": (name,)}) for name in ("weibull", "log_logistic")]
    options += [(f"those lost die {words} as fast", {"lost_hazard_ratio": ratio})
                for ratio, words in ((0.5, "half"), (2.0, "twice"))]
    options += [(f"{share:.0%} of those diagnosed are on the sheet, known exactly",
                 {"completeness": _exactly(float(share))}) for share in (c[1], c[2])]
    lines = []
    for words, changes in options:
        draws = _estimated(config, sheet, draws=CHECK_DRAWS, years=(), **changes).living
        middle, low, high = (float(v) for v in median_and_interval(draws, config.report.ci_prob))
        lines.append((words, round(middle), int(np.floor(low)), int(np.ceil(high))))
    return pd.DataFrame(lines, columns=["choice", "median", "lower", "upper"])


def _exactly(share: float) -> TrustCompleteness:
    low, high = max(share - 0.002, 1e-4), min(share + 0.002, 1 - 1e-4)
    return TrustCompleteness(median=(low + high) / 2, lower95=low, upper95=high, source="exact")


def _studies() -> int:
    from sbc_prevalence.trust.curves import published_prior

    return len(published_prior("weibull").studies)


