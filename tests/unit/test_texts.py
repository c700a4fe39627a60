"""Texts that are kept: for that content, that kind of file and that recctl; and not without end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from recctl.textconv import texts
from recctl.textconv.texts import count_misses, forget_texts, keep_text, read_text

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sets HOME")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/recctl/texts"


def test_a_text_is_that_of_a_content_and_of_a_kind_of_file() -> None:
    assert read_text("a.json", b"{}") is None
    assert keep_text("a.json", b"{}", b"text")
    assert read_text("/elsewhere/git-blob-x/b.json", b"{}") == b"text"
    assert read_text("a.yaml", b"{}") is None
    assert read_text("a.json", b"{} ") is None
    forget_texts()
    assert read_text("a.json", b"{}") is None


def test_another_recctl_has_other_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("inner/a.py", "b.py"):
        (tmp_path / "package" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "package" / name).write_text("1")
    monkeypatch.setattr(texts, "_PACKAGE", str(tmp_path / "package"))
    assert keep_text("a.json", b"{}", b"text")
    (tmp_path / "package/inner/a.py").write_text("20")
    assert read_text("a.json", b"{}") is None


def test_what_others_could_have_written_is_not_read(folder: Path) -> None:
    assert keep_text("a.json", b"{}", b"text")
    (text,) = folder.iterdir()
    text.chmod(0o644)
    assert read_text("a.json", b"{}") is None
    text.chmod(0o600)
    assert read_text("a.json", b"{}") == b"text"
    folder.chmod(0o777)
    assert read_text("a.json", b"{}") is None
    assert not keep_text("b.json", b"{}", b"text")
    folder.chmod(0o700)
    text.rename(folder / "other")
    text.symlink_to(folder / "other")
    assert read_text("a.json", b"{}") is None


def test_a_folder_of_the_current_one_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", os.path.abspath("."))  # noqa: PTH100
    assert not keep_text("a.json", b"{}", b"text")


def test_misses_are_counted_while_they_follow_each_other(folder: Path) -> None:
    assert count_misses() == 0  # there is no folder to count in
    keep_text("a.json", b"{}", b"text")
    assert [count_misses(), count_misses()] == [1, 2]
    os.utime(folder / "misses", (0, 0))
    assert count_misses() == 1
    (folder / "misses").write_bytes(b"many")
    assert count_misses() == 1


def test_the_oldest_texts_go_when_there_are_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_ROOM", 3 * 4096)
    monkeypatch.setattr(texts, "_identify_sources", lambda: b"a version")
    for number in range(2000):
        assert keep_text("a.json", b"%d" % number, b"text")
        if len(list(folder.iterdir())) < number + 1:
            break
    assert len(list(folder.iterdir())) == 4  # those that there is room for, and the one that came after
    assert read_text("a.json", b"%d" % number) == b"text"
