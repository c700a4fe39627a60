"""Names that no scheme gives: what can be told of why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from recctl.naming.engine import SCHEMES, identify
from recctl.naming.engine.causes import explain_name
from recctl.project import Place, Rename
from tests.builders import read, record

if TYPE_CHECKING:
    from collections.abc import Sequence

OLD_ID = "tests/acme/test_chat.py::test_reply[acme_client-small]"
NEW_ID = "tests/zeta/test_chat.py::test_reply[zeta_client-small]"
ACME = Rename("acme", "zeta")


def ask(content: Any, test_id: str | None = OLD_ID, url: str = "http://acme/v1/chat") -> dict[str, Any]:
    document = record({}, url=url)
    document["request"]["body"] = {"content": content}
    return {**document, "test_id": test_id}


def name_by(scheme_name: str, document: dict[str, Any]) -> str:
    scheme = next(scheme for scheme in SCHEMES if scheme.name == scheme_name)
    name = identify(read(document), Place("", "x.json"), scheme).wanted
    assert name is not None
    return name


def cause(
    was: dict[str, Any], now: dict[str, Any], renames: Sequence[Rename] = (ACME,), by: str = "ogx-2026-04"
) -> str | None:
    """The cause that is told of a recording that was named as one document and has become another."""
    return explain_name(read(now), Place("", name_by(by, was)), renames)


def test_a_name_that_a_scheme_gives_needs_no_cause() -> None:
    assert cause(ask("Hello"), ask("Hello")) is None
    assert cause(ask("Hello"), ask("Hello"), by="ogx-2025-07") is None


def test_a_draft_comes_before_all_else() -> None:
    document = ask("1.123456789")
    told = cause(document, document, by="draft-floats6")
    assert told == "draft-floats6, which was never released, gave it this name"


@pytest.mark.parametrize(
    ("was", "now", "parts"),
    [
        (ask("Hello"), ask("Hello", NEW_ID), "test_id"),
        (ask("Hello"), ask("Hello", NEW_ID, "http://zeta/v1/chat"), "test_id"),  # the host is not hashed
        (ask("Hello", url="http://x/acme/chat"), ask("Hello", url="http://x/zeta/chat"), "url"),
        (ask("I am acme."), ask("I am zeta."), "body"),
        (ask({"acme": ["acmes"]}), ask({"zeta": ["zetas"]}), "body"),
        (ask("I am acme."), ask("I am zeta.", NEW_ID), "test_id, body"),
        (ask("a real zeta"), ask("a real zeta", NEW_ID), "test_id"),
    ],
)
def test_a_rename_is_undone_where_it_gives_the_name_back(
    was: dict[str, Any], now: dict[str, Any], parts: str
) -> None:
    assert cause(was, now) == f"before acme became zeta ({parts}), ogx-2026-04 gave it this name"
    assert cause(was, now, [Rename("acme", "beta")]) is None
    assert cause(was, now, []) is None


def test_the_test_of_an_http_request_is_in_the_request() -> None:
    def post(test_id: str) -> dict[str, Any]:
        request = {"test_id": test_id, "url": "http://x/v1/messages", "method": "POST", "payload": {}}
        return {"request": request, "response": {}}

    told = cause(post(OLD_ID), post(NEW_ID))
    assert told == "before acme became zeta (test_id), ogx-2026-04 gave it this name"


def test_several_renames_may_have_met_in_one_recording() -> None:
    renames = [ACME, Rename("acme-co", "zeta"), Rename("Acme", "Zeta"), Rename("small", "large")]
    told = cause(ask("Acme and acme"), ask("Zeta and zeta"), renames)
    assert told == "before acme became zeta and Acme became Zeta (body), ogx-2026-04 gave it this name"
    told = cause(ask("Acme and acme-co"), ask("Zeta and zeta"), renames)
    assert told == "before acme-co became zeta and Acme became Zeta (body), ogx-2026-04 gave it this name"
    assert cause(ask("acme and acme-co"), ask("zeta and zeta"), renames) is None  # not told apart any more


def test_a_rename_may_lead_back_to_an_older_scheme_or_a_draft() -> None:
    told = cause(ask("acme"), ask("zeta"), by="ogx-2025-07")
    assert told == "before acme became zeta (body), ogx-2025-07 gave it this name"
    told = cause(ask("acme 1.123456789"), ask("zeta 1.123456789"), by="draft-floats6")
    assert told == "before acme became zeta (body), draft-floats6 gave it this name"


def test_any_number_of_renames_comes_to_an_end() -> None:
    renames = [Rename(f"old{number}.", f"new{number}.") for number in range(60)]
    before = ask(" ".join(old for old, _ in renames))
    after = ask(" ".join(new for _, new in renames))
    assert cause(ask("Hello"), after, renames) is None
    told = cause(before, after, renames)
    assert told is not None
    assert told.startswith("before old0. became new0. and old1. became new1. and ")
    only_last = ask(" ".join([*(new for _, new in renames[:-1]), "old59."]))
    assert cause(only_last, after, renames) == (
        "before old59. became new59. (body), ogx-2026-04 gave it this name"
    )


def test_a_rename_that_makes_no_difference_is_not_named() -> None:
    renames = [ACME, Rename("Acme", "Zeta"), Rename("host", "hostess")]
    told = cause(ask("Acme, acme", url="http://host/v1"), ask("Zeta, zeta", url="http://hostess/v1"), renames)
    assert told == "before acme became zeta and Acme became Zeta (body), ogx-2026-04 gave it this name"


def test_a_test_id_may_have_come_later() -> None:
    told = cause(ask("Hello", None), ask("Hello"))
    assert told == "without its test_id, ogx-2026-04 gives it this name"


def test_a_test_id_may_be_lost() -> None:
    now = ask("Hello")
    del now["test_id"]
    told = "its test_id is missing, which is part of every name of this length"
    assert cause(ask("Hello"), now) == told
    assert cause(ask("Hi"), ask("Hello", None)) is None  # null is an answer
    assert cause(ask("Hi"), now, by="ogx-2025-07") is None  # short names have none


def test_of_what_was_edited_otherwise_nothing_is_told() -> None:
    assert cause(ask("Hi"), ask("Hello")) is None


@pytest.mark.parametrize("request_", [{}, {"file_id": "file-1", "api": "file_processors"}])
def test_of_what_cannot_be_judged_nothing_is_told(request_: dict[str, Any]) -> None:
    recording = read({"test_id": OLD_ID, "request": request_, "response": {}})
    assert explain_name(recording, Place("", f"{'0' * 64}.json"), [ACME]) is None
