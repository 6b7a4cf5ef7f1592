"""The Python of the pages on lists and grouped codes runs, and says what the pages say."""

import re
from pathlib import Path

import pytest

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
SAID = {"overlapping-lists.md": ("571.8", "565.2 to 579.3", "582 (95% 564 to 682)", "589 (95% 568 to 665)",
                                 "599 (95% 569 to 717)"),
        "grouped-codes.md": ("1.88", "1.35", "1.23")}


@pytest.mark.parametrize("page", list(SAID))
def test_the_python_of_a_page_gives_the_numbers_of_the_page(page, capsys):
    for block in re.findall(r"```python\n(.*?)```", (HOW_TO / page).read_text("utf-8"), flags=re.DOTALL):
        exec(block, {})
    printed = capsys.readouterr().out
    assert [words for words in SAID[page] if words not in printed] == []
