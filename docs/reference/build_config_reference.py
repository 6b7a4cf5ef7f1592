"""Writes docs/reference/config.md from the classes that read the configuration.

Run it after a key has changed: python docs/reference/build_config_reference.py
"""

import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from sbc_prevalence.config.document import Config
from sbc_prevalence.config.entries import (
    ENTRY_TYPES,
    Accuracy,
    CompletenessStepEntry,
    Dependence,
    EvidenceEntry,
    KnownCompleteness,
    LogitNormalCompleteness,
    Loss,
)
from sbc_prevalence.config.records import FromRecords, RecordSourceSection, RecordsSection
from sbc_prevalence.config.scenarios import CompletenessScenario
from sbc_prevalence.config.sections import AreaItem, PriorOverride
from sbc_prevalence.config.trust import TrustCompleteness, TrustConfig, TrustReport

INTRODUCTION = """\
# The configuration file

One TOML file is one annual run. It is strict: an unknown key, a text where a number belongs, a file that does
not exist or years out of order are refused, all of them in one list, before anything is sampled. Paths are
relative to the folder of the file. `.venv/bin/sbc-prevalence init DIR` writes a commented file to start from; the two
files that the package carries, `scotland` and `uk-nations`, are complete examples. Every release holds the
configuration it was made with, the defaults filled in and marked.

In messages the pieces of evidence are counted from 1 in the order of the file: `evidence[2].as_of` is the key
`as_of` of the second `[[evidence]]` table.

This page is written by `docs/reference/build_config_reference.py` from the program itself; a test checks that
it is up to date.
"""

_WORDS = {int: "whole number", float: "number", str: "text", bool: "true or false"}


def _plain(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _type(annotation: Any) -> str:
    """An annotation in words."""
    annotation = _plain(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [_plain(a) for a in get_args(annotation) if a is not type(None)]
        return " or ".join(dict.fromkeys(_type(p) for p in parts))
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{a!r}`".replace("'", '"') for a in get_args(annotation))
    if get_origin(annotation) is tuple:
        return f"list of {_type(get_args(annotation)[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    if get_args(annotation):
        return "tables"
    return _WORDS.get(annotation, "day, `YYYY-MM-DD`")


def _default(field: Any) -> str:
    value = field.default
    if field.is_required():
        return "required"
    if value is PydanticUndefined or isinstance(value, BaseModel):
        return "the defaults below"
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{v}"' if isinstance(v, str) else repr(v) for v in value) + "]`"
    if isinstance(value, str):
        return f'`"{value}"`'
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value!r}`"


def _table(model: type[BaseModel], skip: tuple[str, ...] = ()) -> str:
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    rows += [f"| `{name}` | {_type(field.annotation)} | {_default(field)} | {field.description} |"
             for name, field in model.model_fields.items() if name not in skip]
    return "\n".join(rows)


def page() -> str:
    """The whole reference page."""
    sections = [n for n, f in Config.model_fields.items()
                if isinstance(f.annotation, type) and issubclass(f.annotation, BaseModel)]
    parts = [INTRODUCTION, "## Top of the file\n", _table(Config, skip=(*sections, "evidence", "records")) + "\n"]
    for name in sections:
        section = Config.model_fields[name].annotation
        words = " ".join((section.__doc__ or "").split())
        parts += [f"## `[{name}]`\n", words + "\n", _table(section) + "\n"]
        if name == "areas":
            parts += ["Exactly one of `table`, `file` and `list` is given. Each entry of `list`:\n",
                      _table(AreaItem) + "\n"]
        if name == "scenarios":
            parts += ["Each `[[scenarios.completeness]]` table:\n", _table(CompletenessScenario) + "\n"]
        if name == "model":
            parts += ["### `[model.priors.PARAMETER]`\n",
                      "`source` or `reason` is needed. Names of parameters are checked when the model is "
                      "built.\n",
                      _table(PriorOverride) + "\n"]
    about = " ".join((RecordsSection.__doc__ or "").split())
    parts += ["## `[records]`\n",
              f"{about} Only where an entry asks for them; see "
              "[from records to a release](../how-to/from-records-to-a-release.md).\n",
              _table(RecordsSection) + "\n", "### `[records.sources.NAME]`\n",
              " ".join((RecordSourceSection.__doc__ or "").split()) + "\n", _table(RecordSourceSection) + "\n"]
    parts += ["## `[[evidence]]`\n",
              "One table for each piece of evidence; the columns of the files are in "
              "[evidence-tables.md](evidence-tables.md). Exactly one of `table`, `file` and `records` is given. Keys of "
              "every kind (`kind` itself is required):\n",
              _table(EvidenceEntry, skip=("kind",)) + "\n",
              "`records = { ... }`, evidence made from patient records:\n", _table(FromRecords) + "\n",
              "Options of single kinds:\n"]
    common = tuple(EvidenceEntry.model_fields)
    for kind, entry in ENTRY_TYPES.items():
        words = " ".join((entry.__doc__ or "").split())
        parts.append(f"### `kind = \"{kind}\"`\n\n{words}\n")
        own = [name for name in entry.model_fields if name not in common]
        parts.append((_table(entry, skip=common) if own else "No options of its own.") + "\n")
        if kind == "registrations":
            parts += ["`completeness = { kind = \"known\", ... }`, the only way to say that nothing is "
                      "missed:\n", _table(KnownCompleteness) + "\n",
                      "`completeness = { kind = \"logit_normal\", ... }`:\n",
                      _table(LogitNormalCompleteness) + "\n",
                      "Each entry of `steps`:\n", _table(CompletenessStepEntry) + "\n",
                      "`lost`: either `value`, or `median`, `lower95` and `upper95`:\n", _table(Loss) + "\n"]
        if kind == "overlapping_lists":
            parts += ["`dependence = { ... }`, normal on the scale of the log odds ratio:\n", _table(Dependence) + "\n"]
        if kind == "living_counts":
            parts += ["`sensitivity` and `specificity`: either `value`, or both `found` and `of`:\n",
                      _table(Accuracy) + "\n"]
    parts += ["## A trust's own number: `trust.toml`\n",
              "A file of its own; see [a trust's own number](../how-to/a-trusts-own-number.md).\n",
              _table(TrustConfig, skip=("completeness", "report")) + "\n", "### `[completeness]` of a trust\n",
              " ".join((TrustCompleteness.__doc__ or "").split()) + "\n", _table(TrustCompleteness) + "\n",
              "### `[report]` of a trust\n", _table(TrustReport) + "\n"]
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("config.md").write_text(page(), encoding="utf-8")
