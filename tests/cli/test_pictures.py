"""The pictures of the README are what recctl prints: `python -m tests.pictures` makes them anew."""

from __future__ import annotations

import os
import re

import pytest

from tests.cli.conftest import CHECKOUT

if os.name != "posix":
    pytest.skip("a terminal is imitated as on Unix", allow_module_level=True)

from tests.pictures import FOLDER, PICTURES, draw


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_what_is_printed(name: str) -> None:
    for file, text in draw(name).items():
        assert read_words((FOLDER / file).read_text()) == read_words(text), "python -m tests.pictures"


def read_words(picture: str) -> str:
    """What a picture says: how it is drawn may differ with the version of the library that draws."""
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", picture, flags=re.DOTALL).split())


def test_every_picture_of_the_readme_is_there() -> None:
    named = re.findall(r"\.github/pictures/[\w.-]+", (CHECKOUT / "README.md").read_text())
    assert named
    assert all((CHECKOUT / name).is_file() for name in named)
