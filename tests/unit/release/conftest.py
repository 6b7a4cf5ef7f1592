"""A made-up release, written once for all tests that only look at it."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from content_factory import make_content

from sbc_prevalence.release import ReleaseContent, write_release

MADE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def content() -> ReleaseContent:
    """Made-up content, unrounded."""
    return make_content()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, content: ReleaseContent) -> Path:
    """A written release; tests must not change it."""
    return write_release(tmp_path_factory.mktemp("releases") / "made-up", content, created=MADE,
                         internal={"fit.nc": lambda path: path.write_bytes(b"made up")})
