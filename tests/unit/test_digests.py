"""Hashes are the standard library's, whichever implementation they come from."""

from __future__ import annotations

import hashlib
import sys

import pytest

from recctl.base.digests import blake2b, sha256


@pytest.mark.parametrize("size", [0, 3, (1 << 13) - 1, 1 << 13, 1 << 20])
def test_a_sha256_is_the_same_with_and_without_hashlib(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"recording " * size
    expected = hashlib.sha256(content[:size]).hexdigest()
    assert sha256(content[:size]) == expected
    monkeypatch.delitem(sys.modules, "hashlib")
    assert sha256(content[:size]) == expected


def test_a_sha256_is_the_same_where_python_lacks_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = hashlib.sha256(b"abc").hexdigest()
    for name in ("_sha2", "_sha256"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "hashlib")
    assert sha256(b"abc") == expected


def test_a_keyed_blake2b_is_the_one_of_hashlib() -> None:
    ours, theirs = (made(b"content", key=b"k" * 32, digest_size=32) for made in (blake2b, hashlib.blake2b))
    assert ours.digest() == theirs.digest()
