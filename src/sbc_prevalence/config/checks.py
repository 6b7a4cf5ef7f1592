"""What must hold between keys. Works on the plain contents of a file, so that every fault is found at once.

Values of a wrong type are passed over here: the types themselves are reported elsewhere.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from sbc_prevalence.config.faults import suggestion
from sbc_prevalence.config.record_checks import record_problems
from sbc_prevalence.errors import Problem

Raw = Mapping[str, Any]


@cache
def carried_kinds() -> Mapping[str, str]:
    """Name and kind of every table that the package carries, from its catalogue."""
    catalogue = resources.files("sbc_prevalence") / "data" / "carried" / "catalogue.toml"
    entries = tomllib.loads(catalogue.read_text(encoding="utf-8"))
    return {name: str(entry["kind"]) for name, entry in entries.items()}


def _table(raw: Any, key: str) -> Raw:
    value = raw.get(key) if isinstance(raw, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _years(raw: Raw, where: str) -> Iterator[Problem]:
    grid = _table(raw, "grid")
    first, last = _whole(grid.get("first_reported_year")), _whole(grid.get("last_year"))
    index = _day(grid.get("index_date"))

    def problem(key: str, requirement: str, remedy: str) -> Problem:
        return Problem("E-CONFIG-YEARS", where, requirement, remedy, key=f"grid.{key}")

    if first is not None and last is not None and first > last:
        yield problem("last_year", "must not lie before first_reported_year", "Put the years in order.")
    if index is not None and last is not None and index.year > last:
        yield problem("index_date", "must not lie after last_year",
                      "Choose an earlier day or a later last_year.")
    if index is not None and first is not None and index.year < first:
        yield problem("index_date", "must not lie before first_reported_year",
                      "Choose a later day or an earlier first_reported_year.")
    pauses = grid.get("pause_years")
    if isinstance(pauses, list | tuple) and all(_whole(p) is not None for p in pauses):
        if list(pauses) != sorted(set(pauses)):
            yield problem("pause_years", "must rise, each year once", "Sort the years and drop repetitions.")
        if last is not None and any(p > last for p in pauses):
            yield problem("pause_years", "must not lie after last_year", "Take the later years out.")


SEX_OF_STUDY: Mapping[str, Literal["female", "all", "male"]] = {"excluded": "female", "counted": "all", "only": "male"}
"""Sex of all evidence by what `model.men` says."""


def _men(raw: Raw, where: str) -> Iterator[Problem]:
    men = _table(raw, "model").get("men", "excluded")
    if men not in SEX_OF_STUDY:
        return
    entries = raw.get("evidence")
    for i, entry in enumerate(entries if isinstance(entries, list | tuple) else (), 1):
        sex = entry.get("sex") if isinstance(entry, Mapping) else None
        if sex in SEX_OF_STUDY.values() and sex != SEX_OF_STUDY[men]:
            yield Problem("E-CONFIG-SEX", where, f"must be '{SEX_OF_STUDY[men]}', as men are '{men}' in [model]",
                          "Give a table of that sex, or say otherwise in model.men: sexes are not mixed.",
                          key=f"evidence[{i}].sex", detail=f"[[evidence]] table number {i}")
    described = raw.get("population_described")
    if not isinstance(described, str):
        return
    words = set(re.findall(r"[a-z]+", described.casefold()))
    wrong = {"excluded": bool(words & {"men", "people", "persons"}), "only": "men" not in words,
             "counted": "women" in words and "men" not in words}[men]
    if wrong:
        yield Problem("E-CONFIG-SEX", where, f"must agree with model.men, which is '{men}'",
                      "Write 'women' where men are excluded, 'women and men' where they are counted, 'men' for men only.",
                      key="population_described")


def _origin(entry: Raw, key: str, where: str, options: Sequence[str], kind: Any,
            detail: str | None) -> Iterator[Problem]:
    given = [o for o in options if entry.get(o) is not None]
    if len(given) != 1:
        words = " and ".join(f"'{g}'" for g in given) if given else "none of them"
        yield Problem("E-CONFIG-ORIGIN", where,
                      "needs exactly one of " + ", ".join(options) + f"; has {words}",
                      "Give 'table' for a table that the package carries, 'file' for one of your own"
                      + (", 'records' for one made from patient records." if "records" in options else "."),
                      key=key, detail=detail)
    table = entry.get("table")
    if isinstance(table, str) and table.startswith("carried:"):
        name, known = table.removeprefix("carried:"), carried_kinds()
        fitting = [n for n, k in known.items() if k == kind] or list(known)
        if name not in known:
            yield Problem("E-CONFIG-TABLE", where, "the package carries no table of this name",
                          suggestion(name, fitting), key=f"{key}.table", detail=detail)
        elif name not in fitting:
            yield Problem("E-CONFIG-TABLE", where, f"is a carried table of another kind, '{known[name]}'",
                          "Carried tables of this kind: " + ", ".join(fitting) + ".",
                          key=f"{key}.table", detail=detail)


def _file(entry: Raw, key: str, where: str, directory: Path | None, detail: str | None) -> Iterator[Problem]:
    file = entry.get("file")
    if directory is not None and isinstance(file, str) and file.strip() and not (directory / file).is_file():
        yield Problem("E-CONFIG-FILE", where, "there is no such file",
                      "Paths are relative to the folder of the configuration file.",
                      key=f"{key}.file", detail=detail)


def _areas(raw: Raw, where: str, directory: Path | None) -> Iterator[Problem]:
    areas = _table(raw, "areas")
    if not areas:
        return
    yield from _origin(areas, "areas", where, ("table", "file", "list"), "areas", None)
    yield from _file(areas, "areas", where, directory, None)
    for word in ("groups", "neighbours"):
        yield from _file({"file": areas.get(f"{word}_file")}, f"areas.{word}", where, directory, None)
        if areas.get(f"{word}_file") is not None and areas.get(f"{word}_table") is not None:
            yield Problem("E-CONFIG-ORIGIN", where, "both a carried table and a file are given", "Give one of the two.",
                          key=f"areas.{word}_file")
    listed = areas.get("list")
    items = [i for i in listed if isinstance(i, Mapping)] if isinstance(listed, list | tuple) else []
    codes = [i["code"] for i in items if isinstance(i.get("code"), str)]
    if len(set(codes)) < len(codes):
        yield Problem("E-CONFIG-TWICE", where, "an area code occurs twice", "List each area once.",
                      key="areas.list")
    if areas.get("total_code") in codes and len(codes) > 1:
        yield Problem("E-CONFIG-TOTAL", where, "the whole is listed among its parts",
                      "Take the whole out of the list.", key="areas.total_code")


def _priors(raw: Raw, where: str) -> Iterator[Problem]:
    for name, prior in _table(_table(raw, "model"), "priors").items():
        if isinstance(prior, Mapping) and prior.get("source") is None and prior.get("reason") is None:
            yield Problem("E-CONFIG-PRIOR", where, "needs a 'source' (published) or a 'reason' (a judgement)",
                          "Say what the prior rests on.", key=f"model.priors.{name}")


def _unregistered(raw: Raw, where: str) -> Iterator[Problem]:
    ratio = _table(_table(raw, "model"), "unregistered_hazard_ratio")
    values = [_number(ratio.get(k)) for k in ("lower95", "median", "upper95")]
    one_bound = (ratio.get("lower95") is None) != (ratio.get("upper95") is None)
    if one_bound or (None not in values and not values[0] < values[1] < values[2]):  # type: ignore[operator]
        yield Problem("E-CONFIG-VALUE", where, "must rise: lower95, median, upper95; or have the median alone",
                      "Give both bounds in this order, or none.", key="model.unregistered_hazard_ratio")


def _completeness(entry: Raw, option: str, key: str, where: str, detail: str) -> Iterator[Problem]:
    yield from _rising(_table(entry, option), f"{key}.{option}", where, detail)


def _rising(completeness: Raw, key: str, where: str, detail: str) -> Iterator[Problem]:
    values = [_number(completeness.get(k)) for k in ("lower95", "median", "upper95")]
    if None not in values and not values[0] < values[1] < values[2]:  # type: ignore[operator]
        yield Problem("E-CONFIG-VALUE", where, "must rise: lower95, median, upper95",
                      "Give proportions between 0 and 1 in this order.", key=key, detail=detail)


def _dependence(entry: Raw, key: str, where: str, detail: str) -> Iterator[Problem]:
    dependence, lists = _table(entry, "dependence"), entry.get("lists")
    values = [_number(dependence.get(k)) for k in ("lower95", "odds_ratio", "upper95")]
    if None not in values and not values[0] < values[1] < values[2]:  # type: ignore[operator]
        yield Problem("E-CONFIG-VALUE", where, "must rise: lower95, odds_ratio, upper95",
                      "Give numbers above 0 in this order.", key=f"{key}.dependence", detail=detail)
    if not dependence and isinstance(lists, list | tuple) and len(lists) == 2:
        yield Problem("E-CONFIG-VALUE", where, "needs 'dependence': two lists cannot tell how they depend on each other",
                      "Write e.g. { odds_ratio = 2.0, lower95 = 0.5, upper95 = 8.0 }; 1 is independence.",
                      key=f"{key}.dependence", detail=detail)


def _accuracy(entry: Raw, key: str, where: str, detail: str) -> Iterator[Problem]:
    for name in ("sensitivity", "specificity"):
        part, place = _table(entry, name), f"{key}.{name}"
        if not part:
            continue
        found, of = _whole(part.get("found")), _whole(part.get("of"))
        counts = part.get("found") is not None or part.get("of") is not None
        both = part.get("found") is not None and part.get("of") is not None
        if (part.get("value") is not None) == counts or counts != both:
            yield Problem("E-CONFIG-VALUE", where, "needs either 'value' or both of 'found' and 'of'",
                          "Write { value = 0.9 } or { found = 45, of = 50 }.", key=place, detail=detail)
        if found is not None and of is not None and found > of:
            yield Problem("E-CONFIG-VALUE", where, "'found' must not exceed 'of'", "Check the two counts.",
                          key=place, detail=detail)
    window = _table(entry, "sensitivity").get("window")
    if window is not None and window != entry.get("definition"):
        yield Problem("E-CONFIG-WINDOW", where, "must equal 'definition' where it is given",
                      "A sensitivity holds for one time window: use one validated for this definition.",
                      key=f"{key}.sensitivity.window", detail=detail)
    specificity = _table(entry, "specificity")
    if specificity and specificity.get("value") != 1 and specificity.get("window") != entry.get("definition"):
        yield Problem("E-CONFIG-WINDOW", where, "must be given and equal 'definition', unless it is 1",
                      "A specificity holds for one time window: use one validated for this definition.",
                      key=f"{key}.specificity.window", detail=detail)


def _evidence(raw: Raw, where: str, directory: Path | None) -> Iterator[Problem]:
    entries = raw.get("evidence")
    if not isinstance(entries, list | tuple):
        return
    window = _whole(_table(raw, "model").get("window_days"))
    seen: dict[tuple[Any, ...], int] = {}
    for i, entry in enumerate(entries, 1):
        if not isinstance(entry, Mapping):
            continue
        key, kind = f"evidence[{i}]", entry.get("kind")
        named = f" of kind '{kind}'" if isinstance(kind, str) and kind.isidentifier() else ""
        detail = f"[[evidence]] table number {i}{named}"
        yield from _origin(entry, key, where, ("table", "file", "records"), kind, detail)
        yield from _file(entry, key, where, directory, detail)
        same = (str(kind), str(entry.get("table")), str(entry.get("file")))
        if same in seen and same[1:] != ("None", "None"):
            yield Problem("E-CONFIG-TWICE", where,
                          f"the same table as in entry {seen[same]}, for the same kind",
                          "Take one of the two out: evidence must not count twice.",
                          key=key, detail=detail)
        seen.setdefault(same, i)
        if kind in ("registrations", "grouped_codes", "overlapping_lists"):
            own = _whole(entry.get("window_days"))
            if own is not None and window is not None and own != window:
                yield Problem("E-CONFIG-WINDOW", where, "must equal model.window_days",
                              "The window that parts de novo from recurrent disease is one for all evidence.",
                              key=f"{key}.window_days", detail=detail)
            for option in ("completeness", "metastatic_share"):
                yield from _completeness(entry, option, key, where, detail)
            yield from _dependence(entry, key, where, detail)
        if kind == "living_counts":
            yield from _accuracy(entry, key, where, detail)


def _scenarios(raw: Raw, where: str) -> Iterator[Problem]:
    listed = _table(raw, "scenarios").get("completeness")
    if not isinstance(listed, list | tuple):
        return
    entries = [e for e in raw.get("evidence") or () if isinstance(e, Mapping) and e.get("kind") == "registrations"]
    known = {str(entry.get(key)).removeprefix("carried:")
             for entry in entries for key in ("name", "table", "file") if entry.get(key)}
    names: list[Any] = []
    for i, item in enumerate(listed, 1):
        if not isinstance(item, Mapping):
            continue
        key, detail = f"scenarios.completeness[{i}]", f"[[scenarios.completeness]] table number {i}"
        source = item.get("source")
        if isinstance(source, str) and source not in known:
            remedy = suggestion(source, sorted(known)) if known else "Add an [[evidence]] entry of registrations."
            yield Problem("E-CONFIG-SCENARIO", where, "no registrations have this name", remedy, key=f"{key}.source",
                          detail=detail)
        if item.get("name") in names:
            yield Problem("E-CONFIG-TWICE", where, "two alternatives have one name", "Name each after what it says.",
                          key=f"{key}.name", detail=detail)
        names.append(item.get("name"))
        yield from _rising(_table(item, "prior"), f"{key}.prior", where, detail)


def _repeated(raw: Raw, where: str) -> Iterator[Problem]:
    for name, values in _table(raw, "sensitivity").items():
        if isinstance(values, list | tuple) and len({str(v) for v in values}) < len(values):
            yield Problem("E-CONFIG-TWICE", where, "a choice occurs twice", "List each choice once.",
                          key=f"sensitivity.{name}")


def check_between_keys(raw: Raw, where: str, directory: Path | None) -> list[Problem]:
    """Faults that no single key shows: order of years, one origin each, windows that must agree.

    Parameters
    ----------
    raw : mapping
        Contents of the file.
    where : str
        File name for the messages.
    directory : Path or None
        Folder against which files are looked up; None looks up none.
    """
    return [*_areas(raw, where, directory), *_years(raw, where), *_men(raw, where), *_priors(raw, where),
            *_unregistered(raw, where), *_repeated(raw, where), *_scenarios(raw, where),
            *_evidence(raw, where, directory), *record_problems(raw, where, directory)]
