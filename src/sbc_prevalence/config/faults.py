"""From what pydantic found to problems that a person can mend: key, requirement, remedy. Never a value."""

import types
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from sbc_prevalence.errors import Problem

DOCS = "See docs/reference/config.md"

_TYPES = {
    "int_type": "a whole number without quotes",
    "int_from_float": "a whole number",
    "float_type": "a number without quotes",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "tuple_type": "a list in square brackets",
    "list_type": "a list in square brackets",
    "dict_type": "a table",
    "mapping_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def nearest(word: str, candidates: Sequence[str]) -> str | None:
    """The most similar of some names, or None where none is similar."""
    found = get_close_matches(word.lower(), [c.lower() for c in candidates], n=1, cutoff=0.55)
    return next((c for c in candidates if found and c.lower() == found[0]), None)


def suggestion(word: str, candidates: Sequence[str]) -> str:
    """A remedy that names the nearest valid name, or all of them."""
    close = nearest(word, candidates)
    if close is not None:
        return f"Did you mean '{close}'?"
    return "Valid are: " + ", ".join(candidates) + "." if candidates else f"{DOCS}."


def _unwrap(annotation: Any) -> Any:
    """An annotation without Annotated and without ``| None``."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
            continue
        if get_origin(annotation) in (Union, types.UnionType):
            rest = [a for a in get_args(annotation) if a is not type(None)]
            if len(rest) == 1:
                annotation = rest[0]
                continue
        return annotation


def _members(annotation: Any) -> list[type[BaseModel]]:
    if get_origin(annotation) not in (Union, types.UnionType):
        return []
    return [m for m in (_unwrap(a) for a in get_args(annotation)) if isinstance(m, type)]


def _tag_of(model: type[BaseModel]) -> str:
    return str(get_args(model.model_fields["kind"].annotation)[0])


def trace(root: type[BaseModel],
          location: Sequence[int | str]) -> tuple[str, type[BaseModel] | None, list[str]]:
    """Dotted key of a place in the file, the model that the key belongs to, and the kinds it may be of.

    List entries are counted from 1, as a reader counts them: ``evidence[2].as_of``.
    """
    key = ""
    here: Any = root
    owner: type[BaseModel] | None = None
    for step in location:
        annotation = _unwrap(here)
        members = _members(annotation)
        if members:
            tagged = {_tag_of(m): m for m in members}
            if step in tagged:
                here = tagged[str(step)]
                continue
        owner = None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            owner = annotation
            known = annotation.model_fields.get(str(step))
            here = known.annotation if known is not None else object
        elif get_origin(annotation) is tuple or get_origin(annotation) is list:
            here = get_args(annotation)[0]
        else:
            here = get_args(annotation)[-1] if get_args(annotation) else object
        if isinstance(step, int):
            key += f"[{step + 1}]"
        else:
            key += f".{step}" if key else step
    return key, owner, [_tag_of(m) for m in _members(_unwrap(here))]


def _look_up(raw: Any, location: Sequence[int | str]) -> Any:
    for step in location:
        in_list = isinstance(raw, list | tuple) and isinstance(step, int) and step < len(raw)
        if in_list or (isinstance(raw, Mapping) and step in raw):
            raw = raw[step]
    return raw


def _entry_detail(raw: Any, location: Sequence[int | str]) -> str | None:
    """Which ``[[evidence]]`` table is meant, in words."""
    if len(location) < 2 or location[0] != "evidence" or not isinstance(location[1], int):
        return None
    entry = _look_up(raw, location[:2])
    kind = entry.get("kind") if isinstance(entry, Mapping) else None
    from_kind = f" of kind '{kind}'" if isinstance(kind, str) and kind.isidentifier() else ""
    return f"[[evidence]] table number {location[1] + 1}{from_kind}"


def _expected(error: Mapping[str, Any]) -> list[str]:
    """Valid names that a choice error lists."""
    text = str(error.get("ctx", {}).get("expected") or error.get("ctx", {}).get("expected_tags") or "")
    return [part.strip().strip("'") for part in text.replace(" or ", ", ").split(",") if part.strip()]


def _kinds_with(root: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """Kinds of evidence that have a key which the kind at hand has not."""
    if len(location) != 4 or location[0] != "evidence":
        return []
    item = get_args(_unwrap(root.model_fields["evidence"].annotation))[0]
    return [_tag_of(m) for m in _members(_unwrap(item)) if location[-1] in m.model_fields]


def _one(error: Mapping[str, Any], root: type[BaseModel], raw: Any, where: str) -> Problem:
    kind, location = str(error["type"]), tuple(error["loc"])
    key, owner, kinds = trace(root, location)
    detail = _entry_detail(raw, location)
    field = owner.model_fields.get(str(location[-1])) if owner is not None and location else None
    about = field.description if field is not None else None

    def problem(code: str, requirement: str, remedy: str) -> Problem:
        return Problem(code, where, requirement, remedy, key=key or None, detail=detail)

    if kind == "extra_forbidden":
        valid = list(owner.model_fields) if owner is not None else []
        others = _kinds_with(root, location)
        if others:
            return problem("E-CONFIG-KEY", "unknown key for this kind",
                           "It is an option of kind " + " and ".join(f"'{k}'" for k in others) + " only.")
        return problem("E-CONFIG-KEY", "unknown key", suggestion(str(location[-1]), valid))
    if kind == "missing":
        return problem("E-CONFIG-MISSING", "this key is required", about or f"Add it. {DOCS}.")
    if kind == "union_tag_not_found":
        return problem("E-CONFIG-MISSING", "a key 'kind' is required",
                       "Valid are: " + ", ".join(kinds) + ".")
    if kind in ("literal_error", "union_tag_invalid"):
        if key == "version":
            return problem("E-CONFIG-VERSION", "must be 1, the version that this program reads",
                           "Write 'version = 1' at the top and follow docs/reference/config.md.")
        valid, value = _expected(error), _look_up(raw, location)
        if kind == "union_tag_invalid":
            value = value.get("kind") if isinstance(value, Mapping) else None
            remedy = suggestion(value, valid) if isinstance(value, str) else f"{DOCS}."
            listed = ", ".join(valid)
            return Problem("E-CONFIG-KIND", where, f"must be one of {listed}", remedy,
                           key=f"{key}.kind", detail=detail)
        close = nearest(value, valid) if isinstance(value, str) else None
        remedy = f"Did you mean '{close}'?" if close else (about or f"{DOCS}.")
        return problem("E-CONFIG-CHOICE", "must be one of " + ", ".join(valid), remedy)
    if kind == "iso_date":
        return problem("E-CONFIG-DATE", "must be an existing day written as YYYY-MM-DD",
                       "Write it like 2020-12-31.")
    if kind in _TYPES:
        if key == "":
            return problem("E-CONFIG-TYPE", "must be a table of keys", f"{DOCS}.")
        return problem("E-CONFIG-TYPE", f"must be {_TYPES[kind]}", about or f"{DOCS}.")
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        bound, value = error["ctx"][name], _look_up(raw, location)
        if name in ("lt", "le") and bound == 1 and isinstance(value, int | float) and 1 < value <= 100:
            return problem("E-CONFIG-VALUE", f"must be {words} 1", "Is it a percentage? Write 0.95 for 95 %.")
        return problem("E-CONFIG-VALUE", f"must be {words} {bound:g}", about or f"{DOCS}.")
    if kind == "string_too_short":
        return problem("E-CONFIG-VALUE", "must not be empty", about or f"{DOCS}.")
    if kind == "too_short":
        return problem("E-CONFIG-VALUE", "the list must not be empty", about or f"{DOCS}.")
    if kind == "string_pattern_mismatch":
        if str(location[-1]) == "table":
            return problem("E-CONFIG-VALUE", "must read 'carried:' and the name of a carried table",
                           "For a table of your own use the key 'file'.")
        return problem("E-CONFIG-VALUE", "is not written as it must be", about or f"{DOCS}.")
    return problem("E-CONFIG-VALUE", "is not valid", about or f"{DOCS}.")


def problems_from(error: ValidationError, root: type[BaseModel], raw: Any, where: str) -> list[Problem]:
    """Every fault that pydantic found, as problems.

    Parameters
    ----------
    error : pydantic.ValidationError
    root : type
        Model that was validated.
    raw : mapping
        What the file said.
    where : str
        File name for the messages.
    """
    found = error.errors(include_url=False, include_input=False)
    # A list whose entries all failed is not an empty list.
    found = [e for e in found if e["type"] != "too_short" or not _look_up(raw, e["loc"])]
    return [_one(e, root, raw, where) for e in found]  # type: ignore[arg-type]
