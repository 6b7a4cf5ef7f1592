"""A configuration as TOML text, defaults included and marked."""

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def _quoted(text: str) -> str:
    body = "".join(
        _ESCAPES.get(c, c if ord(c) >= 32 and ord(c) != 127 else f"\\u{ord(c):04x}") for c in text)
    return f'"{body}"'


def _key(text: str) -> str:
    return text if text and set(text) <= _BARE else _quoted(text)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return _quoted(value.isoformat())
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(str(k))} = {_value(v)}" for k, v in value.items() if v is not None)
        return "{ " + inner + " }" if inner else "{}"
    raise TypeError(f"a {type(value).__name__} has no place in a configuration")


def _lines(model: BaseModel, skip: tuple[str, ...] = ()) -> list[str]:
    """``key = value`` lines of one table; a key that the writer left out is marked as a default."""
    lines = []
    for name in type(model).model_fields:
        value = getattr(model, name)
        if value is None or name in skip:
            continue
        mark = "" if name in model.model_fields_set else "  # default"
        lines.append(f"{name} = {_value(value)}{mark}")
    return lines


def to_toml(config: BaseModel) -> str:
    """TOML text that reads back to an equal configuration.

    Parameters
    ----------
    config : Config
        Scalars come first, then one table per section, then the list of evidence.

    Returns
    -------
    str
        Ends in a line break. Keys that were filled from defaults carry the comment ``# default``.
    """
    names = list(type(config).model_fields)
    sections = [n for n in names if isinstance(getattr(config, n), BaseModel)]
    blocks = ["\n".join(_lines(config, skip=(*sections, "evidence")))]
    for name in sections:
        section = getattr(config, name)
        blocks.append("\n".join([f"[{name}]", *_lines(section, skip=("priors",))]))
        for prior, override in getattr(section, "priors", {}).items():
            blocks.append("\n".join([f"[{name}.priors.{_key(prior)}]", *_lines(override)]))
    blocks.extend("\n".join(["[[evidence]]", *_lines(entry)]) for entry in getattr(config, "evidence", ()))
    return "\n\n".join(blocks) + "\n"
