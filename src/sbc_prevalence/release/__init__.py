"""What leaves the building: rounded tables, figures, the report, the manifest; and reading them again."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sbc_prevalence.release.content import BANNER, ReleaseContent
    from sbc_prevalence.release.folder import write_release
    from sbc_prevalence.release.read import Release, ReleasedQuantity, read_release

# Loaded when first asked for: reading a release must not load the drawing of figures.
_HOME = {
    "BANNER": "content", "ReleaseContent": "content", "write_release": "folder", "Release": "read",
    "ReleasedQuantity": "read", "read_release": "read",
}

__all__ = ["BANNER", "Release", "ReleaseContent", "ReleasedQuantity", "read_release", "write_release"]


def __getattr__(name: str) -> Any:
    """Import a public name from its file."""
    if name not in _HOME:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
