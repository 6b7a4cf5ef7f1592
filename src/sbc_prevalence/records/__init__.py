"""Patient records in, checked cells out. The only room that sees an engine (DuckDB, Spark); imports are lazy."""

from importlib import import_module
from typing import Any

__all__ = [
    "CaseDefinition",
    "Cases",
    "RecordMapping",
    "RecordReport",
    "Records",
    "apply_mapping",
    "check_records",
    "define_cases",
    "link_sources",
    "load_mapping",
    "open_records",
    "preset",
    "presets",
    "simulate_registry",
    "tabulate",
    "validate_records",
]

_HOMES = {
    "CaseDefinition": "definition",
    "Cases": "definition",
    "define_cases": "definition",
    "RecordMapping": "mapping",
    "load_mapping": "mapping",
    "preset": "mapping",
    "presets": "mapping",
    "apply_mapping": "apply",
    "check_records": "checks",
    "Records": "engine",
    "open_records": "engine",
    "link_sources": "link",
    "RecordReport": "validation",
    "validate_records": "validation",
    "simulate_registry": "simulate",
}


def __getattr__(name: str) -> Any:
    if name == "tabulate":
        return import_module("sbc_prevalence.records.tabulate")
    if name in _HOMES:
        return getattr(import_module(f"sbc_prevalence.records.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
