"""What is printed in a build: nothing in it that the program which runs the build would obey."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.input.sources import _unquote
from recctl.render.kit.log import disarm, disarm_pieces, goes_to_log, make_line
from recctl.render.kit.terminal import quote_path

if TYPE_CHECKING:
    from pathlib import Path

RUNNERS = {"GITHUB_ACTIONS": "true", "TF_BUILD": "True", "TEAMCITY_VERSION": "2025.07"}

ORDERS = [":", "::", "#", "##", "[", "##[", "##vso[", "##TeamCity[", "::error::", "set-output name=x", "]"]
OTHERS = [" ", "\t", "\n", "\u3000", "\u00ad", "\u200d", "\x1b[1m", "\\", '"', "é", "x"]
TEXTS = st.lists(st.sampled_from([*ORDERS, *OTHERS]), max_size=12).map("".join)


def find_orders(text: str) -> list[str]:
    """The lines that a runner obeys, after the sources of each; what comparing leaves out is left out."""
    seen = "".join(character for character in text if character not in "\u00ad\u200d").lower()
    return [
        line
        for line in seen.split("\n")
        if line.strip().startswith("::") or any(mark in line for mark in ("##[", "##vso[", "##teamcity["))
    ]


@given(TEXTS)
def test_no_text_gives_an_order(text: str) -> None:
    assert find_orders(disarm(text)) == []


@given(TEXTS)
def test_text_that_gives_none_stays_as_it_is(text: str) -> None:
    if not find_orders(text) and "\x1b" not in text:
        assert disarm(text) == text


@given(TEXTS, st.integers(1, 5))
def test_pieces_need_not_be_lines(text: str, size: int) -> None:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert "".join(disarm_pieces(pieces, "text")) == disarm(text)


@given(TEXTS)
def test_json_is_equal(text: str) -> None:
    document = json.dumps({"::": [text, {text: 1}]}, indent=1, ensure_ascii=False)
    printed = "".join(disarm_pieces([document], "json"))
    assert find_orders(printed) == []
    assert json.loads(printed) == json.loads(document)


@given(st.lists(TEXTS.filter(lambda text: text not in ("", ".") and "\r" not in text), max_size=4))
def test_paths_are_read_back(paths: list[str]) -> None:
    printed = "".join(disarm_pieces([f"{quote_path(path)}\n" for path in paths], "paths"))
    assert find_orders(printed) == []
    assert read_back(printed) == paths


def read_back(printed: str) -> list[str]:
    return [os.fsdecode(_unquote(line)) for line in os.fsencode(printed).split(b"\n") if line]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::set-output name=x::y", "\\x3a:set-output name=x::y"),
        ("  \u3000::add-mask::y\nx ::error::y", "  \u3000\\x3a:add-mask::y\nx ::error::y"),
        ("said ##[add-mask]y", "said \\x23#[add-mask]y"),
        ("##vso[task.setvariable variable=x]y", "\\x23#vso[task.setvariable variable=x]y"),
        ("##teamcity[publishArtifacts 'x']", "\\x23#teamcity[publishArtifacts 'x']"),
        ("# ## a::b :: c [x] ###", "# ## a::b :: c [x] ###"),
    ],
)
def test_what_is_obeyed_is_escaped(text: str, shown: str) -> None:
    assert disarm(text) == shown


def test_a_line_is_one_and_only_changed_in_a_build(monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_line("::x\r::y") == "::x\\x0d::y"
    monkeypatch.setenv("TF_BUILD", "True")
    assert make_line("::x\r::y") == "\\x3a:x\\x0d::y"


@pytest.mark.parametrize("runner", RUNNERS)
def test_only_what_can_get_into_a_log_is_changed(
    runner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not goes_to_log(None)
    monkeypatch.setenv(runner, RUNNERS[runner])
    (tmp_path / "there").touch()
    assert all(goes_to_log(output) for output in (None, "-", "/dev/stdout", "/dev/null"))
    assert not any(goes_to_log(str(tmp_path / name)) for name in ("new", "there", "no/folder"))
