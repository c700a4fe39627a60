"""`recctl show`: what was asked and said, for people and for scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from recctl.recordings.formats.ogx import serialise
from tests.builders import chunk, delta, record
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run

OLD = "examples/good/2025/recordings/responses"

CALL_AS_TEXT = f"""\
{OLD}/54eba2025b93.json
  request   POST http://localhost:8000/v1/v1/chat/completions
  wire      openai-chat, 12 chunks
  model     meta-llama/Llama-3.2-1B-Instruct
  asked for stream true, temperature 0.0, max_tokens 4096

system
  You are a helpful assistant.

user
  What pods are in the namespace openshift-lightspeed?

assistant

  calls get_object_namespace_list  1
    {{"kind": "pod", "namespace": "openshift-lightspeed"}}

tool
  the objects are pod1, pod2, pod3

tools
  get_object_namespace_list(kind, namespace)

assistant replies
  calls get_object_namespace_list  chatcmpl-tool-38e7327322d54c77a1fb8169386b83ba
    {{"kind": "pod", "namespace": "openshift-lightspeed"}}
  finish     tool_calls
"""


def test_an_exchange_reads_like_a_conversation(run: Run) -> None:
    outcome = run("show", f"{OLD}/54eba2025b93.json", cwd=CHECKOUT)
    assert (outcome.code, outcome.out, outcome.err) == (0, CALL_AS_TEXT, "")


def test_a_stream_is_the_sentence_that_its_chunks_add_up_to(run: Run) -> None:
    outcome = run("show", f"{OLD}/f8e1dad74036.json", cwd=CHECKOUT)
    sentence = (
        '  I\'m able to "speak" to you through this chat platform, hello! '
        "Would you like me to repeat anything or provide assistance with something else?\n"
    )
    assert sentence in outcome.out
    assert "openai-chat, 32 chunks" in outcome.out


def shape(**properties: Any) -> dict[str, Any]:
    """A JSON Schema for an object with exactly these keys."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def some(kind: str) -> dict[str, Any]:
    return {"type": [kind, "null"]}


TEXT, COUNT, FLAG, OBJECT = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}, {"type": "object"}


def many(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


CALL = shape(
    id=some("string"), type=some("string"), function=shape(name=some("string"), arguments=some("string"))
)
PART = {
    "oneOf": [
        shape(type={"enum": ["text", "reasoning", "refusal"]}, text=TEXT),
        shape(type={"const": "tool_call"}, tool_call=CALL),
        shape(type={"const": "other"}, extra={"type": "string", "pattern": "^/"}),
    ]
}
SHOW = shape(
    version={"const": "recctl.show.v1"},
    recordings=many(
        shape(
            path=TEXT,
            index=some("integer"),
            test_id=some("string"),
            endpoint=TEXT,
            url=some("string"),
            wire=TEXT,
            streamed=FLAG,
            chunks=COUNT,
            complete=FLAG,
            request=shape(
                model=some("string"),
                messages=many(
                    shape(
                        role=some("string"),
                        content={},
                        tool_calls=many(CALL),
                        tool_call_id=some("string"),
                        name=some("string"),
                        extra=OBJECT,
                    )
                ),
                prompt={},
                tools=many(
                    shape(
                        type=some("string"),
                        function=shape(name=some("string"), description=some("string"), parameters={}),
                        extra=OBJECT,
                    )
                ),
                parameters=OBJECT,
            ),
            response=shape(
                id=some("string"),
                model=some("string"),
                choices=many(
                    shape(
                        index=COUNT,
                        message=shape(
                            role=some("string"),
                            content=some("string"),
                            reasoning=some("string"),
                            refusal=some("string"),
                            tool_calls=many(CALL),
                            parts=many(PART),
                        ),
                        finish_reason=some("string"),
                        logprobs={},
                    )
                ),
                usage=some("object"),
                error={},
                extra=OBJECT,
            ),
            notes=many(shape(code=TEXT, message=TEXT, pointer=TEXT)),
        )
    ),
    errors=many(shape(path=TEXT, message=TEXT)),
)


def test_json_has_the_documented_shape_for_every_good_example(run: Run) -> None:
    outcome = run("show", "examples/good", "--format", "json", cwd=CHECKOUT)
    assert (outcome.code, outcome.err) == (0, "")
    document = json.loads(outcome.out)
    Draft202012Validator(SHOW).validate(document)
    files = {path for path in (CHECKOUT / "examples/good").rglob("*.*") if path.is_file()}
    assert {CHECKOUT / recording["path"] for recording in document["recordings"]} == files
    assert outcome.out == json.dumps(document, indent=2) + "\n"


def test_json_tells_the_call_exactly(run: Run) -> None:
    outcome = run("show", f"{OLD}/54eba2025b93.json", "--format", "json", cwd=CHECKOUT)
    (recording,) = json.loads(outcome.out)["recordings"]
    assert recording["complete"] is True
    assert recording["response"]["choices"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": None,
                "reasoning": None,
                "refusal": None,
                "tool_calls": [
                    {
                        "id": "chatcmpl-tool-38e7327322d54c77a1fb8169386b83ba",
                        "type": "function",
                        "function": {
                            "name": "get_object_namespace_list",
                            "arguments": '{"kind": "pod", "namespace": "openshift-lightspeed"}',
                        },
                    }
                ],
                "parts": [],
            },
            "finish_reason": "tool_calls",
            "logprobs": None,
        }
    ]


def test_what_is_no_recording_is_told_in_a_line_and_the_rest_is_shown(run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("mirror of\nhttps://example.org\n{}")
    sound = serialise(record([chunk(delta(content="Hi", finish_reason="stop"))]))
    (tmp_path / "sound.json").write_bytes(sound)
    outcome = run("show", "page.txt", "sound.json")
    assert outcome.code == 1
    assert outcome.out.startswith("sound.json\n")
    assert outcome.err == (
        "error: page.txt:1:1: not JSON: a value should be where 'mirror' is "
        "(put it right, or record it again)\n"
    )


def test_a_missing_file_exits_with_2_and_is_among_the_errors(run: Run) -> None:
    outcome = run("show", "missing.json", "--format", "json")
    assert outcome.code == 2
    assert json.loads(outcome.out) == {
        "version": "recctl.show.v1",
        "recordings": [],
        "errors": [{"path": "missing.json", "message": "can't be opened: no such file or directory"}],
    }


def test_nothing_that_was_recorded_acts_on_a_terminal(run: Run, tmp_path: Path) -> None:
    hostile = "\x1b]8;;https://example.org\x1b\\link\x07\x9b31m\u202eevil\u2066 [bold]plain[/bold] \x00"
    (tmp_path / "x.json").write_bytes(
        serialise(record([chunk(delta(content=hostile, finish_reason="stop"))]))
    )
    text = run("show", "x.json", "--color", "never").out
    assert (
        "  \\x1b]8;;https://example.org\\x1b\\link\\x07\\x9b31m\\u202eevil\\u2066 [bold]plain[/bold] \\x00\n"
    ) in text
    colored = run("show", "x.json", "--color", "always").out
    assert "\\x1b]8;;https://example.org\\x1b\\link" in colored
    assert "[bold]plain[/bold]" in colored
    exact = json.loads(run("show", "x.json", "--format", "json").out)
    assert exact["recordings"][0]["response"]["choices"][0]["message"]["content"] == hostile


def test_one_side_can_be_shown_alone(run: Run) -> None:
    request = run("show", f"{OLD}/54eba2025b93.json", "--part", "request", cwd=CHECKOUT).out
    response = run("show", f"{OLD}/54eba2025b93.json", "--part", "response", cwd=CHECKOUT).out
    head = CALL_AS_TEXT[: CALL_AS_TEXT.index("\nsystem")]
    reply = CALL_AS_TEXT[CALL_AS_TEXT.index("\nassistant replies") :]
    assert request == CALL_AS_TEXT.removesuffix(reply)
    assert response == head + reply


def test_chunks_tell_what_each_one_added(run: Run) -> None:
    outcome = run("show", f"{OLD}/54eba2025b93.json", "--part", "response", "--chunks", cwd=CHECKOUT)
    assert outcome.out[outcome.out.index("\nchunks\n") :].splitlines()[2:7] == [
        "      0    449 B  role 'assistant'",
        "      1    442 B ",
        "      2    590 B  call 'get_object_namespace_list'",
        '      3    528 B  arguments \'{"kind": "\'',
        "      4    520 B  arguments 'pod\"'",
    ]


def test_raw_is_what_was_recorded(run: Run) -> None:
    outcome = run("show", f"{OLD}/54eba2025b93.json", "--raw", cwd=CHECKOUT)
    assert json.loads(outcome.out) == json.loads((CHECKOUT / OLD / "54eba2025b93.json").read_bytes())


def test_chunks_and_raw_have_no_other_format(run: Run) -> None:
    outcome = run("show", "x.json", "--raw", "--format", "json")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == ("error: --chunks and --raw are for --format text\nhint: leave one of them out\n")


def test_what_says_two_things_is_refused(run: Run) -> None:
    for words in (["--raw", "--chunks"], ["--part", "request", "--chunks"]):
        outcome = run("show", f"{OLD}/54eba2025b93.json", *words, cwd=CHECKOUT)
        assert (outcome.code, outcome.out) == (2, "")
        others = " ".join(word for word in words if word != "--chunks")
        assert outcome.err == f"error: --chunks and {others} can't be combined\nhint: leave one of them out\n"


NO_HASH = "no recording's hash starts so, or these are fewer than four of its digits"


def test_the_start_of_a_hash_is_enough(run: Run) -> None:
    outcome = run("show", "54eba", cwd=CHECKOUT)
    assert (outcome.code, outcome.out) == (0, CALL_AS_TEXT)
    assert run("show", "fffff", cwd=CHECKOUT).code == 2
    outcome = run("show", "54e", cwd=CHECKOUT)
    assert (outcome.code, outcome.err) == (
        2,
        f"error: 54e: can't be opened: no such file or directory ({NO_HASH})\n",
    )


def test_an_ambiguous_hash_is_refused(run: Run, tmp_path: Path) -> None:
    for digit in "abcd":
        (tmp_path / f"0123{digit * 8}.json").write_bytes(b"{}")
    outcome = run("show", "0123")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "error: 0123 is the start of 4 recordings: 0123aaaaaaaa.json, 0123bbbbbbbb.json, 0123cccccccc.json "
        "and 1 more\nhint: give more digits\n"
    )


CALL_AS_MARKDOWN = f"""\
### `{OLD}/54eba2025b93.json`

openai-chat · 12 chunks · model `meta-llama/Llama-3.2-1B-Instruct`

<details><summary>Request</summary>

**system**

```text
You are a helpful assistant.
```

**user**

```text
What pods are in the namespace openshift-lightspeed?
```

**assistant**

```text

```

calls `get_object_namespace_list` `1`

```json
{{"kind": "pod", "namespace": "openshift-lightspeed"}}
```

**tool**

```text
the objects are pod1, pod2, pod3
```

**tools** `get_object_namespace_list`

**asked for** `stream true`, `temperature 0.0`, `max_tokens 4096`

</details>

**assistant**

calls `get_object_namespace_list` `chatcmpl-tool-38e7327322d54c77a1fb8169386b83ba`

```json
{{"kind": "pod", "namespace": "openshift-lightspeed"}}
```

finish `tool_calls`
"""


def test_markdown_can_be_pasted_into_a_pull_request(run: Run) -> None:
    outcome = run("show", f"{OLD}/54eba2025b93.json", "--format", "markdown", cwd=CHECKOUT)
    assert (outcome.code, outcome.out) == (0, CALL_AS_MARKDOWN)


def test_markdown_lets_no_recorded_text_out_of_its_fence(run: Run, tmp_path: Path) -> None:
    hostile = "```\n@everyone <img src=x> \x1b[31m\n````"
    (tmp_path / "x.json").write_bytes(
        serialise(record([chunk(delta(content=hostile, finish_reason="stop"))]))
    )
    outcome = run("show", "x.json", "--format", "markdown", "--part", "response")
    assert "\n`````text\n```\n@everyone <img src=x> \\x1b[31m\n````\n`````\n" in outcome.out


REQUEST_AS_MARKDOWN = """\
**user** `ann`

```text
Weather?
```

**assistant**

calls `weather` `1`

```json
{}
```

`reasoning`:

```text
Look outside?
No: `call`.
```

`audio` `{"id": "audio_1"}`

**tool** `weather` to `1`

```text
sunny
```

**asked for** `temperature 0.2`, `stop ["a\\nb"]`, `` user `me` @you\\x0a ``, `picture [data, 600 bytes]`
"""


def test_markdown_tells_all_of_a_request(run: Run, tmp_path: Path) -> None:
    called = {"id": "1", "function": {"name": "weather", "arguments": "{}"}}
    thought = {"reasoning": "Look outside?\nNo: `call`.", "audio": {"id": "audio_1"}, "refusal": None}
    document = record([])
    document["request"]["body"] = {
        "model": "small",
        "messages": [
            {"role": "user", "name": "ann", "content": "Weather?"},
            {"role": "assistant", "content": None, "tool_calls": [called], **thought},
            {"role": "tool", "name": "weather", "tool_call_id": "1", "content": "sunny"},
        ],
        "temperature": 0.2,
        "stop": ["a\nb"],
        "user": "`me` @you\n",
        "picture": "iVBORw0K" * 100,
    }
    (tmp_path / "x.json").write_bytes(serialise(document))
    outcome = run("show", "x.json", "--format", "markdown", "--part", "request")
    assert outcome.out.split("\n\n", 2)[-1] == REQUEST_AS_MARKDOWN


def test_markdown_makes_no_link_of_a_role(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(serialise(record([chunk(delta(role="www.example.org @me"))])))
    outcome = run("show", "x.json", "--format", "markdown", "--part", "response")
    assert "\n**www?example?org ?me**\n" in outcome.out


def test_markdown_names_pictures(run: Run, tmp_path: Path) -> None:
    document = record([])
    picture = {"type": "image", "data": "iVBORw0K" * 100}
    document["request"]["body"] = {"messages": [{"role": "user", "content": [picture]}]}
    (tmp_path / "x.json").write_bytes(serialise(document))
    outcome = run("show", "x.json", "--format", "markdown", "--part", "request")
    assert '\n{"type": "image", "data": "[data, 600 bytes]"}\n' in outcome.out


def test_markdown_names_pictures_in_arguments(run: Run, tmp_path: Path) -> None:
    arguments = json.dumps({"picture": "iVBORw0K" * 100})
    calls = [{"id": "1", "function": {"name": "crop", "arguments": arguments}}]
    (tmp_path / "x.json").write_bytes(serialise(record([chunk(delta(tool_calls=calls))])))
    outcome = run("show", "x.json", "--format", "markdown", "--part", "response")
    assert '\ncalls `crop` `1`\n\n```json\n{"picture": "[data, 600 bytes]"}\n```\n' in outcome.out


def test_a_reply_that_is_no_message_is_shown_all_the_same(run: Run, tmp_path: Path) -> None:
    empty = chunk(delta(role="assistant", finish_reason="stop"), created=None, service_tier="flex")
    (tmp_path / "x.json").write_bytes(serialise(record([empty])))
    shown = '{"service_tier": "flex"}'
    outcome = run("show", "x.json", "--part", "response")
    assert outcome.out.splitlines()[-3:] == ["assistant replies", "  finish     stop", f"  {shown}"]
    assert f"\n{shown}\n" in run("show", "x.json", "--part", "response", "--format", "markdown").out


def test_a_key_without_letters_opens_nothing_in_markdown(run: Run, tmp_path: Path) -> None:
    hostile = chunk({**delta(content="Hello", finish_reason="stop"), "delta": {"": "x``<img src=x>"}})
    (tmp_path / "x.json").write_bytes(serialise(record([hostile])))
    shown = run("show", "x.json", "--format", "markdown", "--part", "response").out
    assert "` ` ``` x``<img src=x> ```\n" in shown


def test_a_long_parameter_has_a_block_of_its_own_in_markdown(run: Run, tmp_path: Path) -> None:
    document = record([chunk(delta(content="Hello", finish_reason="stop"))])
    document["request"]["body"] |= {"temperature": 0.5, "stop": ["a word that ends it " * 2] * 2}
    (tmp_path / "x.json").write_bytes(serialise(document))
    shown = run("show", "x.json", "--format", "markdown", "--part", "request").out
    assert "**asked for** `temperature 0.5`\n\n`stop`:\n\n```json\n[\n" in shown


def test_markdown_masks_secrets_unless_told_otherwise(run: Run, tmp_path: Path) -> None:
    kind = "ghp"
    key = f"{kind}_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"
    recording = record([chunk(delta(content=f"the key {key[:9]}")), chunk(delta(content=f"{key[9:]} works"))])
    (tmp_path / "x.json").write_bytes(serialise(recording))
    masked = run("show", "x.json", "--format", "markdown", "--part", "response").out
    assert "the key ghp_…[40 characters] works" in masked
    assert key in run("show", "x.json", "--format", "markdown", "--unmask").out


def test_markdown_masks_what_is_secret_in_a_part_of_the_tree(run: Run, tmp_path: Path) -> None:
    (tmp_path / "recctl.toml").write_text(
        '[[overrides]]\npaths = ["tests/"]\nsecrets = {patterns = {"project id" = "proj-[0-9a-f]{8}"}}\n'
    )
    message = chunk(delta(role="assistant", content="it is proj-deadbeef", finish_reason="stop"))
    (tmp_path / "x.json").write_bytes(serialise(record([message])))
    shown = run("show", "x.json", "--format", "markdown", "--part", "response")
    assert "it is pro…[13 characters]" in shown.out


def test_staged_shows_what_head_does_not_have(run: Run, tmp_path: Path, git: Callable[..., str]) -> None:
    for name in ("a", "b"):
        place = tmp_path / "tests/recordings" / f"{name}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(serialise(record([chunk(delta(content=f"I am {name}", finish_reason="stop"))])))
        git("add", ".")
        place.write_text("in the work tree only")
        outcome = run("show", "--staged", "--part", "response")
        assert outcome.code == 0
        assert outcome.out.startswith(f"tests/recordings/{name}.json\n")
        assert outcome.out.endswith(f"  I am {name}\n  finish     stop\n")
        git("commit", "-qm", "x")
    nothing = run("show", "--staged")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "no new recordings are staged\n")
    assert run("show", "--staged", "deadbeef").err.startswith("deadbeef: matches no recording\n")
    both = run("show", "--staged", "--files-from", "x")
    assert both.code == 2
    assert both.err.startswith("error: --staged and --files-from can't be combined\n")


def test_what_only_moved_or_was_renamed_is_not_new(run: Run, tmp_path: Path, git: Callable[..., str]) -> None:
    def save(name: str, test: str, reply: str) -> None:
        document = record([chunk(delta(role="assistant", content=reply, finish_reason="stop"))])
        place = tmp_path / "tests/recordings" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(serialise({**document, "test_id": f"tests/test_x.py::{test}"}))

    save("a.json", "test_old", "I am old")
    save("b.json", "test_old", "I am gone")
    git("add", ".")
    git("commit", "-qm", "x")
    for name in ("a.json", "b.json"):
        (tmp_path / "tests/recordings" / name).unlink()
    save("c.json", "test_new", "I am old")
    save("d.json", "test_new", "I am new")
    (tmp_path / "tests/recordings/e.json").write_text("{")
    git("add", ".")
    outcome = run("show", "--staged", "--part", "response")
    assert outcome.code == 1  # e.json, which is no recording
    assert outcome.out.startswith("tests/recordings/d.json\n")
    assert "I am old" not in outcome.out
    assert "e.json:1:2: the file ends before its value does" in outcome.err


def test_brief_is_the_whole_while_that_fits_on_a_screen(run: Run, tmp_path: Path) -> None:
    for number in range(9):
        reply = chunk(delta(role="assistant", content=f"Number {number}.\nOr so.", finish_reason="stop"))
        document = {**record([reply]), "test_id": f"tests/test_x.py::test_{number}"}
        document["request"]["body"] = {"messages": [{"role": "user", "content": "Which one are you?"}]}
        (tmp_path / f"{number}.json").write_bytes(serialise(document))
    for files in (["0.json"], ["0.json", "1.json"]):
        options = ("--part", "response")
        assert run("show", *files, *options, "--format", "brief").out == run("show", *files, *options).out
    several = run("show", *(f"{number}.json" for number in range(9)), "--format", "brief")
    lines = [
        f"tests/test_x.py::test_{number}\n  asked     Which one are you?\n  answered  Number {number}. …\n"
        for number in range(7)
    ]
    assert several.out == "".join(lines) + "and 2 more; --format text shows all of them\n"


def test_an_incomplete_stream_shows_what_there_is_and_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(serialise(record([chunk(delta(role="assistant", content="Merc"))])))
    outcome = run("show", "x.json", "--part", "response")
    assert outcome.code == 0
    assert outcome.out.splitlines()[-3:] == [
        "assistant replies",
        "  Merc",
        "  note[incomplete-stream] the stream ends without a finish reason: it is cut off (/response/body)",
    ]
    shown = json.loads(run("show", "x.json", "--format", "json").out)["recordings"][0]
    assert shown["complete"] is False
