"""`recctl diff`: what changed between folders, files and git revisions, and in which words it is told."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from recctl.input.sources import LOOKED_FOR
from recctl.naming.engine import identify
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from tests.builders import chunk, delta, read, record, source
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Outcome, Run

SNAPSHOTS = CHECKOUT / "tests/cli/snapshots"
EXAMPLES = ("examples/diff/before", "examples/diff/after")
FOLDER = "tests/integration/inference/recordings"


def strip_lines(text: str) -> str:
    """The text without blanks at the ends of lines, which a terminal does not show."""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


# --- the whole output ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("snapshot", "options", "columns"),
    [
        ("diff-pipe.txt", [], ""),
        ("diff-80.txt", [], "80"),
        ("diff-160.txt", [], "160"),
        ("diff-stat.txt", ["--stat"], ""),
        ("diff-names.txt", ["--name-only"], ""),
        ("diff.md", ["--format", "markdown"], ""),
    ],
)
def test_the_examples_read_well(run: Run, snapshot: str, options: list[str], columns: str) -> None:
    outcome = run("diff", *EXAMPLES, *options, cwd=CHECKOUT, env={"COLUMNS": columns})
    assert (outcome.code, outcome.err) == (1, "")
    assert strip_lines(outcome.out) == (SNAPSHOTS / snapshot).read_text(encoding="utf-8")


def test_json_has_the_shape_that_was_promised(run: Run) -> None:
    outcome = run("diff", *EXAMPLES, "--format", "json", "--test", "test_weather", cwd=CHECKOUT)
    name = "tests/inference/recordings/98850206b39cac2ca4b4276098bec1fb1eab88f993660787da35c0ac016b97c8.json"
    assert json.loads(outcome.out) == {
        "version": "recctl.diff.v1",
        "pairs": [
            {
                "left": f"examples/diff/before/{name}",
                "right": f"examples/diff/after/{name}",
                "verdict": "tool-calls",
                "request": "same",
                "reply": "tool-calls",
                "name": "kept",
                "paired_by": "the same path",
                "superseded": False,
                "follows": None,
                "asked": None,
                "answered": None,
                "changes": [
                    {
                        "where": "/response/choices/0/message/tool_calls/0/function/arguments/city",
                        "kind": "tool-argument",
                        "left": "Rome",
                        "right": "Milan",
                        "label": "get_weather.city",
                        "places": 0,
                    }
                ],
            }
        ],
        "summary": {
            "error": 0,
            "tool-calls": 1,
            "finish-reason": 0,
            "wording": 0,
            "models": 0,
            "request": 0,
            "noise": 0,
            "identical": 0,
            "added": 0,
            "removed": 0,
            "identical_files": 0,
        },
        "scheme_changes": [],
        "errors": [],
    }


def test_quiet_leaves_the_summary_out(run: Run) -> None:
    outcome = run("diff", *EXAMPLES, "--stat", "-q", cwd=CHECKOUT)
    lines = (SNAPSHOTS / "diff-stat.txt").read_text(encoding="utf-8").split("\n\n")[1]
    assert outcome.out == f"{lines}\n"


# --- two recordings -----------------------------------------------------------------------------------------


def save(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(serialise(document))


def save_named(folder: Path, document: Any) -> Path:
    """Save a recording under the name that its recorder would look for."""
    recording = read(document)
    place = recording.source.place
    assert place is not None
    name = identify(recording, place).wanted
    assert name is not None
    save(folder / FOLDER / name, document)
    return folder / FOLDER / name


def exchange(reply: Any, question: str, **asked: Any) -> dict[str, Any]:
    """A recording of a reply to a question; `asked` is in the request's body beside it."""
    document = record(reply)
    document["request"]["body"] = {
        "model": "small",
        "messages": [{"role": "user", "content": question}],
        **asked,
    }
    return document


def say(content: str, question: str = "Hello", **asked: Any) -> dict[str, Any]:
    """A recorded reply of one chunk."""
    return exchange(
        [chunk(delta(role="assistant", content=content, finish_reason="stop"))], question, **asked
    )


def call(city: str, call_id: str = "call_1") -> dict[str, Any]:
    function = {"name": "get_weather", "arguments": json.dumps({"city": city})}
    calls = [{"index": 0, "id": call_id, "type": "function", "function": function}]
    chunks = [chunk(delta(role="assistant", tool_calls=calls, finish_reason="tool_calls"))]
    return exchange(chunks, "How is the weather?")


@pytest.fixture
def two(tmp_path: Path, run: Run) -> Callable[..., Outcome]:
    """Compares two documents, saved as `a.json` and `b.json`."""

    def compare(left: Any, right: Any, *options: str) -> Outcome:
        save(tmp_path / "a.json", left)
        save(tmp_path / "b.json", right)
        return run("diff", "a.json", "b.json", *options)

    return compare


def test_a_changed_word_is_marked(two: Callable[..., Outcome]) -> None:
    outcome = two(say("Mercury is the closest planet."), say("Mercury is the nearest planet."), "-q")
    assert outcome.code == 1
    assert outcome.out == (
        "wording       tests/integration/inference/test_chat.py::test_reply[model=small]\n"
        "  a.json\n"
        "  → b.json  (both were named)\n"
        "  reply:\n"
        "    Mercury is the [-closest-]{+nearest+} planet.\n"
    )


def test_colours_stand_for_marks(two: Callable[..., Outcome]) -> None:
    outcome = two(say("the closest one"), say("the nearest one"), "--color", "always")
    assert "    the \x1b[9;31mclosest\x1b[0m\x1b[32mnearest\x1b[0m one\n" in outcome.out


def test_noise_is_counted_and_shown_on_demand(two: Callable[..., Outcome]) -> None:
    left, right = call("Rome", "call_1"), call("Rome", "call_2")
    assert two(left, right).out == "1 recording differs in noise only\n"
    assert two(left, right).code == 0
    assert two(left, right, "--exit-noise").code == 1
    shown = two(left, right, "--noise")
    assert '  noise id of get_weather: "call_1" → "call_2"\n' in shown.out
    assert shown.code == 0


def test_two_recordings_that_were_named_follow_no_rename(two: Callable[..., Outcome]) -> None:
    other = {**say("Hello"), "test_id": "tests/test_x.py::test_other"}
    assert "  request test id:\n" in two(say("Hello"), other).out


def test_an_argument_is_named(two: Callable[..., Outcome]) -> None:
    outcome = two(call("Rome"), call("Milan"))
    assert outcome.code == 1
    assert '  get_weather.city: "Rome" → "Milan"\n' in outcome.out


def test_the_reply_counts_before_the_request(two: Callable[..., Outcome]) -> None:
    right = say("Hi", "Hello", service_tier="default")
    outcome = two(say("Hello there"), right, "--format", "json")
    (pair,) = json.loads(outcome.out)["pairs"]
    assert (pair["verdict"], pair["request"]) == ("wording", "changed")
    same_reply = two(say("Hi"), right)
    assert '  request service_tier: added "default"\n' in same_reply.out
    assert same_reply.out.startswith("1 request changed, and its reply did not\n")


def test_a_chat_and_an_embedding_are_compared_all_the_same(two: Callable[..., Outcome]) -> None:
    embedding = {
        "__type__": "openai.types.create_embedding_response.CreateEmbeddingResponse",
        "__data__": {
            "data": [{"embedding": [0.5, 0.25], "index": 0, "object": "embedding"}],
            "model": "small-embedding",
            "object": "list",
            "usage": {"prompt_tokens": 1, "total_tokens": 1},
        },
    }
    outcome = two(say("Hello"), record(embedding, endpoint="/v1/embeddings"))
    assert (outcome.code, outcome.err) == (1, "")
    assert '  request endpoint: "/v1/chat/completions" → "/v1/embeddings"\n' in outcome.out


def test_nothing_that_was_recorded_acts_on_a_terminal(two: Callable[..., Outcome]) -> None:
    hostile = "\x1b]0;title\x07\x1b[2J \u202e [red]red[/red]"
    for options in ([], ["--format", "markdown"], ["--stat"], ["--noise"]):
        outcome = two(say(f"one {hostile}"), say(f"two {hostile}", model=hostile), *options)
        assert outcome.code == 1
        assert "\x1b" not in outcome.out
        assert "\u202e" not in outcome.out


def test_standard_input_can_be_one_side(tmp_path: Path, run: Run) -> None:
    save(tmp_path / "a.json", say("Hello"))
    outcome = run("diff", "a.json", "-", stdin=serialise(say("Goodbye")))
    assert outcome.code == 1
    assert "  a.json\n  → <stdin>  (both were named)\n" in outcome.out
    both = run("diff", "-", "-")
    assert (both.code, both.err) == (
        2,
        "error: standard input can be one side only\nhint: name a recording for the other\n",
    )


# --- git ----------------------------------------------------------------------------------------------------


def count(outcome: Outcome) -> dict[str, int]:
    """The verdicts that occur."""
    return {verdict: n for verdict, n in json.loads(outcome.out)["summary"].items() if n}


def test_every_known_edit_is_counted_rightly(run: Run, tmp_path: Path, git: Callable[..., str]) -> None:
    renamed = save_named(tmp_path, say("Blue.", "Name a colour."))
    tool = save_named(tmp_path, call("Rome"))
    reworded = save_named(tmp_path, say("The Danube is long.", "Name a river."))
    save_named(tmp_path, say("It rains.", "Is it wet?"))
    noisy = save_named(tmp_path, say("Hello.", "Say hello."))
    deleted = save_named(tmp_path, say("Lake Constance.", "Name a lake."))
    edited = save_named(tmp_path, say("Mont Blanc.", "Name a mountain."))
    save_named(tmp_path, say("Nothing.", "What is new?"))
    git("add", ".")
    git("commit", "-qm", "before")

    renamed.unlink()
    colour = say("Blue.", "Name a colour.")
    save_named(tmp_path, {**colour, "test_id": f"{colour['test_id'].partition('::')[0]}::test_color"})
    save(tool, call("Milan", "call_2"))
    save(reworded, say("The Danube is wide.", "Name a river."))
    save_named(tmp_path, say("It pours.", "Is it wet?", service_tier="default"))
    parts = ("Hel", "lo.")
    chunks = [chunk(delta(content=part), system_fingerprint="fp_x") for part in parts]
    save(noisy, exchange([*chunks, chunk(delta(finish_reason="stop"))], "Say hello."))
    deleted.unlink()
    save(edited, say("Mont Blanc.", "Name a high mountain."))

    expected = {"tool-calls": 1, "wording": 2, "request": 2, "noise": 1, "identical": 2, "removed": 1}
    assert count(run("diff", "--format", "json")) == expected
    assert run("diff", "--stat").out.split("\n\n")[2] == (
        "1 recording can no longer be found: edited, renamed or moved without re-hashing\n"
        "1 reply calls tools differently\n"
        "1 reply is worded differently\n"
        "1 request changed, and its reply did not\n"
        "1 recording made again under a new name; the old one is still there\n"
        "1 recording follows `test_reply[model=small]` to `test_color`\n"
        "1 recording removed\n"
        "1 recording differs in noise only, 2 are identical\n"
    )
    git("add", ".")
    git("commit", "-qm", "after")
    for revisions in (
        ["HEAD~1"],
        ["HEAD~1", "HEAD"],
        ["HEAD~1..HEAD"],
        ["HEAD~1..."],
        ["HEAD~1", "--staged"],
    ):
        assert count(run("diff", *revisions, "--format", "json")) == expected
    assert run("diff", "HEAD~1", "--exit-lost").code == 1
    assert run("diff", "HEAD~1", "--exit-zero").code == 0
    assert run("diff", "HEAD~1", "--exit-lost", "--", tool.relative_to(tmp_path).as_posix()).code == 0


@pytest.mark.corpus
def test_every_known_edit_of_real_recordings_is_counted_rightly(
    run: Run, tmp_path: Path, git: Callable[..., str], shared: Path
) -> None:
    shutil.copytree(shared / "corpus/ogx/tests/integration/responses", tmp_path / "tests")
    git("add", ".")
    git("commit", "-qm", "before")
    streams = [
        path
        for path in sorted((tmp_path / "tests/recordings").glob("*.json"))
        if b'"is_streaming": true' in path.read_bytes() and b'"content": " the"' in path.read_bytes()
    ]
    for path in streams[:3]:
        path.write_bytes(path.read_bytes().replace(b'"content": " the"', b'"content": " that"', 1))
    for path in streams[3:5]:
        path.write_bytes(path.read_bytes().replace(b'"created": 0', b'"created": 1'))
    for path in streams[5:9]:
        path.unlink()
    for path in streams[9:11]:
        document = json.loads(path.read_bytes())
        document["request"]["body"]["x_made_up"] = True
        save(path, document)
    total = len([*(tmp_path / "tests/recordings").glob("*.json")])
    outcome = run("diff", "--format", "json")
    assert (outcome.code, outcome.err) == (1, "")
    assert count(outcome) == {
        "wording": 3,
        "request": 2,
        "noise": 2,
        "identical": total - 7,
        "removed": 4,
    }
    assert "2 requests changed, and their replies did not\n" in run("diff").out
    assert "`x_made_up` added in 2\n" in run("diff").out


@pytest.fixture
def history(tmp_path: Path, git: Callable[..., str]) -> Path:
    """A repository with two commits: a reply was reworded. What is staged, and what is not, differ again."""
    for text in ("The first answer", "The second answer", "The third answer", "The fourth answer"):
        save(tmp_path / "tests/recordings/x.json", say(text))
        if text in ("The first answer", "The second answer"):
            git("add", ".")
            git("commit", "-qm", text)
        elif text == "The third answer":
            git("add", ".")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "[-third-]{+fourth+}"),
        (["--staged"], "[-second-]{+third+}"),
        (["--cached", "HEAD~1"], "[-first-]{+third+}"),
        (["HEAD"], "[-second-]{+fourth+}"),
        (["HEAD~1", "HEAD"], "[-first-]{+second+}"),
        (["HEAD", "HEAD~1"], "[-second-]{+first+}"),
        (["HEAD~1.."], "[-first-]{+second+}"),
        (["HEAD", "tests"], "[-second-]{+fourth+}"),
        (["HEAD", "--", "tests/recordings/x.json"], "[-second-]{+fourth+}"),
        (["tests"], "[-third-]{+fourth+}"),
        (["--", "tests"], "[-third-]{+fourth+}"),
        (["HEAD~1:tests/recordings/x.json", "tests/recordings/x.json"], "[-first-]{+fourth+}"),
        (["HEAD~1:tests", "tests"], "[-first-]{+fourth+}"),
        (["HEAD~1:", "HEAD:"], "[-first-]{+second+}"),
    ],
)
def test_what_stands_against_what(history: Path, run: Run, words: list[str], told: str) -> None:
    outcome = run("diff", *words, cwd=history)
    assert (outcome.code, outcome.err) == (1, "")
    assert f"    The {told} answer\n" in outcome.out


def test_three_dots_begin_where_two_branches_parted(history: Path, git: Callable[..., str], run: Run) -> None:
    git("checkout", "-q", "-f", "-b", "side", "HEAD~1")
    save(history / "tests/recordings/y.json", say("new", "Anything new?"))
    git("add", ".")
    git("commit", "-qm", "side")
    git("checkout", "-q", "-")
    assert run("diff", "HEAD...side", "--name-only").out == "tests/recordings/y.json\n"
    assert run("diff", "HEAD..side", "--stat", "-q").out == (
        "wording       tests/recordings/x.json\nadded         tests/recordings/y.json\n"
    )


def test_words_that_match_nothing_are_told(history: Path, run: Run) -> None:
    (history / "empty").mkdir()
    outcome = run("diff", "HEAD", "--", "empty", "008d", cwd=history)
    told = "empty: matches no recording\n008d: matches no recording\n"
    assert (outcome.code, outcome.out, outcome.err) == (2, "", told)
    some = run("diff", "-q", "HEAD", "--", "008d", "tests", cwd=history)
    assert (some.code, some.err) == (1, "")
    (history / "empty/note.txt").touch()
    none = run("diff", "HEAD", "empty", cwd=history)
    assert (none.code, none.out) == (0, "")
    assert none.err == f"no recordings found in .\nhint: {LOOKED_FOR}\n"


@pytest.mark.parametrize("words", [["008c"], ["--", "008c"], ["HEAD", "008c7"], ["HEAD", "--", "008c7f93"]])
def test_the_first_digits_of_a_hash_narrow_it_down(
    history: Path, git: Callable[..., str], run: Run, words: list[str]
) -> None:
    place = f"tests/recordings/{'008c7f93' * 8}.json"
    save(history / place, say("before"))
    git("add", ".")
    git("commit", "-qm", "another")
    save(history / place, say("after"))
    save(history / "tests/recordings/x.json", say("changed, too"))
    told = f"wording       {place}\n"
    outcome = run("diff", "--stat", "-q", *words, cwd=history)
    assert (outcome.code, outcome.out, outcome.err) == (1, told, "")
    git("add", ".")
    assert run("diff", "--staged", "--stat", "-q", words[-1], cwd=history).out == told
    (history / place).unlink()
    gone = run("diff", "HEAD", "--stat", "-q", "--", "008c", cwd=history)
    assert (gone.code, gone.out) == (1, f"removed       {place}\n")


def test_paths_are_shown_from_the_current_folder(history: Path, run: Run) -> None:
    assert run("diff", "--name-only", cwd=history / "tests").out == "recordings/x.json\n"
    assert (
        run("diff", "HEAD", "recordings", "--name-only", cwd=history / "tests").out == "recordings/x.json\n"
    )


def test_recordings_that_git_does_not_know_yet_are_new(
    history: Path, git: Callable[..., str], run: Run
) -> None:
    git("add", ".")
    (history / ".gitignore").write_text("ignored/\n")
    save(history / "tests/recordings/y.json", say("new", "Anything new?"))
    save(history / "tests/recordings/ignored/z.json", say("new", "Anything else?"))
    save(history / "tests/settings.json", {"request": "no recording"})
    assert run("diff", "--stat", "-q").out == "added         tests/recordings/y.json\n"
    git("add", "--intent-to-add", ".")
    assert run("diff", "--stat", "-q").out == "added         tests/recordings/y.json\n"
    assert run("diff", "--staged", "--stat", "-q").out == "wording       tests/recordings/x.json\n"


def test_before_the_first_commit_all_that_is_staged_is_new(
    tmp_path: Path, git: Callable[..., str], run: Run
) -> None:
    save(tmp_path / "tests/recordings/x.json", say("Hello"))
    git("add", ".")
    assert run("diff", "--staged", "--stat", "-q").out == "added         tests/recordings/x.json\n"
    assert run("diff").out == "1 recording is identical\n"


def test_a_bare_clone_has_revisions_and_nothing_else(
    history: Path, git: Callable[..., str], run: Run
) -> None:
    git("clone", "-q", "--bare", ".", "bare.git")
    outcome = run("diff", "HEAD~1", "HEAD", cwd=history / "bare.git")
    assert (outcome.code, outcome.err) == (1, "")
    assert "    The [-first-]{+second+} answer\n" in outcome.out
    work_tree = run("diff", cwd=history / "bare.git")
    assert (work_tree.code, work_tree.out) == (2, "")
    assert work_tree.err == "error: there is no work tree here: the clone is bare\nhint: name two revisions\n"


def test_a_name_that_is_no_ascii_is_a_name(history: Path, git: Callable[..., str], run: Run) -> None:
    save(history / "tests/recordings/gr\u00fc\u00df \n.json", say("Hello"))
    git("add", ".")
    out = run("diff", "--staged", "--name-only", "--", "tests/recordings").out
    assert out == 'tests/recordings/x.json\n"tests/recordings/gr\\303\\274\\303\\237 \\012.json"\n'


WIDE = {"COLUMNS": ""}
"""As wide as it takes."""


def test_a_scheme_that_changes_between_the_sides_says_what_it_leaves_behind(
    tmp_path: Path, git: Callable[..., str], run: Run
) -> None:
    for number in range(3):
        save_named(tmp_path, say("Hello", f"Question {number}"))
    config = tmp_path / "recctl.toml"
    config.write_text('scheme = "ogx-2026-04"\n')
    git("add", ".")
    git("commit", "-qm", "before")
    config.write_text('scheme = "ogx-2025-07"\n')
    told = (
        "3 recordings of 3 are left behind: the scheme was `ogx-2026-04` and is `ogx-2025-07`; "
        "`recctl rehash --check` shows which\n"
        "3 recordings are identical\n"
    )
    for words in (["HEAD"], [], ["--exit-lost"]):
        outcome = run("diff", *words, env=WIDE)
        assert (outcome.code, outcome.out, outcome.err) == (1, told, "")
    assert run("diff", "--staged").err == "nothing is staged\n"
    git("add", ".")
    assert run("diff", "--staged", env=WIDE).out == told
    assert run("diff", "--staged", "--scheme", "ogx-2026-04").out == "3 recordings are identical\n"
    git("commit", "-qm", "after")
    assert run("diff", "HEAD~1..HEAD", "--stat", env=WIDE).out == told
    outcome = run("diff", "HEAD", "HEAD~1", "--format", "json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["scheme_changes"] == [
        {"old": "ogx-2025-07", "new": "ogx-2026-04", "total": 3, "left_behind": 0}
    ]
    git("rm", "-q", "--cached", "recctl.toml")
    config.write_text("no [ TOML")
    git("add", ".")
    git("commit", "-qm", "broken")
    config.write_text('scheme = "ogx-2025-07"\n')
    assert run("diff", "HEAD~1", "HEAD").out == "3 recordings are identical\n"


def test_a_scheme_that_is_set_for_the_first_time_leaves_nothing_behind(
    tmp_path: Path, git: Callable[..., str], run: Run
) -> None:
    save_named(tmp_path, say("Hello", "Question"))
    git("add", ".")
    git("commit", "-qm", "before")
    (tmp_path / "recctl.toml").write_text('scheme = "ogx-2025-07"\n')
    outcome = run("diff", env=WIDE)
    assert outcome.code == 0
    assert outcome.out == (
        "1 recording of 1 has another name than `ogx-2025-07` gives it, which is set now; "
        "`recctl rehash --check` shows which\n"
        "1 recording is identical\n"
    )


# --- what can't be compared ---------------------------------------------------------------------------------

USAGE = "hint: name two recordings, two folders, or revisions; paths that narrow it down follow `--`\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "'nowhere' is neither a path nor a revision"),
        (["HEAD~9"], "'HEAD~9' is neither a path nor a revision"),
        (["HEAD..nowhere"], "'HEAD..nowhere' is neither a path nor a revision"),
        (["tests/recordings/x.json", "missing.json"], "'missing.json' is neither a path nor a revision"),
        (["HEAD:missing.json", "tests"], "'HEAD:missing.json' is neither a path nor a revision"),
        (["nowhere", "--"], "unknown revision 'nowhere'"),
        (["tests", "--"], "unknown revision 'tests'"),
        (
            ["HEAD:tests/recordings/x.json"],
            "'HEAD:tests/recordings/x.json' is alone: name what to compare it with",
        ),
        (["tests", "tests", "tests"], "3 paths are named, and two can be compared"),
        (["HEAD", "HEAD", "HEAD"], "3 revisions are named, and at most 2 can be"),
        (["--staged", "HEAD", "HEAD"], "2 revisions are named, and at most 1 can be"),
        (["HEAD", "--", ".."], ".. is outside the repository"),
        (["HEAD", ".."], ".. is outside the repository"),
    ],
)
def test_words_that_make_no_sense(history: Path, run: Run, words: list[str], message: str) -> None:
    outcome = run("diff", *words, cwd=history)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"error: {message}\n{USAGE}")


def test_options_that_make_no_sense(history: Path, run: Run) -> None:
    for words, told in (
        (["--stat", "--name-only"], "error: --stat and --name-only can't be combined\n"),
        (["--stat", "--format", "json"], "error: --stat and --format json can't be combined\n"),
        (["--scheme", "ogx-2026-05"], "error: unknown scheme 'ogx-2026-05'\nhint: did you mean "),
    ):
        outcome = run("diff", *words, cwd=history)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith(told)


def test_other_words_that_make_no_sense(history: Path, run: Run) -> None:
    backwards = run("diff", "tests", "HEAD", cwd=history)
    assert (backwards.code, backwards.err) == (
        2,
        "error: a revision comes after a path\nhint: revisions come first, paths follow `--`\n",
    )
    mixed = run("diff", "tests", "tests/recordings/x.json", cwd=history)
    assert (mixed.code, mixed.err) == (
        2,
        "error: a recording can't be compared with a folder\nhint: name two of a kind\n",
    )


def test_a_word_with_two_meanings_is_asked_about(history: Path, git: Callable[..., str], run: Run) -> None:
    git("branch", "tests")
    outcome = run("diff", "tests", cwd=history)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "error: 'tests' is a revision and a path\n"
        "hint: write 'tests --' for the revision, './tests' for the path\n"
    )
    assert "[-second-]{+fourth+}" in run("diff", "tests", "--", cwd=history).out
    assert "[-third-]{+fourth+}" in run("diff", "./tests", cwd=history).out
    assert "[-third-]{+fourth+}" in run("diff", "--", "tests", cwd=history).out


def test_a_revision_that_a_shallow_clone_lacks(history: Path, git: Callable[..., str], run: Run) -> None:
    git("clone", "-q", "--depth", "1", history.as_uri(), "shallow")
    outcome = run("diff", "HEAD~1", cwd=history / "shallow")
    assert (outcome.code, outcome.err) == (
        2,
        (
            "error: 'HEAD~1' is neither a path nor a revision\n"
            "hint: this clone is shallow: `git fetch --unshallow` brings the rest of its history\n"
        ),
    )


def test_a_branch_that_only_the_remote_has(history: Path, git: Callable[..., str], run: Run) -> None:
    git("branch", "side", "HEAD~1")
    git("clone", "-q", ".", "clone")
    for words, code in (
        (["side...HEAD"], 2),
        (["..side"], 2),
        (["side", "--"], 2),
        (["origin/side...HEAD"], 1),
    ):
        outcome = run("diff", *words, cwd=history / "clone")
        assert outcome.code == code
        hint = "hint: there is no 'side' here, but 'origin/side'\n"
        assert outcome.err.endswith(hint) if code == 2 else not outcome.err


def test_revisions_need_a_repository(tmp_path: Path, run: Run) -> None:
    save(tmp_path / "tests/recordings/x.json", say("Hello"))
    outcome = run("diff", "tests", env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent), "LC_ALL": "C"})
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: git can't help here: not a git repository")
    for command in ("diff", "show"):
        outcome = run(command, "--staged", env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
        assert outcome.err.endswith("\nhint: --staged is for what is staged in a git repository\n")
    outcome = run("diff", "HEAD", env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    assert outcome.err == (
        "error: 'HEAD' is neither a path nor a revision\n"
        "hint: there is no git repository here: name two recordings or two folders\n"
    )


def test_files_that_hold_no_recording_are_told_and_the_rest_is_compared(history: Path, run: Run) -> None:
    (history / "tests/recordings/broken.json").write_bytes(b'{"request": ')
    (history / "tests/recordings/binary.json").write_bytes(b"\0\1\2")
    (history / "tests/recordings/list.json").write_bytes(b"[]\n")
    outcome = run("diff", cwd=history)
    assert outcome.code == 1
    assert "[-third-]{+fourth+}" in outcome.out
    assert [line.partition(" (")[0] for line in outcome.err.splitlines()] == [
        "error: tests/recordings/binary.json:1:1: the file is binary: a NUL byte is in it",
        "error: tests/recordings/broken.json:1:13: the file ends before its value does: it is cut off",
        "error: tests/recordings/list.json: not a recording: JSON, but an array and not an object",
    ]


def test_a_file_in_conflict_is_told(history: Path, git: Callable[..., str], run: Run) -> None:
    git("commit", "-qam", "fourth")
    git("checkout", "-q", "-b", "side", "HEAD~2")
    save(history / "tests/recordings/x.json", say("Another answer"))
    git("commit", "-qam", "side")
    with pytest.raises(Exception, match="merge"):
        git("merge", "-q", "master" if "master" in git("branch") else "main")
    outcome = run("diff", cwd=history)
    assert (outcome.code, outcome.err) == (
        2,
        "error: tests/recordings/x.json: a merge has left it in conflict (resolve it, then `git add` it)\n",
    )


def test_a_recording_that_is_too_large_is_told(history: Path, run: Run) -> None:
    outcome = run("diff", "HEAD~1", "HEAD", "--max-size", "10", cwd=history)
    assert (outcome.code, outcome.out) == (1, "1 file can't be compared\n")
    assert outcome.err.startswith("error: tests/recordings/x.json: the file is larger than 10 B")


def test_a_file_that_was_broken_and_no_longer_is_stops_no_commit(
    history: Path, git: Callable[..., str], run: Run
) -> None:
    path = history / "tests/recordings/x.json"
    path.write_bytes(b"{")
    git("commit", "-qam", "broken")
    save(path, say("Mended"))
    git("add", ".")
    outcome = run("diff", "--staged", cwd=history)
    assert (outcome.code, outcome.out) == (1, "1 file can't be compared\n")
    assert outcome.err == (
        "error: tests/recordings/x.json:1:2: left side: the file ends before its value does: it is cut off "
        "(it can't be compared)\n"
    )
    assert run("diff", "--staged", "--exit-lost", cwd=history).code == 0
    assert run("diff", "HEAD", "HEAD~1", "--exit-lost", cwd=history).code == 0
    assert run("diff", "HEAD~1", "HEAD", "--exit-lost", cwd=history).code == 1


@pytest.mark.usefixtures("git")
def test_a_revision_before_the_first_commit(run: Run) -> None:
    outcome = run("diff", "HEAD")
    assert outcome.code == 2
    assert outcome.err == (
        "error: 'HEAD' is neither a path nor a revision\n"
        "hint: there is no commit here yet; --staged shows what is to become one\n"
    )


def test_a_test_in_which_nothing_changed(history: Path, git: Callable[..., str], run: Run) -> None:
    save(history / "tests/recordings/y.json", {**say("Hello"), "test_id": "tests/test_x.py::test_quiet[a]"})
    git("add", "tests/recordings/y.json")
    for word in ("test_quiet", "test_x.py", "tests/test_x.py::test_quiet[a]"):
        outcome = run("diff", "--test", word, cwd=history)
        assert (outcome.code, outcome.out, outcome.err) == (
            0,
            "",
            "nothing has changed in recordings of that test\n",
        )


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("test_repyl", "did you mean 'test_reply'?"),
        ("inference/test_chta.py", "did you mean 'tests/integration/inference/test_chat.py'?"),
        ("nothing like it", "name its id, or a part of it that ends at /, :: or ["),
    ],
)
def test_a_test_that_there_is_not(history: Path, run: Run, word: str, hint: str) -> None:
    outcome = run("diff", "HEAD", "--test", "test_reply", "--test", word, cwd=history)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"error: no recording is of test '{word}'\nhint: {hint}\n"


# --- names --------------------------------------------------------------------------------------------------


def test_a_recording_that_was_edited_by_hand_can_no_longer_be_found(tmp_path: Path, run: Run) -> None:
    path = save_named(tmp_path / "old", say("Hello"))
    edited = say("Hello", "Hi")
    save(tmp_path / "new" / FOLDER / path.name, edited)
    (loaded,) = load(source(serialise(edited), path.name))
    assert isinstance(loaded, Recording)
    outcome = run("diff", "old", "new")
    assert outcome.code == 1
    assert outcome.out.startswith(
        "1 recording can no longer be found: edited, renamed or moved without re-hashing\n"
    )
    assert "  can no longer be found: its name is not the hash of its request\n" in outcome.out
    assert run("diff", "old", "new", "--exit-lost").code == 1
    assert run("diff", "new", "old", "--exit-lost").code == 0


def test_two_recordings_of_different_names_lose_none(tmp_path: Path, run: Run) -> None:
    found = save_named(tmp_path, say("Hello"))
    save(tmp_path / "copy.json", exchange([chunk(delta(content="Hello", finish_reason="stop"))], "Hi there"))
    save(tmp_path / "noisy.json", {**say("Hello"), "id_normalization_mapping": {"a": "b"}})
    name = found.relative_to(tmp_path).as_posix()
    outcome = run("diff", name, "noisy.json")
    assert (outcome.code, outcome.out) == (0, "1 recording differs in noise only\n")
    assert run("diff", name, "copy.json", "--exit-lost").code == 0
