"""Benchmarks: what is timed, compared within one run, and written beside without naming the machine."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

NAMES_A_MACHINE = ("node", "python_compiler", "release")


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """Leave out what names a machine or an account."""
    del config
    for key in NAMES_A_MACHINE:
        machine_info.pop(key, None)
    if isinstance(cpu := machine_info.get("cpu"), dict):
        machine_info["cpu"] = {k: cpu[k] for k in ("arch", "count", "brand_raw") if k in cpu}


def pytest_benchmark_update_json(config: pytest.Config, benchmarks: Any, output_json: dict[str, Any]) -> None:
    """Keep the statistics, not every single timing."""
    del config, benchmarks
    for found in output_json["benchmarks"]:
        found["stats"].pop("data", None)
