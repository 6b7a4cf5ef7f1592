"""The example of the how-to page prints what the page says."""

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "incomplete-registrations.md"


def test_the_two_phase_example_prints_what_stands_beside_it():
    text = PAGE.read_text("utf-8")
    ((code, said),) = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", text, flags=re.DOTALL)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, {})
    assert printed.getvalue() == said
