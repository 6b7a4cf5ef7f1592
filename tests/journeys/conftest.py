"""A copy of the designs of the recovery study, for tests that spoil one."""

import shutil
from pathlib import Path

import pytest
from spoilt_designs import DESIGNS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the designs that may be spoilt."""
    return Path(shutil.copytree(DESIGNS, tmp_path / "designs"))
