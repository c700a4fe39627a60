"""What recorders say of requests that they have no recording for, read out of logs."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.inventory.messages import RECORDERS, read_messages
from recctl.inventory.query import Reason

HASH = "3f9a01b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e"
CHAT = "https://api.openai.com/v1/chat/completions"
OGX_CHAT = "http://localhost:8000/v1/v1/chat/completions"
TEST = "tests/test_chat.py::test_reply[gpt-4o]"
CASSETTE = "/home/ci/app/tests/cassettes/test_chat/test_reply[gpt-4o].yaml"


class Case(NamedTuple):
    """A piece of a log, and what is to be known of the one miss in it."""

    log: str
    known: dict[str, Any]


OGX = {
    "error": Case(
        f"RuntimeError: Recording not found for request hash: {HASH}\n"
        f"Model: llama3.2:3b | Request: POST {OGX_CHAT}\n\n"
        "Run './scripts/integration-tests.sh --inference-mode record-if-missing' with required API keys to "
        "generate.\n",
        {"name": HASH, "model": "llama3.2:3b", "method": "POST", "url": OGX_CHAT},
    ),
    "line alone": Case(f"Recording not found for request hash: {HASH}", {"name": HASH}),
    "cut off by a summary": Case(
        f"FAILED {TEST} - RuntimeError: Recording not found for request hash: 3f9a01b2c3d4e5...",
        {"name": "3f9a01b2c3d4e5", "test": TEST},
    ),
    "under pytest's E": Case(
        "______________ test_reply[gpt-4o] ______________\n\n"
        "tests/test_chat.py:41: in test_reply\n    client.chat(model)\n"
        f"E   RuntimeError: Recording not found for request hash: {HASH}\n"
        f"E   Model: gpt-4o | Request: POST {OGX_CHAT}\n",
        {"name": HASH, "test": TEST, "model": "gpt-4o"},
    ),
    "quoted by a server": Case(
        "ERROR 2026-01-21 10:00:00,123 ogx.core.server.server:241: Error executing endpoint "
        f"route='/v1/chat/completions': Recording not found for request hash: {HASH}\\nModel: gpt-4o | "
        f"Request: POST {OGX_CHAT}\\n\\nRun './scripts/integration-tests.sh'",
        {"name": HASH, "model": "gpt-4o", "url": OGX_CHAT},
    ),
    "of 2025, with the body": Case(
        f"No recorded response found for request hash: {HASH}\n"
        f"Request: POST {OGX_CHAT} {{'model': 'gpt-4o', 'stream': True, 'stop': None}}\n"
        "Model: gpt-4o\nTo record this response, run with LLAMA_STACK_TEST_INFERENCE_MODE=record\n",
        {"name": HASH, "body": {"model": "gpt-4o", "stream": True, "stop": None}, "has_body": True},
    ),
    "of 2025, with the endpoint": Case(
        f"No recorded response found for request hash: {HASH}\nEndpoint: /v1/completions\nModel: gpt-4o\n"
        "To record this response, run with LLAMA_STACK_INFERENCE_MODE=record\n",
        {"name": HASH, "endpoint": "/v1/completions", "model": "gpt-4o"},
    ),
    "in the debug log": Case(
        "[RECORDING DEBUG] Recording not found!\n  Mode: APIRecordingMode.REPLAY\n"
        f"  Request hash: {HASH}\n  Method: POST\n  URL: {OGX_CHAT}\n  Endpoint: /v1/chat/completions\n"
        f"  Model: gpt-4o\n  Test context: {TEST}\n",
        {"name": HASH, "test": TEST, "url": OGX_CHAT, "model": "gpt-4o"},
    ),
    "of a web search": Case(
        "RuntimeError: Recording not found for tavily-search.web_search | Request: {'query': 'Perry Mason'}",
        {"url": "tavily-search.web_search", "body": {"query": "Perry Mason"}},
    ),
    "of the Messages API": Case(
        "RuntimeError: Recording not found for httpx stream POST http://localhost:11434/v1/messages",
        {"method": "POST", "url": "http://localhost:11434/v1/messages"},
    ),
    "of a reranker": Case(
        "RuntimeError: Recording not found for rerank request | URL: https://ai.api.nvidia.com/v1/rerank",
        {"method": "POST", "url": "https://ai.api.nvidia.com/v1/rerank"},
    ),
}
VCRPY = {
    "no cassette, since 9.4": Case(
        "vcr.errors.CannotOverwriteExistingCassetteException: Can't play back this request: the cassette "
        "doesn't exist, and record_mode 'none' doesn't record new ones.\n\n"
        f"  POST {CHAT}\n\nCassette: {CASSETTE}\n  record_mode: none\n"
        "  match_on: method, scheme, host, port, path, query\n  interactions: 0 recorded, 0 played\n",
        {"file": CASSETTE, "reason": Reason.NO_FILE, "method": "POST", "url": CHAT, "recorded": 0},
    ),
    "all played, since 9.4": Case(
        "Can't play back this request: it matches 3 recorded interactions, but they have all been played "
        "back.\nrecord_mode 'none' doesn't record new requests.\n\n"
        f"  POST {CHAT}\n\nCassette: {CASSETTE}\n  record_mode: none\n  match_on: method, uri\n"
        "  interactions: 4 recorded, 3 played\n",
        {"reason": Reason.ALL_PLAYED, "matched": ("method", "uri"), "recorded": 4},
    ),
    "another body, since 9.4": Case(
        "E   Can't play back this request: no recorded interaction matches it (the closest differ in query "
        "and body).\nE   record_mode 'none' doesn't record new requests.\nE   \n"
        f'E     POST {CHAT}\nE     body: {{"model": "gpt-4o"}}\nE   \nE   Cassette: {CASSETTE}\n'
        "E     match_on: method, scheme, host, port, path, query, body\n",
        {
            "reason": Reason.NO_MATCH,
            "differing": ("query", "body"),
            "body": {"model": "gpt-4o"},
            "file": CASSETTE,
        },
    ),
    "nothing similar, since 9.4": Case(
        f"Can't play back this request: the cassette has nothing similar to it.\n\n  GET {CHAT}\n",
        {"reason": Reason.NOTHING_SIMILAR, "method": "GET", "file": None},
    ),
    "another query": Case(
        f"vcr.errors.CannotOverwriteExistingCassetteException: Can't overwrite existing cassette "
        f"('{CASSETTE}') in your current record mode ('none').\n"
        f"No match for the request (<Request (POST) {CHAT}?beta=true>) was found.\n"
        "Found 1 similar requests with 1 different matcher(s) :\n\n"
        f"1 - (<Request (POST) {CHAT}>).\nMatchers succeeded : ['method', 'scheme', 'host', 'port', 'path']\n"
        "Matchers failed :\nquery - assertion failure :\n[('beta', 'true')] != []\n",
        {"file": CASSETTE, "url": f"{CHAT}?beta=true", "reason": Reason.NO_MATCH, "differing": ("query",)},
    ),
    "all played": Case(
        f"Can't overwrite existing cassette ('{CASSETTE}') in your current record mode (<RecordMode.NONE: "
        f"'none'>).\nNo match for the request (<Request (POST) {CHAT}>) was found.\n"
        "Found 2 similar requests with 0 different matcher(s) :\n",
        {"reason": Reason.ALL_PLAYED, "method": "POST"},
    ),
    "nothing left": Case(
        f"Can't overwrite existing cassette ('{CASSETTE}') in your current record mode ('once').\n"
        f"No match for the request (<Request (GET) {CHAT}>) was found.\n"
        "No similar requests, that have not been played, found.\n",
        {"reason": Reason.NOTHING_SIMILAR, "method": "GET"},
    ),
    "its second line alone": Case(
        f"No match for the request (<Request (POST) {CHAT}>) was found.", {"method": "POST", "url": CHAT}
    ),
    "cut off by a summary": Case(
        f"FAILED {TEST} - vcr.errors.CannotOverwriteExistingCassetteException: Can't overwrite existing "
        "cassette ('/home/ci/app/tests/casse...",
        {"test": TEST, "file": "/home/ci/app/tests/casse"},
    ),
    "below an SDK's error": Case(
        "________ TestChat.test_reply ________\n"
        f"E   vcr.errors.CannotOverwriteExistingCassetteException: Can't overwrite existing cassette "
        f"('{CASSETTE}') in your current record mode ('none').\n"
        f"E   No match for the request (<Request (POST) {CHAT}>) was found.\n\n"
        "The above exception was the direct cause of the following exception:\n\n"
        "E   openai.APIConnectionError: Connection error.\n"
        "=========== short test summary info ===========\n"
        "FAILED tests/test_chat.py::TestChat::test_reply - openai.APIConnectionError: Connection error.\n",
        {"test": "TestChat::test_reply", "file": CASSETTE, "url": CHAT},
    ),
    "in a log of GitHub's": Case(
        "2026-01-21T10:00:00.1234567Z \x1b[31mE   Can't overwrite existing cassette "
        f"('{CASSETTE}') in your current record mode ('none').\x1b[0m\n"
        f"2026-01-21T10:00:00.1234567Z \x1b[31mE   No match for the request (<Request (POST) {CHAT}>) was "
        "found.\x1b[0m\n",
        {"file": CASSETTE, "method": "POST", "url": CHAT},
    ),
}
VCR = {
    "for Ruby": Case(
        "     VCR::Errors::UnhandledHTTPRequestError:\n\n\n       " + "=" * 80 + "\n"
        "       An HTTP request has been made that VCR does not know how to handle:\n"
        f"         POST {CHAT}\n\n       VCR is currently using the following cassette:\n"
        "         - /app/spec/fixtures/vcr_cassettes/chat_openai_asks.yml\n"
        "           - :record => :none\n           - :match_requests_on => [:method, :uri]\n\n"
        "       Under the current configuration VCR can not find a suitable HTTP interaction\n",
        {
            "method": "POST",
            "url": CHAT,
            "file": "/app/spec/fixtures/vcr_cassettes/chat_openai_asks.yml",
            "matched": ("method", "uri"),
        },
    ),
    "with the body": Case(
        "An HTTP request has been made that VCR does not know how to handle:\n"
        f'  POST {CHAT}\n  Body: {{"model":"gpt-4o"}}\n\n'
        "VCR is currently using the following cassettes:\n  - spec/cassettes/one.yml\n"
        "    - :record => :once\n    - :match_requests_on => [:method, :uri, :body]\n",
        {"body": {"model": "gpt-4o"}, "file": "spec/cassettes/one.yml", "matched": ("method", "uri", "body")},
    ),
    "without a cassette": Case(
        "An HTTP request has been made that VCR does not know how to handle:\n"
        f"  GET {CHAT}\n\nThere is currently no cassette in use. There are a few ways\n",
        {"method": "GET", "file": None, "reason": Reason.NO_CASSETTE_IN_USE},
    ),
    "quoted by an application": Case(
        "[ERROR] retry failed: VCR::Errors::UnhandledHTTPRequestError - \\n\\nAn HTTP request has been made "
        f"that VCR does not know how to handle:\\n  POST {CHAT}\\n\\nVCR is currently using the following "
        "cassette:\\n  - /app/spec/cassettes/a.yml\\n",
        {"method": "POST", "url": CHAT, "file": "/app/spec/cassettes/a.yml"},
    ),
}
VCR_OF_R = {
    "in its own words": Case(
        "Error: An HTTP request has been made that vcr does not know how to handle:\n"
        f"POST {CHAT}\nvcr is currently using the following cassette:\n  - _vcr/chat-tools.yml\n"
        "    - record_mode: once\n    - match_requests_on: method, uri\n",
        {"file": "_vcr/chat-tools.yml", "matched": ("method", "uri")},
    ),
}
GO_VCR = {
    "in Go's words": Case(
        '    agent_test.go:52: Post "https://api.openai.com/v1/chat/completions": requested interaction not '
        "found\n",
        {"method": "POST", "url": CHAT},
    ),
    "wrapped": Case(
        "=== RUN   TestSimple/openai\n    agent_test.go:52: generate: error sending request: "
        f'Post "{CHAT}": requested interaction not found\n--- FAIL: TestSimple/openai (0.00s)\n',
        {"method": "POST", "url": CHAT, "test": "TestSimple/openai"},
    ),
    "by an old client": Case(
        f"Get {CHAT}: Requested interaction not found", {"method": "GET", "url": CHAT, "file": None}
    ),
    "without a cassette": Case(
        "recorder_test.go:9: requested cassette not found: testdata/TestSimple/openai.yaml",
        {"file": "testdata/TestSimple/openai.yaml", "reason": Reason.NO_FILE},
    ),
}
CASES = {
    f"{recorder}: {name}": (recorder, case)
    for recorder, cases in (
        ("ogx", OGX),
        ("vcrpy", VCRPY),
        ("vcr_ruby", VCR),
        ("vcr_r", VCR_OF_R),
        ("go_vcr", GO_VCR),
    )
    for name, case in cases.items()
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_recorder_says_is_understood(name: str) -> None:
    recorder, case = CASES[name]
    (query,) = read_messages(case.log)
    assert query.recorder == recorder
    assert {key: getattr(query, key) for key in case.known} == case.known


def test_at_least_thirty_lines_of_all_recorders_are_understood() -> None:
    assert len(CASES) >= 30
    assert {recorder for recorder, _ in CASES.values()} == {recorder.name for recorder in RECORDERS}


def test_a_log_with_everything_tells_each_miss_once_and_in_order() -> None:
    logs = [OGX["error"].log, VCRPY["another query"].log, VCR["for Ruby"].log, GO_VCR["in Go's words"].log]
    told = read_messages("\n".join([*logs, *logs]))
    assert [query.recorder for query in told] == ["ogx", "vcrpy", "vcr_ruby", "go_vcr"]
    assert [query.line for query in told] == [1, 6, 20, 30]


def test_a_summary_adds_the_test_to_what_was_said_at_length() -> None:
    summary = f"FAILED {TEST} - vcr.errors.CannotOverwriteExistingCassetteException: Can't overwrite "
    log = f"{VCRPY['another query'].log}{summary}existing cassette ('{CASSETTE[:30]}...\n"
    (query,) = read_messages(log)
    assert (query.test, query.file, query.differing) == (TEST, CASSETTE, ("query",))


def test_two_requests_to_one_cassette_are_two_misses() -> None:
    first = VCRPY["all played"].log
    told = read_messages(first + first.replace("(POST)", "(GET)"))
    assert [query.method for query in told] == ["POST", "GET"]


def test_a_log_that_misses_nothing_says_nothing() -> None:
    assert (
        read_messages("openai.APIConnectionError: Connection error.\nRecording not found for user 5\n") == ()
    )


@pytest.mark.parametrize(
    "log",
    [
        "Recording not found for request hash: " + "a" * 10_000_000,
        "No recorded response found for request hash: abcd1234\nRequest: POST http://x " + "{" * 90_000,
        "Can't overwrite existing cassette ('" + "x" * 5_000_000,
        "An HTTP request has been made that VCR does not know how to handle:\n" * 50_000,
        'Get "' * 100_000 + ": requested interaction not found",
        "_" * 2_000_000 + " x " + "_" * 2_000_000,
        "Recording not found!" * 100_000,
        "Can't play back this request: " + "\0\x1b[31m\x9b" * 100_000 + "\ud800",
    ],
    ids=range(8),
)
def test_a_hostile_log_ends_well(log: str) -> None:
    assert len(read_messages(log)) <= 1000


@given(st.lists(st.sampled_from([case.log for _, case in CASES.values()]) | st.text(), max_size=6), st.text())
def test_any_mixture_of_logs_is_read(logs: list[str], between: str) -> None:
    for query in read_messages(between.join(logs)):
        assert query.line is not None
        assert query.word
