"""Sentences for a reader at a registry: what is counted, what it rests on, what it does not."""

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from sbc_prevalence.model.observing import SurvivalRecords
from sbc_prevalence.prevalence.completeness import completeness_words
from sbc_prevalence.prevalence.draws import BEYOND_RECURRENCE, BEYOND_SURVIVAL, UNSEEN
from sbc_prevalence.prevalence.quantity import LIVING
from sbc_prevalence.prevalence.scenarios import FAMILY, RATIO, SPREAD, family_word

if TYPE_CHECKING:
    from sbc_prevalence.evidence.primaries import PrimarySeries
    from sbc_prevalence.model.inputs import ModelInputs
    from sbc_prevalence.prevalence.estimate import Estimates

STUDIES_NAMED = 3
TO_LOOK_AT = "To look at in the figures"
"""Heading of warnings in the report."""
NOT_REPEATED = ("This run did not repeat its figures under other survival families, fixed hazard ratios or other spreads "
                "between areas: how far they would move is not known from it.")


def scope(population_described: str) -> str:
    """Who is counted and which disease."""
    who = population_described[:1].upper() + population_described[1:]
    who += " (men are not counted)" if excludes_men(population_described) else ""
    return f"{who}; secondary (metastatic) breast cancer; deaths certified to breast cancer (ICD-10 C50)"


def _counts_used(inputs: "ModelInputs") -> list[str]:
    """Kinds of counts of metastatic disease or of deaths that were fitted, in words."""
    return list(dict.fromkeys(piece.words for piece in inputs.observations if piece.words))


def _joined(items: list[str]) -> str:
    return items[0] if len(items) < 2 else f"{', '.join(items[:-1])} and {items[-1]}"


def _primaries(est: "Estimates") -> "PrimarySeries | None":
    """Primary registrations, where incidence is made of them."""
    return est.fitted.inputs.primaries if UNSEEN in est.draws.shares else None


def _own(est: "Estimates") -> list[str]:
    """Modelled areas with counts of their own."""
    areas = est.grid.areas
    return [c for c in areas.all_codes if c in est.fitted.inputs.level_codes and c != areas.total_code]


def basis_of_areas(est: "Estimates") -> str:
    """What incidence of areas is made of, in words."""
    return "population" if _primaries(est) is None else "primary registrations"


def without_own(est: "Estimates") -> list[str]:
    """Names of the modelled areas without counts of their own, where others have some; else none."""
    areas, own = est.grid.areas, _own(est)
    there = [code for code in areas.shown if code in areas.codes]
    return [areas.name_of(code) for code in there if code not in own] if set(own) & set(there) else []


def _of_some(est: "Estimates") -> str:
    """That the counts are of some areas only, where neither the whole nor the others have any."""
    areas, without = est.grid.areas, without_own(est)
    if not without or areas.total_code in est.fitted.inputs.level_codes:
        return ""
    return f" (of {len(areas.codes) - len(without)} of {len(areas.codes)} areas)"


def rests_on(est: "Estimates", area_code: str, year: int, quantity: str) -> str:
    """One sentence on what a number rests on; a second one if it is projected."""
    inputs, areas = est.fitted.inputs, est.grid.areas
    counts = _joined(_counts_used(inputs)) or "no counts of the disease or of deaths"
    basis = "population and a smooth trend" if _primaries(est) is None else "primary registrations"
    if area_code == areas.total_code:
        text = f"{counts[:1].upper()}{counts[1:]}{_of_some(est)}, {basis}"
    elif area_code in _own(est):
        text = f"The area's own {counts} and {basis}"
    elif areas.groups and area_code in areas.groups:
        text = (f"The sum of its areas: the {areas.total_level}'s figure, divided by their own {basis} and a prior on "
                "how areas differ")
    else:
        text = (f"The {areas.total_level}'s figure, divided by the area's own {basis} and a prior on how areas "
                "differ; the area has no deaths or registrations of metastatic disease of its own")
    origin = survival_origin(inputs)
    survival = f"read through {origin}" if quantity != LIVING else f"how long people live is from {origin}"
    return f"{text}; {survival}.{projected_words(est, year)}"


def survival_origin(inputs: "ModelInputs") -> str:
    """What is known of how long people live, in words: nearest first."""
    if _own_records(inputs):
        return "survival records of the population described"
    own = own_studies(inputs)
    if not own:
        return "published survival elsewhere"
    named = _joined(own if len(own) <= STUDIES_NAMED else [*own[:STUDIES_NAMED], f"{len(own) - STUDIES_NAMED} more"])
    others = len(own) < len(inputs.studies)
    return f"survival under the same health system ({named}){' and published survival elsewhere' if others else ''}"


def own_studies(inputs: "ModelInputs") -> list[str]:
    """Survival studies that the configuration calls of the same health system."""
    marks = inputs.arrays.get("study_own", np.zeros(len(inputs.studies)))
    return [name for name, own in zip(inputs.studies, marks, strict=True) if own]


def projected_words(est: "Estimates", year: int) -> str:
    """Why a year is projected; empty for a year with data."""
    if not est.grid.is_projected(year):
        return ""
    primaries = _primaries(est)
    held = "" if primaries is None or year <= primaries.last_seen else \
        f", and primaries are held at the level of {primaries.last_seen}"
    some = year in set(est.fitted.inputs.deaths_frame.get("year", ()))
    deaths = f"deaths for {year} were available for some areas only" if some else f"no deaths for {year} were available"
    return f" Projected: {deaths}{held}."


def words(est: "Estimates") -> dict[str, str]:
    """All sentences of a report, by heading."""
    found = {
        "definition": _definition(est), "what_data_inform": _informed(est),
        "what_they_do_not": _not_informed(est), "tail": _tail(est), "boards_rest_on": _areas(est),
        "projection": _projection(est), "implied_duration": _implied(est),
        "expected_and_realised":
            "Realised figures include the chance variation in a count of people; expected figures do not. The "
            "headline and published counts are realised. Every interval is an equal-tailed credible interval: given "
            "the model and the evidence, the figure lies inside it with the stated probability."}
    inputs = est.fitted.inputs
    if inputs.population_note:
        found["population"] = inputs.population_note
    if not est.has_population:
        found["rates"] = "No population was given, so no rates per 100,000 are shown."
    if inputs.completeness_sources:
        found["completeness"] = completeness_words(est)
    if UNSEEN in est.draws.shares:
        found["recurrences"] = _recurrences(est)
    if est.draws.ages is not None:
        found["ages"] = _by_age(est)
    found["not_included"] = (
        f"{_men(est)}Moves into and out of the area after diagnosis, and metastases of a second breast cancer counted "
        "apart from the first, are not modelled. People whose disease is first found at or after death are not counted "
        "as diagnosed or living.")
    return found


def _by_age(est: "Estimates") -> str:
    inputs = est.fitted.inputs
    bands = ", ".join(est.draws.ages.bands) if est.draws.ages is not None else ""
    seen = "Deaths by age at death inform" if "deaths_age" in inputs.arrays and (
        inputs.deaths_frame["age"].nunique() > 1) else "No count of deaths by age informs"
    return (
        f"The newly diagnosed are shown by age at the diagnosis of metastases ({bands}), the living by the age that they "
        "have reached on the date. The ages of people with de novo disease follow those of primary registrations, the "
        "ages of recurrences those of primaries grown older; both may depart from it. "
        f"{seen} these departures and how much sooner older people die of or with the disease. All areas share one mix "
        "of ages at diagnosis, so that differences in age between areas are those of their past, not of data on ages.")


def _men(est: "Estimates") -> str:
    """What is said of men; empty where the population described speaks of them."""
    return "Men are not counted. " if excludes_men(est.population_described) else ""


def excludes_men(population_described: str) -> bool:
    """Whether the population described is women alone."""
    words = re.findall(r"[a-z]+", population_described.casefold())
    return "women" in words and "men" not in words


def repetition_words(words: Mapping[str, str], groups: Collection[str]) -> dict[str, str]:
    """The same sentences with what was repeated under other choices, or that nothing was.

    Parameters
    ----------
    words : mapping of heading to sentences
        From `words`.
    groups : collection of str
        Groups of the table of repetitions that is in the release; empty without one.
    """
    said = dict(words)
    shown = [text for group, text in ((FAMILY, "other survival families"), (RATIO, "fixed hazard ratios"))
             if group in groups]
    if shown:
        said["what_they_do_not"] += f" The table of choices shows how far the figures move under {_joined(shown)}."
    if SPREAD in groups:
        said["boards_rest_on"] += " Area figures are also shown under other spreads of that prior."
    if not groups:
        said["what_they_do_not"] += f" {NOT_REPEATED}"
    return said


def _at_index(est: "Estimates", share: str) -> str:
    low, mid, high = 100 * np.quantile(est.draws.shares[share][:, est.position], [0.025, 0.5, 0.975])
    return f"{mid:.0f} % (95 % interval {np.floor(low + 1e-9):.0f} to {np.ceil(high - 1e-9):.0f} %)"


def _definition(est: "Estimates") -> str:
    window = getattr(est.fitted.model.incidence, "window_days", None)
    apart = "at the first breast cancer diagnosis" if window is None else \
        f"within {window} days of the first breast cancer diagnosis"
    return (
        f"A person counts from the diagnosis of distant metastases in life, whether found {apart} (de novo) or later "
        f"(recurrent). Living means alive at the end of the index date, {_day(est)}, with a metastatic diagnosis at any "
        "time before, whatever the stage of treatment. Newly diagnosed means diagnosed in the calendar year. People are "
        f"counted whether or not any registry knows of them. Scope: {est.scope}.")


def _day(est: "Estimates") -> str:
    return f"{est.index_date.day} {est.index_date:%B %Y}"


def _informed(est: "Estimates") -> str:
    inputs = est.fitted.inputs
    if "deaths_values" not in inputs.arrays:
        counts = _joined(_counts_used(inputs)) or "no counts"
        return f"The number newly diagnosed is informed by {counts}, together with their completeness."
    years = sorted(set(inputs.deaths_frame["year"]))
    span = " to ".join(str(y) for y in dict.fromkeys((years[0], years[-1])))
    more = _counts_used(inputs)[1:]
    sizes = inputs.deaths_frame.groupby("year").size()
    gaps = " (not every area in every year)" if sizes.nunique() > 1 else ""
    extra = f" {_joined(more).capitalize()} are used as well." if more else ""
    return (
        f"Certified breast cancer deaths of {span}{gaps}{_of_some(est)} inform how many people are newly diagnosed "
        "each year: most people with the disease die of it, so deaths follow diagnoses by a few years. They inform it "
        "only together with the ratio kappa: certified breast cancer deaths divided by deaths, from any cause, of "
        f"people with a metastatic diagnosis. Kappa itself is a prior.{extra}")


def _not_informed(est: "Estimates") -> str:
    inputs = est.fitted.inputs
    local = _records(inputs)
    if not local and not any(piece.counts_living for piece in inputs.observations):
        local = (
            f" No count of people living with the disease ({est.grid.areas.total_name}) was used. How many are living "
            f"for each death therefore rests on {survival_origin(inputs)}. ")
        local += (
            "Survival here may differ from that of its health system, with half of the variance between published "
            "populations; that doubt is inside the interval." if own_studies(inputs) else
            "Survival here may differ from it by as much as published populations differ from each other; that doubt is "
            "inside the interval.")
    return (
        "Deaths do not inform how long people live after diagnosis, how survival differs between recurrent and de novo "
        f"disease, or survival beyond the last published follow-up.{local} The ratio of hazards, recurrent to de novo, "
        "has a wide prior, because published contrasts disagree, and is narrowed only by comparing published curves of "
        "different populations.")


def _own_records(inputs: "ModelInputs") -> bool:
    """Whether there are survival records of the population described."""
    return any(isinstance(piece, SurvivalRecords) and piece.described for piece in inputs.observations)


def _records(inputs: "ModelInputs") -> str:
    """What survival records of the population described tell; empty without any."""
    if not _own_records(inputs):
        return ""
    return (
        " Survival records of the population described tell how long registered people live, counted from "
        "registration on, so that nobody is credited with time that they had to live to be registered. That people who "
        "are not registered live as long is assumed.")


def _tail(est: "Estimates") -> str:
    family = family_word(est.fitted.model.survival.family)
    return (
        f"Published survival ends {est.fitted.inputs.last_survival_follow_up:g} years after diagnosis. "
        f"{_at_index(est, BEYOND_SURVIVAL)} of those living on 31 December {est.index_date.year} were diagnosed longer "
        f"ago than that. Beyond it the {family} curve is continued with an uncertain factor on its hazard, never below "
        "mortality from other causes. Which curve goes on beyond the data is a choice that the data cannot make.")


def _areas(est: "Estimates") -> str:
    inputs, areas = est.fitted.inputs, est.grid.areas
    if inputs.n_areas == 1:
        return f"{areas.total_name} is modelled as one area; no smaller areas are reported."
    own = [code for code in _own(est) if code in areas.codes]
    basis = basis_of_areas(est)
    if not own:
        return (
            f"Deaths were available for {areas.total_name} as a whole only. The {areas.total_level}'s figure is divided "
            f"among the {inputs.n_areas} areas ({areas.level}) by each area's own {basis}, with a prior on how far areas "
            "may differ otherwise. No deaths or registrations of metastatic disease of the areas themselves were used, "
            "so differences between areas say nothing about care or survival there.")
    if len(own) == inputs.n_areas:
        return (f"Every area ({areas.level}) has counts of its own, besides its {basis}. Survival after diagnosis is "
                "taken to be the same in all areas.")
    named = ", ".join(without_own(est))
    return (f"{len(own)} of {inputs.n_areas} areas ({areas.level}) have counts of their own. These rest on the whole, "
            f"on their {basis} and on the prior alone: {named}.")


def _projection(est: "Estimates") -> str:
    inputs, last, end = est.fitted.inputs, est.grid.last_data_year, int(est.grid.last_year)
    if end <= last:
        return f"No year is projected: the last year with data is {last}."
    primaries = _primaries(est)
    span = str(end) if end == last + 1 else f"{last + 1} to {end}"
    held = "" if primaries is None or primaries.last_seen >= end else (
        f" Primary registrations end in {primaries.last_seen}; later years are held at that smoothed level.")
    some = any(year > last for year in inputs.deaths_frame.get("year", ()))
    single = end == last + 1
    why = "deaths were available for some areas only, or for none" if some else \
        f"no deaths were available for {'it' if single else 'them'}"
    return (f"{span} {'is' if single else 'are'} projected: {why}.{held} The trend in survival stays at its level of "
            f"{last}. Projections assume that nothing else changes, such as treatment, screening or the effects of the "
            "pandemic.")


def _implied(est: "Estimates") -> str:
    return (
        "The implied duration is the number living at the end of a year divided by the deaths in that year. Two "
        "denominators are used: deaths from any cause of people with the disease, which are estimated, and certified "
        "breast cancer deaths, which are observed. The headline and this page use the first; both are in "
        "implied_duration.csv. While numbers grow it is not mean "
        "survival. Published figures lie between about 3 and 6 years.")


def _recurrences(est: "Estimates") -> str:
    inputs = est.fitted.inputs
    assert inputs.primaries is not None
    assert inputs.recurrence is not None
    return (
        f"Primary registrations begin in {inputs.primaries.first_seen}; earlier ones are carried backwards with an "
        f"uncertain growth. In {est.index_date.year}, {_at_index(est, UNSEEN)} of recurrences come from primaries before "
        f"then, and {_at_index(est, BEYOND_RECURRENCE)} lie beyond the {inputs.recurrence.follow_up_years} years for "
        "which recurrence risks are published.")
