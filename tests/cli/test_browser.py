"""The page of recordings in a real browser, where one is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import find_browser, try_page, write_page

if TYPE_CHECKING:
    from pathlib import Path


def test_the_page_opens_is_searched_and_goes_by_keys_and_links(tmp_path: Path) -> None:
    program = find_browser()
    if program is None:
        pytest.skip("no browser is installed")
    write_page(tmp_path / "page.html")
    trial = try_page(tmp_path / "page.html", program)
    assert trial.faults == ()
    assert all(drawn.startswith(b"\x89PNG") for drawn in trial.pictures.values())
