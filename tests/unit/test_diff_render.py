"""How comparisons are told: word by word, in columns, in ten lines, in Markdown that nothing gets out of."""

from __future__ import annotations

import os
import random
import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.diff import Change, ComparedPair, ComparedSide, Comparison, FoundRename, PairVerdict, SharedChange
from recctl.diff.words import TextStretch, compare_words
from recctl.recordings.source import Unread
from recctl.render import list_formats
from recctl.render.changes.columns import lay_side_by_side
from recctl.render.changes.folding import fold_same
from recctl.render.comparison import ComparisonView, find_renderer
from recctl.render.kit.markdown import MOST_CHARACTERS
from recctl.render.kit.terminal import Span, render_lines

WORDS = st.lists(
    st.sampled_from(["one", "two", "three", " ", "\n", ".", "\x1b", "\u4e2d", "\ud800", "`"])
).map("".join)


def side(name: str, test_id: str | None = "tests/test_x.py::test_y") -> ComparedSide:
    return ComparedSide(name, test_id, "/v1/chat/completions", "small", found=True)


def pair(
    *changes: Change, verdict: PairVerdict = PairVerdict.WORDING, name: str = "x.json", **more: Any
) -> ComparedPair:
    """A pair of files of the same name."""
    told = ComparedPair(side(name), side(name), verdict, "same", "same", "kept", "the same path", changes, 0)
    return told._replace(**more)


def comparison(*pairs: ComparedPair, identical: int = 0, shared: tuple[SharedChange, ...] = ()) -> Comparison:
    return Comparison(pairs, identical, shared)


def show(compared: Comparison, name: str = "text", view: ComparisonView | None = None) -> str:
    return "".join(find_renderer(name)(compared, view or ComparisonView()))


def reworded(left: str, right: str, label: str = "reply") -> Change:
    return Change("/response/choices/0/message/content", "wording", left, right, label)


# --- word by word -------------------------------------------------------------------------------------------


def mark(left: str, right: str) -> str:
    """Two texts in one, as the text format does it."""
    pieces = compare_words(left, right)
    assert pieces is not None
    return "".join(
        piece.left
        if piece.is_same
        else f"[-{piece.left}-]" * bool(piece.left) + f"{{+{piece.right}+}}" * bool(piece.right)
        for piece in pieces
    )


@pytest.mark.parametrize(
    ("left", "right", "marked"),
    [
        ("the sun", "the moon", "the [-sun-]{+moon+}"),
        ("the sun.", "the sun!", "the sun[-.-]{+!+}"),
        ("a b c d e f", "a x y d e f", "a [-b c-]{+x y+} d e f"),
        ("one two", "one and two", "one {+and +}two"),
        ("one and two", "one two", "one [-and -]two"),
        ("same end", "other same end", "{+other +}same end"),
        ("one\ntwo", "one\nthree", "one\n[-two-]{+three+}"),
        ("a  b", "a b", "a[-  -]{+ +}b"),
        ("score: 0.25, ok", "score: 0.125, ok", "score: [-0.25-]{+0.125+}, ok"),
        ("at 12:30.", "at 12:45.", "at [-12:30-]{+12:45+}."),
        (
            "cite it as <|file-62515096040|>",
            "cite it as <|file-62515096041|>",
            "cite it as <|[-file-62515096040-]{+file-62515096041+}|>",
        ),
        (
            "it is in 439dd3a0-1c4f-4f5e-9a55-8d1f0a8b7c6d, which is small",
            "it is in 439dd3a0-1c4f-4f5e-9a55-8d1f0a8b7c6e, which is small",
            (
                "it is in [-439dd3a0-1c4f-4f5e-9a55-8d1f0a8b7c6d-]{+439dd3a0-1c4f-4f5e-9a55-8d1f0a8b7c6e+}, "
                "which is small"
            ),
        ),
    ],
)
def test_words_that_changed_are_told_apart(left: str, right: str, marked: str) -> None:
    assert mark(left, right) == marked


def test_texts_with_little_in_common_are_not_compared_by_words() -> None:
    assert compare_words("Paris is the capital", "quite another thing") is None


@given(WORDS, WORDS)
def test_pieces_add_up_to_the_texts(left: str, right: str) -> None:
    pieces = compare_words(left, right)
    if pieces is not None:
        assert "".join(piece.left for piece in pieces) == left
        assert "".join(piece.right for piece in pieces) == right
        kinds = [piece.is_same for piece in pieces]
        assert all(one != other for one, other in pairwise(kinds))


def test_a_few_words_of_a_long_text_are_found() -> None:
    """Of a text in which each word stands often, and blanks everywhere."""
    draw = random.Random(1)  # noqa: S311  (nobody guesses)
    before = [f"w{draw.randrange(300)}" for _ in range(2000)]
    after = [*before]
    for place in (5, 1000, 1995):
        after[place] = f"new{place}"
    pieces = compare_words(" ".join(before), " ".join(after))
    assert pieces is not None
    assert [piece for piece in pieces if not piece.is_same] == [
        TextStretch(before[place], f"new{place}") for place in (5, 1000, 1995)
    ]


def test_long_texts_that_differ_everywhere_take_no_time() -> None:
    left, right = " ".join("ab" * 10_000), " ".join("ba" * 10_000)
    assert compare_words(left, right) is None


def test_what_is_the_same_is_folded_to_a_few_words() -> None:
    before, after = " ".join(f"w{n}" for n in range(50)), " ".join(f"v{n}" for n in range(50))
    pieces = [
        TextStretch(before, before),
        TextStretch(" old", " new"),
        TextStretch(f" {after} ", f" {after} "),
    ]
    pieces += [TextStretch("gone ", ""), TextStretch("the end", "the end")]
    told = ["".join(piece.left for piece in group) for group in fold_same(pieces)]
    assert told == [
        "… w44 w45 w46 w47 w48 w49 old v0 v1 v2 v3 v4 v5 …",
        "… v44 v45 v46 v47 v48 v49 gone the end",
    ]


# --- text ---------------------------------------------------------------------------------------------------


def test_the_summary_takes_a_dozen_lines_at_most() -> None:
    shared = tuple(
        SharedChange(Change(f"/request/body/k{n}", "request", None, n, f"k{n}"), 9 - n) for n in range(5)
    )
    pairs = [pair(verdict=verdict) for verdict in PairVerdict] * 1200
    pairs += [pair(verdict=PairVerdict.REQUEST, superseded=True), pair(name="y.json")._replace(name="lost")]
    told = show(comparison(*pairs, identical=3, shared=shared), view=ComparisonView())
    assert told.partition("\n\n")[0] == (
        "    1 recording can no longer be found: edited, renamed or moved without re-hashing\n"
        "1,200 replies fail on one side only\n"
        "1,200 replies call tools differently\n"
        "1,200 replies end for another reason\n"
        "1,201 replies are worded differently\n"
        "1,200 lists of models changed\n"
        "1,200 requests changed, and their replies did not\n"
        "      `k0` added in 9, `k1` added in 8, `k2` added in 7, and 2 more such changes\n"
        "    1 recording made again under a new name; the old one is still there\n"
        "1,200 recordings added, 1,200 removed\n"
        "1,200 recordings differ in noise only, 1,203 are identical"
    )


def test_changes_that_many_share_are_told_once() -> None:
    tier = Change("/request/body/service_tier", "request", None, "default", "service_tier")
    pairs = [pair(tier, verdict=PairVerdict.REQUEST, name=name) for name in ("a.json", "b.json")]
    mixed = pair(tier, reworded("It is so.", "It is not so."), name="c.json")
    assert show(comparison(mixed, *pairs, shared=(SharedChange(tier, 3),))) == (
        "1 reply is worded differently\n"
        "2 requests changed, and their replies did not\n"
        "  `service_tier` added in 3\n"
        "\n"
        "tests/       reworded  request only\n"
        "  test_x.py         1             2\n"
        "\n"
        "the same in 3 requests\n"
        '  request service_tier: added "default"\n'
        "\n"
        "wording       tests/test_x.py::test_y\n"
        "  c.json\n"
        "  reply:\n"
        "    It is {+not +}so.\n"
        "  request: 1 change shown above\n"
        "\n"
        "2 more changed only in the ways that are shown above; --name-only lists them\n"
    )


def renamed(old: str, new: str, *changes: Change, is_other_model: bool = False, **more: Any) -> ComparedPair:
    """A pair whose test, or model, got another name."""
    told = Change("/test_id", "request", f"tests/{old}::test_y", f"tests/{new}::test_y", "test id")
    follows = FoundRename(old, new, is_other_model)
    return pair(told, *changes, verdict=PairVerdict.REQUEST)._replace(
        request="changed", follows=follows, **more
    )


def test_a_rename_is_one_line() -> None:
    pairs = [renamed("test_a.py", "test_b.py") for _ in range(142)]
    assert show(comparison(*pairs, identical=3)) == (
        "142 recordings follow `test_a.py` to `test_b.py`\n"
        "  3 recordings are identical\n"
        "\n"
        "tests/       followed\n"
        "  test_x.py       142\n"
        "\n"
        "142 changed only in the ways that are shown above; --name-only lists them\n"
    )


def test_of_many_renames_the_largest_are_told() -> None:
    names = ("a", "a", "a", "b", "b", "c", "d")
    told = show(comparison(*(renamed(f"test_{name}.py", f"{name}.py") for name in names)))
    assert told.partition("\n\n")[0] == (
        "3 recordings follow `test_a.py` to `a.py`\n"
        "2 recordings follow `test_b.py` to `b.py`\n"
        "2 recordings follow other renames"
    )


def test_what_another_model_says_is_no_headline_of_wording() -> None:
    again = renamed("gpt-4o", "gpt-4.1", is_other_model=True, reply="wording")
    pairs = [again._replace(verdict=PairVerdict.WORDING), again._replace(reply="noise")]
    assert show(comparison(*pairs)).partition("\n\n")[0] == (
        "2 recordings re-recorded: `gpt-4o` to `gpt-4.1` (1 worded differently)"
    )


def test_one_that_was_renamed_and_changed_is_told_in_full() -> None:
    more = Change("/request/body/temperature", "request", 0, 1, "temperature")
    assert show(comparison(renamed("test_a.py", "test_b.py", more))) == (
        "1 request changed, and its reply did not\n"
        "\n"
        "request       tests/test_x.py::test_y\n"
        "  x.json\n"
        "  follows test_a.py to test_b.py\n"
        "  request temperature: 0 → 1\n"
        "  request: 1 change shown above\n"
    )


def test_ids_are_told_once() -> None:
    ids = ("439dd3a0-1c4f-4f5e-9a55-8d1f0a8b7c6d", "file-62515096040")
    change = Change("/request/body/x", "request", *ids, "id", 14)
    quoting = pair(change, verdict=PairVerdict.REQUEST, ids=(ids,))
    shared = comparison(quoting, quoting, shared=(SharedChange(change, 2),))
    assert show(shared).startswith(
        "2 requests quote other ids, and are the same otherwise\n"
        "  `439dd3a0-1c4…` is `file-62515096040` in 2\n"
    )
    assert show(comparison(quoting)) == (
        "1 request quotes other ids, and is the same otherwise\n"
        "\n"
        "ids that others took the places of\n"
        f"  {ids[0]} is {ids[1]} in 14 places\n"
        "\n"
        "1 changed only in the ways that are shown above; --name-only lists them\n"
    )
    answer = pair(change, reworded(f"See {ids[0]} now.", f"See {ids[1]} soon."), ids=(ids,))
    assert f"  reply:\n    See {ids[1]} [-now-]{{+soon+}}.\n" in show(comparison(answer))


def test_one_that_is_alone_shows_its_first_lines() -> None:
    lone = pair(verdict=PairVerdict.ADDED)._replace(
        left=None, paired_by=None, asked="Why?", answered="Because …"
    )
    assert show(comparison(lone), view=ComparisonView(summary=False)) == (
        "added         tests/test_x.py::test_y\n  x.json\n  asked     Why?\n  answered  Because …\n"
    )
    assert "\nasked: `Why?`\n\nanswered: `Because …`\n" in show(comparison(lone), "markdown")


def test_lists_of_models_tell_which_came_and_went() -> None:
    names = [f"m{number}" for number in range(10)]
    removed = Change("/response/extra/ids", "model-list", ["old"], None, "ids")
    added = Change("/response/extra/ids", "model-list", None, names, "ids")
    told = comparison(pair(removed, added, verdict=PairVerdict.MODELS))
    assert show(told).startswith("1 list of models changed: 10 ids added, 1 id removed\n\nmodels ")
    assert show(told).endswith("  1 removed: old\n  10 added: m0, m1, m2, m3, m4, m5, m6, m7, and 2 more\n")
    assert "\n\n1 removed: `old`\n\n10 added: `m0`, " in show(told, "markdown")


def test_a_table_counts_by_test_file() -> None:
    pairs = [
        pair(verdict=verdict)._replace(right=side(f"r/{name}.json", test_id), left=None)
        for name, test_id, verdict in (
            ("1", "tests/a/test_x.py::test_y", PairVerdict.WORDING),
            ("2", "tests/a/test_x.py::test_z[a]", PairVerdict.NOISE),
            ("3", "tests/b/test_x.py::test_z[a]", PairVerdict.ADDED),
            ("4", None, PairVerdict.TOOL_CALLS),
        )
    ]
    lines = show(comparison(*pairs)).split("\n\n")[1]
    assert lines == (
        "test file            reworded  tools  noise  added\n"
        "  r/                               1\n"
        "  tests/a/test_x.py         1             1\n"
        "  tests/b/test_x.py                              1"
    )
    markdown = show(comparison(*pairs[:3]), "markdown").split("\n\n")[2]
    assert markdown == (
        "| `tests/` | reworded | noise | added |\n"
        "|---|---:|---:|---:|\n"
        "| `a/test_x.py` | 1 | 1 |  |\n"
        "| `b/test_x.py` |  |  | 1 |"
    )


def test_heads_take_two_lines_where_there_is_little_room() -> None:
    fates = (
        PairVerdict.WORDING,
        PairVerdict.TOOL_CALLS,
        PairVerdict.REQUEST,
        PairVerdict.ADDED,
        PairVerdict.REMOVED,
    )
    pairs = [pair(verdict=verdict) for verdict in fates]
    pairs += [pair(verdict=PairVerdict.WORDING, superseded=True), renamed("test_a.py", "test_b.py")]
    table = show(comparison(*pairs), view=ComparisonView(width=80)).split("\n\n")[1]
    assert table == (
        "                       re-                   request\n"
        "tests/            recorded  reworded  tools     only  followed  added  removed\n"
        "  test_x.py              1         1      1        1         1      1        1"
    )


def test_a_test_may_lie_anywhere() -> None:
    names = ("/abs/test_x.py::t", "tests/test_x.py::t", "\x1b[31m/test_x.py::t", "::t")
    pairs = [pair()._replace(right=side("x.json", name)) for name in names]
    table = show(comparison(*pairs)).split("\n\n")[1]
    assert table.splitlines()[0] == "test file          reworded"
    assert "\x1b" not in table
    assert "/abs/" in show(comparison(pairs[0], pairs[0])).split("\n\n")[1]


def test_a_table_keeps_to_the_width_and_adds_up_what_is_too_much() -> None:
    pairs = [
        pair(name=f"{number}.json")._replace(right=side("x", f"tests/test_{number:02}{'x' * 90}.py::test_y"))
        for number in range(30)
    ]
    lines = show(comparison(*pairs), view=ComparisonView(width=80)).split("\n\n")[1].splitlines()
    assert len(lines) == 1 + 20
    assert max(map(len, lines)) == 80
    assert lines[1].startswith("…xxx")
    assert lines[-1].split() == ["11", "more", "11"]


def test_names_break_out_of_no_table() -> None:
    hostile = "test_a|`b`.py"
    text = show(comparison(renamed(hostile, "<img src=x>"), renamed(hostile, "<img src=x>")), "markdown")
    rows = [line for line in text.split("\n\n")[1].splitlines() if "follow" in line]
    assert rows == ["| 2 | recordings follow `` test_a\\|`b`.py `` to `<img src=x>` |"]


def test_changes_of_requests_are_told_as_such_below_other_remarks() -> None:
    tier = Change("/request/body/service_tier", "request", None, "default", "service_tier")
    shared = comparison(pair(tier), pair(tier), shared=(SharedChange(tier, 2),))
    assert show(shared, "stat").endswith(
        "2 replies are worded differently\n  in their requests: `service_tier` added in 2\n"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            Change("/x", "tool-call", None, {"name": "look_up", "arguments": '{"word": "sun"}'}, "look_up"),
            '  + calls look_up {"word": "sun"}\n',
        ),
        (
            Change("/x", "tool-call", {"name": None, "arguments": None}, None, "a tool"),
            "  - calls a tool\n",
        ),
        (Change("/x", "finish-reason", "stop", None, "finish reason"), '  finish reason: removed "stop"\n'),
        (
            Change("/x", "vector", {"dimension": 2}, {"dimension": 2, "cosine_distance": 0.5}, "vector 1"),
            '  vector 1: {"dimension": 2} → {"dimension": 2, "cosine_distance": 0.5}\n',
        ),
        (Change("/x", "noise", 1, 2, "created"), "  noise created: 1 → 2\n"),
        (
            Change("/x", "request", ["a" * 50], ["b" * 50], "stop"),
            f'  request stop:\n    - ["{"a" * 50}"]\n    + ["{"b" * 50}"]\n',
        ),
        (
            reworded("Paris is the capital.", "Quite another thing\nin two lines"),
            "  reply:\n    - Paris is the capital.\n    + Quite another thing\n    + in two lines\n",
        ),
        (reworded("one\ntwo", "one\nthree"), "  reply:\n    one\n    [-two-]{+three+}\n"),
    ],
)
def test_each_kind_of_change_has_its_form(change: Change, told: str) -> None:
    text = show(comparison(pair(change)), view=ComparisonView(summary=False))
    assert text == f"wording       tests/test_x.py::test_y\n  x.json\n{told}"


def test_a_long_text_is_cut() -> None:
    text = show(comparison(pair(reworded("short", "word " * 10_000))))
    assert "… 46,000 more characters\n" in text


def test_a_recording_without_a_test_is_called_by_its_endpoint() -> None:
    alone = pair(verdict=PairVerdict.ADDED)._replace(
        left=None, right=side("x.json", test_id=None), paired_by=None
    )
    assert show(comparison(alone), view=ComparisonView(summary=False)) == (
        "added         /v1/chat/completions small\n  x.json\n"
    )


def test_two_columns_are_as_wide_as_was_asked() -> None:
    left = [
        Span("the sun is a star, the moon is none, and \u4e2d\u4e2d\u4e2d\u4e2d\u4e2d\u4e2d\u4e2d\u4e2d"),
        Span("x" * 30),
    ]
    lines = [*lay_side_by_side(left, [Span("short\n\x1b")], 43)]
    assert "".join(render_lines(lines, ComparisonView())) == (
        "    the sun is a star, │ short\n"
        "    the moon is none,  │ \\x1b\n"
        "    and                │\n"
        "    \u4e2d\u4e2d\u4e2d\u4e2d\u4e2d\u4e2d\u4e2d\u4e2d   │\n"
        "    xxxxxxxxxxxxxxxxxx │\n"
        "    xxxxxxxxxxxx       │\n"
    )


@given(WORDS, WORDS)
def test_no_text_acts_on_a_terminal_or_breaks_a_column(left: str, right: str) -> None:
    path = os.fsdecode(right.encode("utf-8", "surrogatepass"))
    compared = comparison(pair(reworded(left, right), name=path or "x"))
    for name in list_formats("comparison"):
        for width in (None, 80, 160):
            shown = show(compared, name, ComparisonView(width=width))
            assert "\x1b" not in shown
            shown.encode()


# --- markdown -----------------------------------------------------------------------------------------------

HOSTILE = "```\n</details>\n@everyone <img src=x> | `code` \x1b[31m [x](http://example.org)\n~~~\n````"


def test_recorded_text_cannot_break_out_of_markdown() -> None:
    tier = Change("/request/body/x", "request", None, HOSTILE, HOSTILE)
    hostile = pair(reworded(f"a {HOSTILE}", f"b {HOSTILE}", HOSTILE), tier, name=HOSTILE)
    hostile = hostile._replace(right=side(HOSTILE, test_id=HOSTILE))
    text = show(comparison(hostile, shared=(SharedChange(tier, 2),)), "markdown")
    outside, fence = [], ""
    for line in text.splitlines():
        if fence:
            fence = "" if line == fence else fence
        elif re.fullmatch(r"`{3,}[^`]*", line):
            fence = line.removesuffix("diff")
        else:
            outside.append(line)
    assert fence == ""
    assert sum(line == "</details>" for line in outside) == 2
    bare = [re.sub(r"(`+) .*? \1", "", line) for line in outside if not line.startswith("<details>")]
    assert not any(word in line for line in bare for word in ("<img", "@everyone", "http"))
    _, summary = (line for line in outside if line.startswith("<details>"))
    assert "&lt;img src=x&gt;" in summary
    assert summary.endswith("</code></summary>")
    assert "\x1b" not in text


def test_secrets_are_masked_before_texts_are_taken_apart() -> None:
    def hide(text: str) -> str:
        return text.replace("hunter2", "…")

    change = reworded("the password is hunter2", "the password was hunter2")
    argument = Change("/x", "tool-argument", {"a": ["hunter2"]}, {"a": [1]}, "log_in")
    text = show(comparison(pair(change, argument)), "markdown", ComparisonView(mask=hide))
    assert "hunter2" not in text
    assert "the password was …" in text


def test_what_several_requests_share_is_told_in_full() -> None:
    tool = Change("/request/body/tools/*", "request", None, ["look_up" * 9], "tool look_up")
    others = [Change(f"/request/body/k{n}", "request", 1, n, f"k{n}") for n in (2, 3, 4)]
    shared = comparison(shared=(SharedChange(tool, 3), *(SharedChange(other, 2) for other in others)))
    assert show(shared, view=ComparisonView(summary=False)) == (
        "the same in 3 requests\n"
        "  request tool look_up:\n"
        '    + ["look_uplook_uplook_uplook_uplook_uplook_uplook_uplook_uplook_up"]\n'
        "the same in 2 requests\n"
        "  request k2: 1 → 2\n"
        "  request k3: 1 → 3\n"
        "  request k4: 1 → 4\n"
    )
    assert "in 3: request `tool look_up` added:\n\n```diff\n+ [" in show(shared, "markdown")


def test_files_that_cannot_be_compared_are_part_of_the_picture() -> None:
    broken = [Unread(f"{name:02}.json", "can't be opened: `|` @me", "check it") for name in range(12)]
    told = Comparison((), 1, (), tuple(broken), (broken[0],))
    assert show(told) == "12 files can't be compared\n 1 recording is identical\n"
    text = show(told, "markdown")
    assert text.startswith("### 12 files can't be compared\n\n|")
    assert "\n- `00.json`: `` can't be opened: `|` @me ``\n" in text
    assert text.endswith("\n- and 3 more\n")


def test_a_comment_is_never_too_long() -> None:
    pairs = [
        pair(reworded("short", "word " * 2000), name=f"{number}.json")._replace(
            left=side(f"{number}.json", f"tests/test_x.py::test_{number // 3}"),
            right=side(f"{number}.json", f"tests/test_x.py::test_{number // 3}"),
        )
        for number in range(300)
    ]
    text = show(comparison(*pairs), "markdown")
    assert len(text) <= MOST_CHARACTERS
    assert text.count("<details>") == text.count("</details>")
    shown = text.count("wording · `")
    assert text.endswith(
        f"\n*{300 - shown} more changed than fit into a comment; `recctl diff` shows them.*\n"
    )


def test_a_test_with_many_recordings_does_not_fill_the_comment() -> None:
    pairs = [pair(reworded("short", "word " * 2000), name=f"{number}.json") for number in range(300)]
    text = show(comparison(*pairs), "markdown")
    shown = text.count("wording · `")
    assert 0 < shown < 20
    assert f"*and {300 - shown} more in this test*" in text


def test_nothing_to_compare_is_said() -> None:
    assert show(comparison(), "markdown") == "### no recordings to compare\n"
    assert show(comparison()) == ""


def test_headlines_that_are_wrapped_go_on_below_their_words() -> None:
    told = show(comparison(renamed("test_a.py", "test_b.py"), identical=1000), view=ComparisonView(width=40))
    assert told.startswith(
        "    1 recording follows `test_a.py` to\n      `test_b.py`\n1,000 recordings are identical\n"
    )
