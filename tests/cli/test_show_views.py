"""`recctl show` and `diff` on exchanges that are no chat: what a person wants to know, in a few lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from recctl.recordings.formats.ogx import serialise
from recctl.render.conversation import ConversationView, find_renderer
from recctl.wire import read_exchange
from tests.builders import read, record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

FORM = (
    '--b1\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
    '--b1\r\nContent-Disposition: form-data; name="file"; filename="in.jsonl"\r\n\r\n{}\r\n--b1--\r\n'
)
FILE = {
    "id": "file-1",
    "object": "file",
    "filename": "in.jsonl",
    "bytes": 298,
    "purpose": "batch",
    "created_at": 1_700_000_000,
    "status": "uploaded",
    "labels": ["a", "b"],
}


def exchange(path: str, asked: Any, reply: Any) -> dict[str, Any]:
    document = record(reply, url=f"https://api.example.com{path}", endpoint=path, model=None)
    document["request"]["body"] = asked
    return document


def keep(folder: Path, name: str, document: dict[str, Any]) -> str:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(serialise(document))
    return f"{folder.name}/{name}"


SHOWN = """\
recordings/a.json
  test      tests/integration/inference/test_chat.py::test_reply[model=small]
  request   POST https://api.example.com/v1/files
  wire      objects
  asked for purpose batch, file in.jsonl, 2 B

file
  id         file-1
  filename   in.jsonl
  bytes      298 B
  purpose    batch
  status     uploaded

  created_at 1700000000
  labels ["a", "b"]
"""


def test_an_object_is_told_in_a_few_lines(run: Run, tmp_path: Path) -> None:
    path = keep(tmp_path / "recordings", "a.json", exchange("/v1/files", FORM, FILE))
    outcome = run("show", path, cwd=tmp_path)
    assert (outcome.code, outcome.out, outcome.err) == (0, SHOWN, "")
    assert run("show", "--part", "response", path, cwd=tmp_path).out == SHOWN


FOLDED = """\
tests/recordings/x.json
  test      tests/integration/inference/test_chat.py::test_reply[model=small]
  request   POST https://api.example.com/v1/files
  wire      objects
  asked for purpose batch, file in.jsonl, 2 B

file
  id         file-1
  filename   in.jsonl
  bytes      298 B
  purpose    batch
  status     uploaded
  … and created_at, labels; --full shows them
"""


def show_on_terminal(document: dict[str, Any]) -> str:
    """What a terminal of 80 columns shows, without colours."""
    view = ConversationView(width=80, fold=True)
    return "".join(find_renderer("text")([read_exchange(read(document))], view))


def test_a_terminal_shows_no_more_than_that() -> None:
    assert show_on_terminal(exchange("/v1/files", FORM, FILE)) == FOLDED


LISTED = """\
tests/recordings/x.json
  test      tests/integration/inference/test_chat.py::test_reply[model=small]
  request   POST https://api.example.com/v1/files
  wire      objects
  asked for purpose batch

40 files
  file-0     0.txt
  file-1     1.txt
  file-2     2.txt
  file-3     3.txt
  file-4     4.txt
  file-5     5.txt
  file-6     6.txt
  file-7     7.txt
  file-8     8.txt
  file-9     9.txt
  file-10    10.txt
  file-11    11.txt
  file-12    12.txt
  file-13    13.txt
  file-14    14.txt
  … 20 more; --full shows them …
  file-35    35.txt
  file-36    36.txt
  file-37    37.txt
  file-38    38.txt
  file-39    39.txt
  … and data; --full shows it
"""


def test_a_long_list_loses_its_middle_on_a_terminal() -> None:
    files = [{"id": f"file-{number}", "object": "file", "filename": f"{number}.txt"} for number in range(40)]
    body = {"object": "list", "data": files}
    assert show_on_terminal(exchange("/v1/files", {"purpose": "batch"}, body)) == LISTED


def test_what_is_asked_at_length_loses_its_end_on_a_terminal() -> None:
    shown = show_on_terminal(exchange("/v1/files", {"notes": ["a word"] * 100, "purpose": "batch"}, FILE))
    assert "--full shows them\n" in shown
    assert "purpose batch" in " ".join(shown.split())
    assert shown.count("a word") < 40


CALLED = """\
tests/recordings/x.json
  test      tests/integration/inference/test_chat.py::test_reply[model=small]
  request   POST https://api.example.com/mcp
  wire      json-rpc
  method    tools/call
  name      now

result of a tool
  text       noon
  … and id, result; --full shows them
"""


def test_a_tool_of_a_server_and_what_it_gave() -> None:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "now"}}
    said = {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "noon"}]}}
    assert show_on_terminal(exchange("/mcp", asked, said)) == CALLED


MARKDOWN = """\
### `recordings/a.json`

json-rpc · test `tests/integration/inference/test_chat.py::test_reply[model=small]`

<details><summary>Request</summary>

`method` `tools/call`

`name` `now`

</details>

**result of a tool**

`text`:

```text
It is
noon.
```

<details><summary>More</summary>

```json
{
  "id": 1,
  "result": {
    "content": [
      {
        "type": "text",
        "text": "It is\\nnoon."
      }
    ]
  }
}
```

</details>
"""


def test_a_tools_result_as_markdown(run: Run, tmp_path: Path) -> None:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "now"}}
    said = {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "It is\nnoon."}]}}
    path = keep(tmp_path / "recordings", "a.json", exchange("/mcp", asked, said))
    assert run("show", "--format", "markdown", path, cwd=tmp_path).out == MARKDOWN


def test_a_login_shows_no_secret_in_any_format(run: Run, tmp_path: Path) -> None:
    asked = "grant_type=refresh_token&refresh_token=1%2F%2F0gZk3v9QxT&client_secret=GOCSPX-9fQ2"
    said = {"access_token": "ya29.A0ARrdaM-k9vQ", "expires_in": 3599, "token_type": "Bearer"}
    path = keep(tmp_path / "recordings", "a.json", exchange("/token", asked, said))
    for name in ("text", "markdown", "json", "brief"):
        shown = run("show", "--format", name, path, cwd=tmp_path).out
        assert "3,599" in shown or "3599" in shown
        assert not any(secret in shown for secret in ("ya29", "0gZk3v9QxT", "GOCSPX"))


def test_json_keeps_all_that_was_recorded(run: Run, tmp_path: Path) -> None:
    path = keep(tmp_path / "recordings", "a.json", exchange("/v1/files", FORM, FILE))
    (shown,) = json.loads(run("show", "--format", "json", path, cwd=tmp_path).out)["recordings"]
    assert (shown["wire"], shown["response"]["id"]) == ("objects", "file-1")
    assert shown["response"]["extra"] == {
        key: value for key, value in FILE.items() if key not in ("id", "object")
    }


def test_a_difference_is_told_by_what_it_is_of(run: Run, tmp_path: Path) -> None:
    later = {**FILE, "id": "file-2", "created_at": 1_800_000_000, "status": "processed"}
    old = keep(tmp_path / "old", "a.json", exchange("/v1/files", FORM, FILE))
    new = keep(tmp_path / "new", "a.json", exchange("/v1/files", FORM, later))
    outcome = run("diff", "--format", "json", old, new, cwd=tmp_path)
    (pair,) = json.loads(outcome.out)["pairs"]
    assert [(change["where"], change["left"], change["right"]) for change in pair["changes"]] == [
        ("/response/extra/status", "uploaded", "processed")
    ]


def test_another_token_is_no_difference(run: Run, tmp_path: Path) -> None:
    replies = [{"access_token": "a" * length, "expires_in": 5} for length in (30, 40)]
    old, new = (
        keep(tmp_path / name, "a.json", exchange("/token", "a=b", reply))
        for name, reply in zip(("old", "new"), replies, strict=True)
    )
    assert run("diff", old, new, cwd=tmp_path).code == 0
