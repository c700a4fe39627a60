"""Named tuples are those of `typing`, whoever defines them."""

from __future__ import annotations

import pickle
import typing

import pytest

from recctl.base import values


class Quick(values.NamedTuple):
    """A pair."""

    left: int
    right: str = "b"

    @property
    def both(self) -> str:
        """Both."""
        return f"{self.left}{self.right}"

    @classmethod
    def of(cls, left: int) -> Quick:
        return cls(left)


class Plain(typing.NamedTuple):
    """A pair."""

    left: int
    right: str = "b"


def test_a_named_tuple_is_as_one_of_typing() -> None:
    quick, plain = Quick(1), Plain(1)
    assert tuple(quick) == tuple(plain) == (1, "b")
    assert (quick.both, Quick.of(2).left, Quick.__qualname__) == ("1b", 2, "Quick")
    assert repr(quick._replace(right="c")) == "Quick(left=1, right='c')"
    assert quick._asdict() == plain._asdict()
    for name in ("__doc__", "__module__", "_fields", "_field_defaults", "__match_args__", "__bases__"):
        assert getattr(Quick, name) == getattr(Plain, name)
    assert pickle.loads(pickle.dumps(quick)) == quick  # noqa: S301  (made here)
    with pytest.raises(AttributeError):
        quick.left = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        Quick()  # type: ignore[call-arg]
