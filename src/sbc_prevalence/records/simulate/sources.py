"""What each source holds of the simulated people: late, incomplete, miscoded, with dates known to the month or year."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.records.dates import DAYS_PER_YEAR
from sbc_prevalence.records.simulate.people import NEVER, Flags, People, year_start
from sbc_prevalence.records.simulate.process import Floats, Ints, SourceProcess, World

if TYPE_CHECKING:
    import pyarrow as pa

CANCER, OTHER_CAUSE = "C509", "I259"
UNSAID, FURTHER = 2, 3
SECOND_TUMOUR_YEARS, LOCAL_YEARS, PROGRESSION_YEARS = 6.0, 5.0, 0.8
"""Mean years to a further tumour, a local recurrence, a further row of spread."""


@dataclass(frozen=True, eq=False, repr=False)
class Rows:
    """Rows of one source before they become a table: positions of people, and what the row says.

    Parameters
    ----------
    who : int array, shape (n,)
    event : object array of str
    primary_day, event_day, registration_day : int arrays
        `NEVER` where the row has none.
    area : int array
    says_recurrent : int array
        0 de novo, 1 recurrent, 2 does not say, `FURTHER` a further row that does not say, -1 no metastatic row.
    """

    who: Ints
    event: NDArray[np.object_]
    event_day: Ints
    registration_day: Ints
    area: Ints
    says_recurrent: Ints


def both_or_one(odds_ratio: float, one: Floats, two: Floats, chance: Floats) -> tuple[Flags, Flags]:
    """Whether each person is in each of two sources with these probabilities and this odds ratio (Plackett).

    Parameters
    ----------
    odds_ratio : float
    one, two : arrays, shape (n,)
    chance : array, shape (n,)
        Uniform.
    """
    if odds_ratio == 1.0:
        both = one * two
    else:
        s = 1.0 + (one + two) * (odds_ratio - 1.0)
        both = (s - np.sqrt(s * s - 4.0 * odds_ratio * (odds_ratio - 1.0) * one * two)) / (2.0 * (odds_ratio - 1.0))
    on_one = chance < one
    on_two = (chance < both) | ((chance >= one) & (chance < one + two - both))
    return on_one, on_two


@dataclass(frozen=True, eq=False, repr=False)
class Held:
    """Who is in each of the two sources, since when, and when they are lost from sight.

    Parameters
    ----------
    cases : int array, shape (n_cases,)
        Positions of people diagnosed in life from the first year of cases on.
    registered : tuple of int arrays, shape (n_cases,)
        Day of arrival in each source; `NEVER` where it is not there at the extract.
    lost : int array, shape (n_people,)
        Day on which the sources lose a person; `NEVER` for most.
    """

    cases: Ints
    registered: tuple[Ints, Ints]
    lost: Ints


def hold(world: World, people: People, rng: np.random.Generator) -> Held:
    """Draw which cases arrive in which source, when, and who is lost."""
    process = world.process
    end = extract_day(world)
    begin = year_start(np.array([process.cases_from]))[0]
    cases = np.flatnonzero(people.diagnosed & (people.metastasis_day >= begin) & (people.metastasis_day <= end))
    recurs = people.recurrent[cases]
    chances = [np.where(recurs, source.recurrent, source.de_novo) for source in process.sources]
    on = both_or_one(process.list_odds_ratio, chances[0], chances[1], rng.random(cases.size))
    days = []
    for source, there in zip(process.sources, on, strict=True):
        delay = np.floor(rng.exponential(DAYS_PER_YEAR / source.delay_per_year, cases.size)).astype(np.int64)
        arrived = people.metastasis_day[cases] + delay
        days.append(np.where(there & (arrived <= end), arrived, NEVER))
    known = np.minimum(*days)
    until = rng.exponential(DAYS_PER_YEAR / process.lost_per_year, cases.size)
    gone = np.where(known < NEVER, known + np.floor(until).astype(np.int64), NEVER)
    lost = np.full(len(people), NEVER)
    lost[cases] = np.where((gone <= end) & (gone < people.death_day[cases]), gone, NEVER)
    return Held(cases, (days[0], days[1]), lost)


def extract_day(world: World) -> int:
    """Day number of the extracts: the last day of the last year."""
    return int(year_start(np.array([world.process.last_year + 1]))[0]) - 1


def registry_rows(world: World, people: People, held: Held, rng: np.random.Generator) -> Rows:
    """The cancer registry: first tumours, some of them twice, local recurrences, and metastatic disease."""
    process, end = world.process, extract_day(world)
    begin = year_start(np.array([process.primaries_from]))[0]
    first = np.flatnonzero((people.primary_day >= begin) & (people.primary_day <= end))
    twice = first[rng.random(first.size) < process.second_tumour]
    again = people.primary_day[twice] + 1 + _wait(SECOND_TUMOUR_YEARS, twice.size, rng)
    local = first[rng.random(first.size) < process.local]
    back = people.primary_day[local] + process.window_days + 1 + _wait(LOCAL_YEARS, local.size, rng)
    wrong = rng.random(local.size) < process.local_called_distant
    words = np.where(rng.random(local.size) < 0.5, "local", "regional").astype(object)
    words[wrong] = "distant"
    none = np.full(first.size, NEVER)
    parts = [
        Rows(first, _word("primary", first.size), none, none, people.area[first], np.full(first.size, -1)),
        Rows(twice, _word("primary", twice.size), again, none[: twice.size], people.area[twice], np.full(twice.size, -1)),
        Rows(local, words, back, back, people.area_then[local], np.where(wrong, 1, -1)),
        _metastatic(process.sources[0], people, held.cases, held.registered[0], people.area_then, process.progression,
                    rng),
    ]
    return _until(_joined(parts), people, end)


def treatment_rows(world: World, people: People, held: Held, rng: np.random.Generator) -> Rows:
    """The treatment data set: metastatic disease, in the board of treatment."""
    process = world.process
    rows = _metastatic(process.sources[1], people, held.cases, held.registered[1], people.area_later,
                       process.progression, rng)
    return _until(rows, people, extract_day(world))


def _metastatic(
    source: SourceProcess, people: People, cases: Ints, registered: Ints, area: Ints, progression: float,
    rng: np.random.Generator,
) -> Rows:
    """Rows of the cases that have arrived, some under an ambiguous code, some with a further row."""
    there = registered < NEVER
    who, since = cases[there], registered[there]
    event = np.where(rng.random(who.size) < source.ambiguous, "ambiguous", "distant").astype(object)
    says = np.where(rng.random(who.size) < source.presentation_unknown, UNSAID, people.recurrent[who].astype(np.int64))
    more = np.flatnonzero(rng.random(who.size) < progression)
    later = people.metastasis_day[who[more]] + 1 + _wait(PROGRESSION_YEARS, more.size, rng)
    return _joined([
        Rows(who, event, people.metastasis_day[who], since, area[who], says),
        Rows(who[more], _word("distant", more.size), later, np.maximum(since[more], later), area[who[more]],
             np.full(more.size, FURTHER))])


def _until(rows: Rows, people: People, end: int) -> Rows:
    """Rows of events that happened in life and are known by the extract."""
    day = np.where(rows.event_day < NEVER, rows.event_day, people.primary_day[rows.who])
    known = np.where(rows.registration_day < NEVER, rows.registration_day, day)
    kept = (day <= people.death_day[rows.who]) & (day <= end) & (known <= end)
    return Rows(*(getattr(rows, name)[kept] for name in Rows.__dataclass_fields__))


def _joined(parts: list[Rows]) -> Rows:
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in Rows.__dataclass_fields__))


def _wait(mean_years: float, n: int, rng: np.random.Generator) -> Ints:
    return np.floor(rng.exponential(mean_years * DAYS_PER_YEAR, n)).astype(np.int64)


def _word(word: str, n: int) -> NDArray[np.object_]:
    found = np.empty(n, object)
    found[:] = word
    return found


def case_table(world: World, people: People, rows: Rows, source: SourceProcess, lost: Ints,
               rng: np.random.Generator) -> "pa.Table":
    """Rows of a case source as it writes them: columns of the mapping that comes with it."""
    import pyarrow as pa

    process, end, who = world.process, extract_day(world), rows.who
    # A second first-tumour row has its own date; all other rows repeat that of the first.
    primary = np.where((rows.event == "primary") & (rows.event_day < NEVER), rows.event_day, people.primary_day[who])
    spread = np.where(rows.event == "primary", NEVER, rows.event_day)
    unseen = people.primary_day[who] < year_start(np.array([process.primaries_from]))[0]
    chance = rng.random(who.size)
    # Further rows are known to the day: two of one month and person could not be told from a row that is repeated.
    vague = people.recurrent[who] & (rows.says_recurrent != FURTHER)
    month = vague & (chance < source.month_only)
    year = vague & (chance >= source.month_only) & (chance < source.month_only + source.year_only)
    gone = lost[who] < NEVER
    dead = (people.death_day[who] <= end) & ~gone
    status = np.where(gone, 2, np.where(dead, 1, 0))
    return pa.table({
        **_person(people, who, rows.area, world, pa),
        "event": pa.array(rows.event, pa.string()),
        "first_tumour": _told(primary, np.zeros(who.size, bool), unseen, pa),
        "spread_diagnosed": _told(spread, month, year, pa),
        "presentation": _coded(np.where(rows.says_recurrent < 0, UNSAID, np.minimum(rows.says_recurrent, UNSAID)),
                               ("DN", "RE", "NK"), pa),
        "arrived": _days(rows.registration_day, pa),
        "status": _coded(status, ("A", "D", "L"), pa),
        "last_seen": _days(np.where(gone, lost[who], NEVER), pa),
        "died": _days(np.where(dead, people.death_day[who], NEVER), pa),
        "simulated": pa.array(np.ones(who.size, bool)),
    })


def death_table(world: World, people: People, lost: Ints) -> "pa.Table":
    """Every death of somebody with breast cancer, certified cause; whoever was lost is not linked to their records."""
    import pyarrow as pa
    import pyarrow.compute as pc

    end, begin = extract_day(world), year_start(np.array([world.process.deaths_from]))[0]
    who = np.flatnonzero((people.death_day >= begin) & (people.death_day <= end))
    told = _person(people, who, people.area_later[who], world, pa)
    unlinked = pc.binary_join_element_wise("unlinked", told["person"], "-")
    told["person"] = pc.if_else(pa.array(lost[who] < NEVER), unlinked, told["person"])
    return pa.table({
        **told,
        "died": _days(people.death_day[who], pa),
        "cause": _coded((~people.certified[who]).astype(np.int64), (CANCER, OTHER_CAUSE), pa),
        "simulated": pa.array(np.ones(who.size, bool)),
    })


def _person(people: People, who: Ints, area: Ints, world: World, pa: Any) -> dict[str, Any]:
    import pyarrow.compute as pc

    number = pc.cast(pa.array(people.number[who]), pa.string())
    return {"person": pc.binary_join_element_wise("sim", number, "-"),
            "sex": _coded(people.man[who].astype(np.int64), ("F", "M"), pa),
            "born": pa.array(people.birth_year[who].astype(np.int16)),
            "board": _coded(area, world.areas, pa)}


def _coded(index: Ints, words: tuple[str, ...], pa: Any) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int8)), pa.array(list(words)))


def _days(day: Ints, pa: Any) -> Any:
    return pa.array(np.where(day < NEVER, day, 0).astype(np.int32), mask=day >= NEVER).cast(pa.date32())


def _told(day: Ints, month: Flags, year: Flags, pa: Any) -> Any:
    """Dates as texts that say no more than is known: 2015-03-28, 2015-03 or 2015."""
    import pyarrow.compute as pc

    whole = pc.cast(_days(day, pa), pa.string())
    length = np.where(year, 4, np.where(month, 7, 10))
    if not (month.any() or year.any()):
        return whole
    known = pc.if_else(pa.array(length == 4), pc.utf8_slice_codeunits(whole, 0, 4), whole)
    return pc.if_else(pa.array(length == 7), pc.utf8_slice_codeunits(whole, 0, 7), known)
