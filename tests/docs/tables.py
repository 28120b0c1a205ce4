"""Reading the tables of the documentation, so that tests can hold them against the code."""

import re
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"

_CODE = re.compile(r"`([^`]*)`")


def table(page: str, heading: str) -> Iterator[list[str]]:
    """The rows of the table in docs/*page* whose first column is called *heading*.

    Raises ValueError if there is none.
    """
    lines = (DOCS / page).read_text("utf-8").splitlines()
    starts = [at for at, line in enumerate(lines) if line.startswith(f"| {heading} |")]
    if len(starts) != 1:
        raise ValueError(f"{page} has {len(starts)} tables of {heading!r}, not one")
    for line in lines[starts[0] + 2 :]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def code(cell: str) -> str:
    """The first code in a cell, or nothing."""
    found = _CODE.search(cell)
    return found[1] if found else ""
