"""`recctl help`: a page as Markdown in a pipe, laid out on a terminal, and a list of all pages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recctl.cli.app import COMMANDS
from recctl.manual import list_pages
from recctl.render.kit.view import View
from recctl.render.manual import render_page

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_a_page_is_printed_as_it_is_written(run: Run) -> None:
    (page,) = (page for page in list_pages() if page.topic == "mv")
    outcome = run("help", "mv")
    assert (outcome.code, outcome.out, outcome.err) == (0, page.text, "")


def test_all_pages_are_listed_with_what_they_are_about(run: Run) -> None:
    outcome = run("help")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    topics = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert topics == [page.topic for page in list_pages()]
    assert max(map(len, lines)) <= 80
    assert (
        "mv             Lets recordings follow a test, a file or a folder of tests to its\n"
        "               new name.\n" in outcome.out
    )


def test_a_page_that_is_not_there_is_told_with_what_was_meant(run: Run) -> None:
    outcome = run("help", "drif")
    assert (outcome.code, outcome.err) == (
        2,
        "error: there is no page on 'drif'\nhint: did you mean 'drift'?\n",
    )


def test_on_a_terminal_a_page_is_laid_out_within_its_width() -> None:
    view = View(width=60)
    for page in list_pages():
        text = "".join(render_page(page, view))
        assert "\x1b" not in text
        assert "<!--" not in text
        assert max(map(len, text.splitlines())) <= 60
    (page,) = (page for page in list_pages() if page.topic == "mv")
    coloured = "".join(render_page(page, replace(view, color=True)))
    assert "\x1b[1;4mrecctl mv\x1b[0m" in coloured


def test_what_each_command_does_fits_into_its_line_of_the_list(run: Run) -> None:
    listed = run("--help").out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == list(COMMANDS)
    assert [line for line in listed if line.endswith("...") or len(line) > 80] == []
