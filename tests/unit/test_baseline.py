"""Baselines that are read: whatever is in them, the answer is a comparison or one clear line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recctl.base.errors import RecctlError
from recctl.checks.baseline import compare_with_baseline, read_baseline
from recctl.checks.finding import CheckReport

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = "recctl.baseline.v2"
NOTHING = CheckReport(0, 0, (), ())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("a\0b") | st.just("x" * 5000),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
ITEMS = st.fixed_dictionaries({"path": JSON, "rule": JSON, "at": JSON})


@example(document={"version": VERSION, "findings": [{"path": "", "rule": "", "at": ""}]})  # it is there
@given(
    document=JSON | st.fixed_dictionaries({"version": st.just(VERSION), "findings": st.lists(ITEMS | JSON)})
)
def test_any_document_is_a_baseline_or_none(document: Any) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "baseline.json"
        path.write_text(json.dumps(document))
        try:
            compared = compare_with_baseline(NOTHING, path, ())
        except RecctlError as error:
            told = (error.message, error.hint)
            assert told == (
                f"{path}: not a baseline",
                f"write it anew: recctl validate --write-baseline {path}",
            )
        else:
            known = {tuple(item.values()) for item in document["findings"]}
            there = {item for item in known if os.path.exists(os.path.join(folder, item[0]))}  # noqa: PTH110, PTH118  (as in recctl)
            assert set(compared.fixed) == known - there


CONTENT: dict[str, Callable[[], bytes]] = {
    "nothing": bytes,
    "no text": lambda: b"\xff\xfe\x00",
    "lists without end": lambda: b"[" * 100_000,
    "a number of 5,000 digits": lambda: b"1" * 5000,
}


@pytest.mark.parametrize("kind", CONTENT)
def test_what_is_no_document_is_none(tmp_path: Path, kind: str) -> None:
    (tmp_path / "baseline.json").write_bytes(CONTENT[kind]())
    with pytest.raises(RecctlError, match=r"baseline\.json: not a baseline"):
        read_baseline(tmp_path / "baseline.json")
