"""`recctl show` on replies that do more than talk: run code, search, draw, cite."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from recctl.recordings.formats.ogx import serialise
from tests.builders import chunk, delta, record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

PICTURE = "iVBORw0K" * 100


def show(run: Run, folder: Path, body: Any, output_format: str = "text") -> str:
    """What `show` tells of a reply, from the heading of its message on."""
    (folder / "x.json").write_bytes(serialise(record(body)))
    outcome = run("show", "x.json", "--part", "response", "--format", output_format)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out.split("\n\n", 1 if output_format == "text" else 2)[-1]


GEMINI = {
    "candidates": [
        {
            "index": 0,
            "finish_reason": "STOP",
            "avg_logprobs": -0.5,
            "safety_ratings": [{"category": "HARM", "probability": "NEGLIGIBLE"}],
            "citation_metadata": {"citations": [{"uri": "https://example.org"}]},
            "content": {
                "role": "model",
                "parts": [
                    {"text": "The sum is 5050.", "thought_signature": "c2VhbA=="},
                    {"executable_code": {"code": "print(sum(range(101)))", "language": "PYTHON"}},
                    {"code_execution_result": {"outcome": "OUTCOME_OK", "output": "5050\n"}},
                    {"inline_data": {"mime_type": "image/png", "data": PICTURE}},
                ],
            },
        }
    ],
    "usage_metadata": None,
    "sdk_http_response": {"headers": {"Date": "today"}},
}

GEMINI_AS_TEXT = """\
model replies
  The sum is 5050.
  citation_metadata {"citations": [{"uri": "https://example.org"}]}
  executable_code {"code": "print(sum(range(101)))", "language": "PYTHON"}
  code_execution_result {"outcome": "OUTCOME_OK", "output": "5050\\n"}
  inline_data {"mime_type": "image/png", "size": 600}
  finish     STOP
"""

GEMINI_AS_MARKDOWN = """\
**model**

```text
The sum is 5050.
```

`citation_metadata` `{"citations": [{"uri": "https://example.org"}]}`

`executable_code` `{"code": "print(sum(range(101)))", "language": "PYTHON"}`

`code_execution_result` `{"outcome": "OUTCOME_OK", "output": "5050\\n"}`

`inline_data` `{"mime_type": "image/png", "size": 600}`

finish `STOP`
"""


def test_code_that_gemini_runs_and_what_it_draws(run: Run, tmp_path: Path) -> None:
    assert show(run, tmp_path, [GEMINI]) == GEMINI_AS_TEXT
    assert show(run, tmp_path, [GEMINI], "markdown") == GEMINI_AS_MARKDOWN


RESPONSE = {
    "object": "response",
    "id": "resp_1",
    "status": "completed",
    "created_at": 1,
    "temperature": 1.0,
    "tools": [{"type": "web_search"}],
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "c2VhbA=="},
        {
            "type": "web_search_call",
            "id": "ws_1",
            "status": "completed",
            "action": {"type": "search", "query": "sums"},
        },
        {"type": "file_search_call", "id": "fs_1", "status": "failed", "queries": ["sums"], "results": None},
        {
            "type": "code_interpreter_call",
            "id": "ci_1",
            "status": "completed",
            "code": "print(sum(range(101)))",
            "container_id": "cntr_1",
            "outputs": [{"type": "logs", "logs": "5050\n"}],
        },
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "content": [
                {
                    "type": "output_text",
                    "text": "It is 5050.",
                    "annotations": [{"type": "url_citation", "url": "https://example.org"}],
                }
            ],
        },
        {
            "type": "mcp_approval_request",
            "id": "mcpr_1",
            "name": "rm",
            "arguments": "{}",
            "server_label": "os",
        },
        {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": PICTURE},
    ],
}

RESPONSE_AS_TEXT = """\
assistant replies
  web_search_call {"action": {"type": "search", "query": "sums"}}
  file_search_call {"status": "failed", "queries": ["sums"]}
  code_interpreter_call
    {
      "code": "print(sum(range(101)))",
      "container_id": "cntr_1",
      "outputs": [
        {
          "type": "logs",
          "logs": "5050\\n"
        }
      ]
    }
  It is 5050.
  mcp_approval_request {"name": "rm", "arguments": "{}", "server_label": "os"}
"""


def test_what_the_tools_of_openai_did(run: Run, tmp_path: Path) -> None:
    told = show(run, tmp_path, RESPONSE)
    assert told.startswith(RESPONSE_AS_TEXT)
    image = f'  image_generation_call\n    {{\n      "result": "{PICTURE}"\n    }}\n'
    annotations = '  annotations [{"type": "url_citation", "url": "https://example.org"}]\n'
    assert told.removeprefix(RESPONSE_AS_TEXT) == f"{image}{annotations}  finish     completed\n"
    named = '\n`image_generation_call` `{"result": "[data, 600 bytes]"}`\n'
    assert named in show(run, tmp_path, RESPONSE, "markdown")


MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "model": "m",
    "stop_reason": "end_turn",
    "content": [
        {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "sums"}},
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srv_1",
            "content": [
                {"type": "web_search_result", "url": "https://example.org", "encrypted_content": "c2VhbA=="}
            ],
        },
        {
            "type": "text",
            "text": "5050.",
            "citations": [{"cited_text": "5050", "encrypted_index": "c2VhbA=="}],
        },
        {"type": "thinking", "thinking": "Easy.", "signature": "c2VhbA=="},
    ],
}

MESSAGE_AS_TEXT = """\
assistant replies
  calls web_search  srv_1
    {"query": "sums"}
  web_search_tool_result
    {
      "tool_use_id": "srv_1",
      "content": [
        {
          "type": "web_search_result",
          "url": "https://example.org"
        }
      ]
    }
  5050.
  thinks
    Easy.
  citations [{"cited_text": "5050"}]
  finish     end_turn
"""


def test_what_anthropics_search_found(run: Run, tmp_path: Path) -> None:
    assert show(run, tmp_path, MESSAGE) == MESSAGE_AS_TEXT


def test_a_picture_that_a_chat_model_drew(run: Run, tmp_path: Path) -> None:
    images = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}]
    details = [{"type": "reasoning.text", "text": "Ears."}]
    said = delta(role="assistant", content="A cat.", reasoning="Ears.", reasoning_details=details)
    drawn = chunk(delta(images=images, finish_reason="stop"), system_fingerprint="fp_1")
    assert show(run, tmp_path, [chunk(said), drawn], "markdown") == (
        "**assistant**\n\nthinks:\n\n```text\nEars.\n```\n\n```text\nA cat.\n```\n\n"
        '`images` `[{"type": "image_url", "image_url": {"url": "[image/png, 600 bytes]"}}]`\n\n'
        "finish `stop`\n"
    )


def test_a_reply_that_is_spoken_alone(run: Run, tmp_path: Path) -> None:
    spoken = chunk(delta(role="assistant", finish_reason="stop", audio={"data": "UklG"}))
    told = 'assistant replies\n  audio {"data": "UklG"}\n  finish     stop\n'
    assert show(run, tmp_path, [spoken]) == told


STEP = {
    "object": "interaction",
    "id": "i",
    "role": "model",
    "status": "completed",
    "outputs": [
        {"type": "thought", "signature": "c2VhbA=="},
        {"type": "text", "text": "Look.", "annotations": [{"start_index": 0}]},
        {"type": "image", "mime_type": "image/png", "uri": "x:/y"},
    ],
}


def test_what_an_interaction_made(run: Run, tmp_path: Path) -> None:
    told = show(run, tmp_path, STEP)
    assert told == (
        'model replies\n  Look.\n  annotations [{"start_index": 0}]\n'
        '  image {"mime_type": "image/png", "uri": "x:/y"}\n  finish     completed\n'
    )


@pytest.mark.parametrize(
    "bookkeeping",
    [
        {"content_filter_results": {"hate": {"filtered": False}}},
        {"stop_reason": 128008},
        {"token_ids": [1, 2]},
    ],
)
def test_bookkeeping_is_left_to_json(run: Run, tmp_path: Path, bookkeeping: dict[str, Any]) -> None:
    said = {**delta(role="assistant", content="Hi", finish_reason="stop"), **bookkeeping}
    body = [chunk(said, service_tier="default", system_fingerprint="fp_1")]
    assert show(run, tmp_path, body) == "assistant replies\n  Hi\n  finish     stop\n"


ON_BOTH_SIDES = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "small",
    "stop_reason": "end_turn",
    "content": [
        {"type": "thinking", "thinking": "I can't know.", "signature": "c2VhbA=="},
        {"type": "text", "text": "I'll look."},
        {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "tide"}},
        {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": [{"title": "Tides"}]},
        {"type": "text", "text": "At noon."},
        {"type": "text", "text": "Or so."},
    ],
}

ON_BOTH_SIDES_AS_TEXT = """\
assistant replies
  thinks
    I can't know.
  I'll look.
  calls web_search  srv_1
    {"query": "tide"}
  web_search_tool_result {"tool_use_id": "srv_1", "content": [{"title": "Tides"}]}
  At noon.

  Or so.
  finish     end_turn
"""

ON_BOTH_SIDES_AS_MARKDOWN = """\
**assistant**

thinks:

```text
I can't know.
```

```text
I'll look.
```

calls `web_search` `srv_1`

```json
{"query": "tide"}
```

`web_search_tool_result` `{"tool_use_id": "srv_1", "content": [{"title": "Tides"}]}`

```text
At noon.
```

```text
Or so.
```

finish `end_turn`
"""


def test_text_on_both_sides_of_a_call_stands_on_both_sides(run: Run, tmp_path: Path) -> None:
    assert show(run, tmp_path, ON_BOTH_SIDES) == ON_BOTH_SIDES_AS_TEXT
    assert show(run, tmp_path, ON_BOTH_SIDES, "markdown") == ON_BOTH_SIDES_AS_MARKDOWN


def test_json_tells_the_parts_and_where_a_result_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(serialise(record(ON_BOTH_SIDES)))
    outcome = run("show", "x.json", "--format", "json")
    (recording,) = json.loads(outcome.out)["recordings"]
    (choice,) = recording["response"]["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert choice["message"]["content"] == "I'll look.At noon.Or so."
    assert choice["message"]["parts"] == [
        {"type": "reasoning", "text": "I can't know."},
        {"type": "text", "text": "I'll look."},
        {"type": "tool_call", "tool_call": call},
        {"type": "other", "extra": "/content/3"},
        {"type": "text", "text": "At noon."},
        {"type": "text", "text": "Or so."},
    ]
    result = recording["response"]["extra"]["content"]["3"]
    assert result["content"] == [{"title": "Tides"}]


def test_a_call_of_the_providers_own_tool_goes_by_its_type(run: Run, tmp_path: Path) -> None:
    search = {"type": "google_search_call", "id": "s1", "arguments": {"queries": ["tide"]}}
    told = show(run, tmp_path, {**STEP, "outputs": [search]})
    assert told.startswith('model replies\n  calls google_search_call  s1\n    {"queries": ["tide"]}\n')
    assert "\ncalls `google_search_call` `s1`\n" in show(
        run, tmp_path, {**STEP, "outputs": [search]}, "markdown"
    )
