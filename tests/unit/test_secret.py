"""The rule `secret`: every kind of secret, wherever it stands and however it is cut, and no look-alike.

Hosts refuse a push that holds something like a key, so the keys are drawn when the tests run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import string
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.checks.finding import Finding, Severity
from recctl.checks.secret import MOST_FINDINGS, RULES, check_secrets, hide_secrets, mask_secrets
from recctl.checks.secret_finder import is_plainly_free
from recctl.project import SecretSettings
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.wire import read_exchange
from tests.builders import chunk, delta, read, record, source
from tests.unit.wire.hostile import json_values, spoil
from tests.unit.wire.streams import cut, send

if TYPE_CHECKING:
    from typing import SupportsIndex

HEX = "0123456789abcdef"
BASE32 = string.ascii_uppercase + "234567"
LETTERS = string.ascii_letters
BASE62 = string.ascii_letters + string.digits
BASE64 = BASE62 + "+/"
WORD = BASE62 + "_-"


def draw(length: int, alphabet: str = BASE62, seed: str = "1") -> str:
    """Characters as if drawn by lot, but always the same ones."""
    lots = hashlib.shake_256(seed.encode()).digest(length)
    return "".join(alphabet[lot % len(alphabet)] for lot in lots)


def encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


OPENAI = "sk-" + "proj-" + draw(40)
AZURITE = "K1SZFPTOtr/KBHBeksoGMGw=="  # the end of the key that its manual prints
TOKEN = ".".join((encode('{"alg":"HS256"}'), encode('{"sub":"7","exp":1900000000}'), draw(43)))
BEGIN, END = "-----BEGIN " + "PRIVATE KEY-----", "-----END " + "PRIVATE KEY-----"
BLOCK = f"{BEGIN}\n{draw(64, BASE64)}\n{draw(64, BASE64, 'b')}\n{END}"
WEBHOOK = f"T{draw(8, BASE32)}/B{draw(10, BASE32)}/{draw(24)}"

KINDS = [
    ("an OpenAI API key", "sk-" + draw(20) + "T3Blbk" + "FJ" + draw(20)),
    ("an OpenAI API key", OPENAI),
    ("an OpenAI API key", "sk-" + "svcacct-" + draw(120, WORD)),
    ("an OpenAI API key", "sk-" + draw(32, HEX)),
    ("an Anthropic API key", "sk-" + "ant-api03-" + draw(93, WORD) + "AA"),
    ("an Anthropic API key", "sk-" + "ant-oat01-" + draw(80, WORD)),
    ("an OpenRouter API key", "sk-" + "or-v1-" + draw(64, HEX)),
    ("a Google API key", "AI" + "za" + draw(35, WORD)),
    ("a Google API key", "AQ" + ".Ab8" + draw(48, WORD)),
    ("a Google access token", "ya" + "29." + draw(120, WORD)),
    ("a Google client secret", "GOC" + "SPX-" + draw(28, WORD)),
    ("an AWS access key id", "AK" + "IA" + draw(16, BASE32)),
    ("an AWS access key id", "AS" + "IA" + draw(16, BASE32)),
    ("an Amazon Bedrock API key", "AB" + "SK" + draw(128, BASE64)),
    ("an Amazon Bedrock API key", "bedrock-" + "api-key-" + draw(200)),
    ("an Azure API key", draw(52) + "JQQ" + "J99" + draw(26)),
    ("a GitHub token", "gh" + "p_" + draw(36)),
    ("a GitHub token", "gh" + "o_" + draw(36)),
    ("a GitHub token", "gh" + "s_" + TOKEN),
    ("a GitHub token", "github" + "_pat_" + draw(22) + "_" + draw(59)),
    ("a Hugging Face token", "hf" + "_" + draw(34, LETTERS)),
    ("a Hugging Face token", "api" + "_org_" + draw(34, LETTERS)),
    (
        "a Slack token",
        "xox" + "b-" + draw(12, string.digits) + "-" + draw(12, string.digits) + "-" + draw(24),
    ),
    (
        "a Slack token",
        "xap" + "p-1-A" + draw(10, BASE32) + "-" + draw(13, string.digits) + "-" + draw(64, HEX),
    ),
    ("a Groq API key", "gs" + "k_" + draw(52)),
    ("an xAI API key", "xa" + "i-" + draw(80)),
    ("a Together API key", "tgp" + "_v1_" + draw(43, WORD)),
    ("a Fireworks API key", "fw" + "_" + draw(24)),
    ("a Cerebras API key", "cs" + "k-" + draw(48, HEX)),
    ("an NVIDIA API key", "nva" + "pi-" + draw(64, WORD)),
    ("a Perplexity API key", "ppl" + "x-" + draw(48)),
    ("a Tavily API key", "tv" + "ly-dev-" + draw(32)),
    ("a Databricks token", "da" + "pi" + draw(32, HEX)),
    ("a Databricks token", "da" + "pi" + draw(32, HEX) + "-2"),
    ("a Replicate token", "r8" + "_" + draw(37)),
    ("a GitLab token", "glp" + "at-" + draw(20)),
    ("an npm token", "np" + "m_" + draw(36)),
    ("a PyPI token", "pyp" + "i-AgE" + draw(120, WORD)),
    ("a SendGrid API key", "SG" + "." + draw(22) + "." + draw(43)),
    ("a Stripe API key", "sk" + "_live_" + draw(24)),
    ("a JSON web token", TOKEN),
    ("a private key", BLOCK),
]
"""Secrets that show by themselves."""

LOGIN = base64.b64encode(f"robot:{draw(12)}".encode()).decode()
NAMED = [
    ("an API key", "api-key: {}", draw(32, HEX)),
    ("an API key", '{{"api_key": "{}"}}', draw(84)),
    ("an API key", "Ocp-Apim-Subscription-Key={}", draw(32, HEX)),
    ("an API key", "export IBM_API_KEY='{}'", draw(44, WORD)),
    ("an API key", "client_secret => {}", draw(40)),
    ("an API key", "**API key**: `{}`", draw(40)),
    ("an API key", "api_key:\n\n\t{}", draw(40)),
    ("an API key", "https://api.invalid/v1?access_token={}&page=2", draw(40)),
    ("an AWS secret access key", "aws_secret_access_key = {}", draw(40, BASE64)),
    ("an AWS secret access key", "AWS_SECRET_ACCESS_KEY={}(rotate)", draw(40)),
    ("an AWS secret access key", '"SecretAccessKey":"{}"', draw(40, BASE64)),
    ("an Azure access key", "AccountName=x;AccountKey={};EndpointSuffix=y", draw(86, BASE64) + "=="),
    ("an Azure access key", "SharedAccessKey={}", draw(43, BASE64) + "="),
    ("a Slack webhook", "https://hooks.slack.com/services/{}", WEBHOOK),
    ("a bearer token", "Authorization: Bearer {}", draw(40)),
    ("a bearer token", "Authorization: Bearer {}", f"{draw(26, BASE32)}.{draw(26, BASE32, 'b')}"),
    ("a bearer token", "curl -H 'authorization: bearer {}'", draw(64, HEX)),
    ("a name and password", "Authorization: Basic {}", LOGIN),
    ("a password in a url", "postgres://robot:{}@db.internal:5432/app", draw(12)),
    ("a password in a url", "redis://:{}@127.0.0.10/0", draw(20)),
    ("a password in a url", "redis://:{}@[::10]/0", draw(20)),
    ("a password in a url", "redis://:{}@10.0.0.0/0", draw(20)),
    ("a password in a url", "redis://:{}@cache/0", "Xk$7" + "(m*" + draw(5)),
]
"""Secrets that only what stands around them shows."""


def check(document: Any, *allow: str, patterns: tuple[tuple[str, str], ...] = ()) -> list[Finding]:
    recording = read(document)
    return check_secrets(recording, read_exchange(recording), SecretSettings(allow, patterns))[0]


def ask(text: Any) -> dict[str, Any]:
    """A recording whose client says this."""
    document = record([chunk(delta(content="Hi", finish_reason="stop"))])
    document["request"]["body"]["messages"] = [{"role": "user", "content": text}]
    return document


def found(text: str) -> list[str]:
    """The kinds of secrets that a text holds."""
    return [finding.message.partition(" (")[0] for finding in check(ask(text))]


def stream(*pieces: str, channel: str = "content") -> dict[str, Any]:
    """A recording of a chat stream that says a text in these pieces."""
    deltas = [{**delta(), "delta": {channel: piece}} for piece in pieces]
    return record([*map(chunk, deltas), chunk(delta(finish_reason="stop"))])


def cut_in_three(text: str) -> tuple[str, str, str]:
    return text[:5], text[5:12], text[12:]


# Kinds


@pytest.mark.parametrize(("kind", "secret"), KINDS, ids=[kind for kind, _ in KINDS])
def test_a_kind_is_told_with_the_start_and_the_length_of_the_secret(kind: str, secret: str) -> None:
    (finding,) = check(ask(f"Use {secret} here."))
    assert finding.message == f"{kind} ({secret[:4]}…, {len(secret):,} characters) in the request"
    assert (finding.rule, finding.severity) == ("secret", Severity.ERROR)
    assert (finding.pointer, finding.position) == ("/request/body/messages/0/content", None)
    assert finding.hint == "revoke it, then replace it in the recording and re-hash the file"


@pytest.mark.parametrize(("kind", "around", "secret"), NAMED, ids=[around for _, around, _ in NAMED])
def test_what_stands_around_a_secret_shows_its_kind(kind: str, around: str, secret: str) -> None:
    (finding,) = check(ask(around.format(secret)))
    assert finding.message.startswith(f"{kind} ({secret[: min(4, len(secret) // 4)]}…, {len(secret)} char")
    assert found(f"Use {secret} here.") == []


def test_words_show_that_a_text_may_hold_a_secret() -> None:
    texts = [*(secret for _, secret in KINDS), *(around.format(secret) for _, around, secret in NAMED)]
    assert [text for text in texts if is_plainly_free(serialise(ask(text)).decode())] == []
    assert is_plainly_free(serialise(ask("What is a token?")).decode())


@pytest.mark.parametrize("said", [*(secret for _, secret in KINDS), *(a.format(s) for _, a, s in NAMED)])
def test_a_secret_in_a_chunk_among_others_like_it_is_found(said: str) -> None:
    document = stream("a", "b ", f"\n{said} ", "c", "d")
    assert [finding.pointer for finding in check(document)] == [
        "/response/body/2/__data__/choices/0/delta/content"
    ]


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"x-api-key": "sk-" + "ant-api03-" + draw(95)}, "an Anthropic API key"),
        ({"api-key": draw(32, HEX)}, "an API key"),
        ({"Authorization": f"Bearer {OPENAI}"}, "an OpenAI API key"),
        ({"Authorization": f"Bearer {draw(40)}"}, "a bearer token"),
        ({"authorization": draw(40)}, "an API key"),
        ({"Authorization": f"Basic {LOGIN}"}, "a name and password"),
        ({"AUTHORIZATION": f"BEARER {draw(40)}"}, "a bearer token"),
        ({"AUTHORIZATION": f"BASIC {LOGIN}"}, "a name and password"),
        ({"AUTHORIZATION": draw(40)}, "an API key"),
    ],
)
def test_a_header_is_one_secret_of_the_most_telling_kind(headers: dict[str, str], kind: str) -> None:
    (finding,) = check(record(None, headers=headers))
    assert finding.message.startswith(f"{kind} (")
    assert finding.pointer == f"/request/headers/{next(iter(headers))}"


def test_of_a_short_password_hardly_anything_is_shown() -> None:
    (finding,) = check(ask("ftp://robot:" + "h0Le" + "8x@files.internal"))
    assert finding.message == "a password in a url (h…, 6 characters) in the request"


# What looks alike


@pytest.mark.parametrize(
    "text",
    [
        "chatcmpl-" + draw(29),
        "call_" + draw(24),
        "toolu_01" + draw(22),
        "rec-" + draw(12, HEX),
        "resp_" + draw(48, HEX),
        "msg_01" + draw(22),
        "req_" + draw(32, HEX),
        "file-" + draw(32, HEX),
        "fc_" + draw(48, HEX),
        "sha256:" + draw(64, HEX),
        '"prompt_cache_key": "' + draw(64, HEX) + '"',
        '"next_page_token": "' + draw(60) + '"',
        '"api_key_id": "' + draw(32, HEX) + '"',
        '"access_token": "0b9e3d62-7c41-4f8a-9d5e-2f6a1c8b7e30"',
        "data:image/png;base64," + draw(4000, BASE64),
        draw(4000, WORD),
        "https://www.site.org/sk-learn-in-2024-a-guide-for-beginners-and-others",
        "https://www.site.org/sk-conference2024-for-beginners-and-others",
        "https://www.site.org/how-to-Use-sk-Learn-in-2024-and-after",
        "31m" + OPENAI + " [31m" + OPENAI + " \x1b[31mm" + OPENAI,
        "task-" + draw(40) + " desk-" + draw(40) + " risk-" + draw(40),
        "B1hW" + "sk-" + draw(40),
        "-_" + "sk-" + draw(40),
        "https://news.site.org/technology/xai-seeks-up-to-300-million-in-debt-and-shares-through-a-bank-2025-06-02/",
        "https://news.site.org/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",
        "access_token: oauth2Client.credentials.access_token, api_key = user.oauth2AccessToken",
        "{ Authorization: auth0Client.getTokenSilently() }",
        "accessToken = oAuth2AuthorizedClient.getAccessToken();",
        "accessToken = getOAuth2AccessToken(), access_token: fetchS3PresignedToken2024()",
        "clientSecret: environment.auth0ClientSecretValue",
        "secret_key = Ed25519PrivateKey.generate()",
        "secretKey = Base64Utils.decodeFromString(k)",
        "access_key = /home/user/.ssh/id_ed25519_Backup2024.pem",
        "api_key: /run/secrets/OpenAIKey2Production",
        "AK" + "IA" + draw(17, BASE32),
        "da" + "pi" + draw(33, HEX),
        "AI" + "za" + draw(36, BASE62),
        "X-Amz-Credential=" + "AS" + "IA" + draw(16, BASE32) + "%2F20250101%2Fus-east-1",
        "a basic understanding, a bearer of misunderstandings1",
        "Basic " + base64.b64encode(b"no colon in this text").decode(),
        "https://host:8080/path:x@y http://[::1]:8080/x@y",
        "git@host.org:team/project.git, user:word@host",
        "eyJ" + draw(40) + ".eyJ" + draw(40) + "." + draw(40),
        encode('{"alg":"HS256"}'),
        ".".join((encode('{"kid":"seven"}'), encode('{"sub":"seven"}'), draw(43))),
        ".".join((encode('{"alg":"HS256"}'), encode('{"sub":"1234567890"}'), draw(43))),
        BEGIN + "\n...\n" + END,
        BEGIN + "\nHere comes what was made when you ran the command above, line by line,\n" + END,
        BEGIN + "\n" + "A" * 120 + "\n" + END,
        BEGIN.replace("PRIVATE", "PUBLIC") + "\n" + draw(300, BASE64),
        BEGIN + "\nEXAMPLE" + draw(120, BASE64) + "\n" + END,
    ],
)
def test_what_only_looks_like_a_secret_is_let_be(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "sk-" + "x" * 48,
        "sk-" + "...",
        "sk-" + "****************************",
        "sk-" + "proj-" + "your-key-goes-here-" + draw(20),
        "sk-" + "test-" + draw(32),
        "sk-" + "fake" + draw(32),
        "sk-" + "1234567890abcdef1234567890abcdef",
        "sk-" + "ant-api03-" + "dummy" + draw(80),
        "<your-key>",
        "secret_key: base64EncodedSecretKeyGoesHere123, npm_" + "configRegistryOfTheWholeCompanyInUse01",
        "api_key=<YOUR_API_KEY>",
        "api_key=YOUR_OPENAI_ACCESS_TOKEN_1",
        "AKIAIOSFODNN7" + "EXAMPLE",
        "aws_secret_access_key=" + "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
        "AK" + "IA" + "A" * 16,
        "gh" + "p_" + "ab1" * 12,
        "hf" + "_" + "REDACTED" * 5,
        "Authorization: Bearer ${TOKEN} and Bearer REDACTED_REDACTED_REDACTED",
        "Authorization: Basic " + base64.b64encode(b"user:password").decode(),
        "postgres://user:password@db postgres://postgres:postgres@db http://u:{password}@db",
        "https://robot:" + draw(12) + "@www.example.com/ https://robot:......@db https://robot:$PASS@db",
        "https://u:${PASS}@db https://u:[FILTERED]@db https://u:ab***@db https://u:%PASS%@db",
        "postgres://scott:tiger@localhost/x postgres://postgres:mysecretpassword@localhost:5432/x",
        "mysql://root:my-secret-pw@127.0.0.1:3306/db https://u:password123@dev.localhost",
        "Authorization: Bearer " + "abc123def456ghi789jkl012mno345",
        "Authorization: Basic " + base64.b64encode(b"Aladdin:open sesame").decode(),
        "Authorization: Basic " + base64.b64encode(b"foo:bar").decode(),
        "mysql://root:my-secret-pw@0.0.0.0:3306/db mysql://root:my-secret-pw@[::1]/db https://u:pwd12@LocalHost",
        "Authorization: Basic " + base64.b64encode(b"Aladdin:open sesame").decode().rstrip("="),
        "Authorization: Basic " + base64.b64encode(b"s6BhdRkqt3:7Fjfp0ZBr1K" + b"tDRbnfVdmIw").decode(),
        "access_token: 2YotnFZFEj" + "r1zCsicMWpAA, refresh_token: tGzv3JOkF0X" + "G5Qx2TlKWIA",
        "client_secret=7Fjfp0ZBr1K" + "tDRbnfVdmIw",
        ".".join((encode('{"alg":"HS256"}'), encode('{"iss":"joe",\r\n "exp":1300819380}'), draw(43))),
        ".".join((encode('{"alg":"HS256"}'), encode('{"sub": "1234567890"}'), draw(43))),
        ".".join((encode('{"alg":"HS256"}'), encode('{"iss":"supabase-demo","role":"anon"}'), draw(43))),
        "Authorization: Basic " + base64.b64encode(b"s6BhdRkqt3:gX1fBat3bV").decode(),
        *(kind + "_16C7e42F292c6912" + "E7710c838347Ae178B4a" for kind in ("gho", "ghp", "ghu")),
        "AI" + "zaSyDaGmWKa4JsXZ-HjGw7" + "ISLn_3namBGewQe",
        f"AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/{AZURITE}",
        "https://hooks.slack.com/services/" + "T00000000/B00000000/" + "X" * 24,
    ],
)
def test_placeholders_are_let_be(text: str) -> None:
    assert found(text) == []


# Boundaries


@pytest.mark.parametrize(
    "before",
    [
        "",
        " ",
        "\n",
        "=",
        '"',
        "(",
        "/",
        ":",
        "密钥",
        "\\n",
        "%20",
        "\\u5bc6",
        "\x1b[1;31m",
        "\x1b[38;2;255;120;100m",
    ],
)
@pytest.mark.parametrize("after", ["", " ", "\n", '"', ")", ".", ",", "。", "密", "\\n", "%20", "&x=y"])
def test_a_secret_starts_and_ends_where_a_word_does(before: str, after: str) -> None:
    (finding,) = check(ask(before + OPENAI + after))
    assert f", {len(OPENAI)} characters)" in finding.message


def test_a_secret_with_more_of_its_characters_than_its_kind_has_is_none() -> None:
    for _, secret in KINDS[:-2]:
        assert found(secret + draw(9000)) == []


@pytest.mark.parametrize("after", ["- ", "-", "-.", "-\n"])
def test_a_dash_may_stand_after_a_secret(after: str) -> None:
    assert found(f"hf{'_' + draw(34, LETTERS)}{after}") == ["a Hugging Face token"]
    assert found(f"hf{'_' + draw(34, LETTERS)}-a{after}") == []


def test_a_lone_surrogate_beside_a_secret_hides_nothing() -> None:
    assert found(f"\ud83d{OPENAI}\ude00") == ["an OpenAI API key"]


# Places


def test_a_secret_is_found_anywhere_in_a_document() -> None:
    places: dict[str, dict[str, Any]] = {
        "/test_id": {"test_id": f"test_x.py::test[{OPENAI}]"},
        "/request/url": {"request": {"url": f"http://host/?key={OPENAI}"}, "response": {}},
        "/request/payload/a~1b/0": {"request": {"payload": {"a/b": [OPENAI]}}},
        "/request/kwargs/api_key": {"request": {"kwargs": {"api_key": OPENAI}}},
        "/request/keys": {"request": {"keys": {OPENAI: {"a": TOKEN}}}},
        "/response/body/detail": {"response": {"body": {"detail": f"Incorrect API key: {OPENAI}."}}},
        "/response/exception_message": {"response": {"is_exception": True, "exception_message": OPENAI}},
        "/response/exception_data/0/headers/x": {
            "response": {"exception_data": [{"headers": {"x": OPENAI}}]}
        },
        "/response/body/0/sdk_http_response/headers/x": {
            "response": {"body": [{"candidates": [], "sdk_http_response": {"headers": {"x": OPENAI}}}]}
        },
    }
    for pointer, document in places.items():
        findings = check({"request": {}, "response": {}, **document})
        assert {finding.pointer for finding in findings} == {pointer}
        assert OPENAI not in str(findings)


def test_a_secret_that_is_a_key_is_not_shown_in_the_pointer() -> None:
    (finding,) = check({"request": {"keys": {OPENAI: 1}}, "response": {}})
    assert finding.pointer == "/request/keys"


def test_a_secret_of_the_whole_file_is_in_neither_request_nor_response() -> None:
    (finding,) = check({"test_id": OPENAI, "request": {}, "response": {}})
    assert finding.message == f"an OpenAI API key (sk-p…, {len(OPENAI)} characters)"


def test_a_secret_in_many_places_is_one_finding_at_the_first() -> None:
    document = ask([OPENAI, f"again {OPENAI}", "sk-" + draw(30, seed="other"), OPENAI])
    first, second = check(document)
    assert first.message.endswith(f"{len(OPENAI)} characters) in the request, and 2 more")
    assert (first.pointer, second.pointer) == (
        "/request/body/messages/0/content/0",
        "/request/body/messages/0/content/2",
    )


def test_a_secret_that_a_reply_repeats_is_a_finding_in_each_part() -> None:
    document = stream(f"You said {OPENAI}.")
    document["request"]["headers"] = {"x": OPENAI}
    asked, said = check(document)
    assert asked.message.endswith("in the request")
    assert said.message.endswith("in the response")
    assert said.pointer == "/response/body/0/__data__/choices/0/delta/content"


def test_secrets_at_one_place_have_marks_that_tell_them_apart_and_do_not_tell_them() -> None:
    keys = ["sk-" + "proj-" + draw(40, seed=seed) for seed in "ab"]
    marks = [finding.mark or "" for finding in check(ask(" ".join(keys)))]
    assert len(set(marks)) == 2
    assert {mark.rpartition(" ")[0] for mark in marks} == {"sk-p…[48]"}
    assert {len(mark.rpartition(" ")[2]) for mark in marks} == {4}


def test_of_what_somebody_may_have_thought_of_the_mark_holds_no_digest() -> None:
    (login,) = check(ask(f"postgres://robot:{draw(12)}@db"))
    (own,) = check(ask("acme-4711"), patterns=(("project id", "acme-[0-9]+"),))
    assert (login.mark, own.mark) == (f"{draw(3)}…[12]", "ac…[9]")


def test_many_secrets_are_counted_rather_than_listed() -> None:
    findings = check(ask(" ".join("sk-" + draw(30, seed=str(number)) for number in range(MOST_FINDINGS + 7))))
    assert len(findings) == MOST_FINDINGS + 1
    assert findings[-1].message == "7 more secrets, the first of them here"


def test_a_file_that_no_recorder_wrote_may_escape_any_character() -> None:
    hidden = "".join(f"\\u{ord(character):04x}" for character in OPENAI)
    webhook = WEBHOOK.replace("/", "\\/")
    text = (
        f'{{"request": {{"a": "{hidden}", "b": "hooks.slack.com\\/services\\/{webhook}"}}, "response": {{}}}}'
    )
    (recording,) = load(source(text.encode()))
    assert isinstance(recording, Recording)
    findings, _ = check_secrets(recording, read_exchange(recording), SecretSettings())
    assert [finding.pointer for finding in findings] == ["/request/a", "/request/b"]


def test_the_value_that_a_repeated_key_hides_is_looked_at() -> None:
    text = f'{{"request": {{"key": "line\\n{OPENAI}", "key": "none"}}, "response": {{}}}}'
    (recording,) = load(source(text.encode()))
    assert isinstance(recording, Recording)
    ((finding,), _) = check_secrets(recording, read_exchange(recording), SecretSettings())
    assert (finding.pointer, finding.message.partition(" (")[0]) == ("", "an OpenAI API key")


# Secrets in pieces


@pytest.mark.parametrize("channel", ["content", "reasoning", "refusal"])
def test_a_secret_over_three_chunks_is_found_where_it_starts(channel: str) -> None:
    (finding,) = check(stream("The key", " is ", *cut_in_three(OPENAI), ".", channel=channel))
    expected = f"an OpenAI API key (sk-p…, {len(OPENAI)} characters) in the response, cut into pieces"
    assert (finding.message, finding.pointer) == (expected, "/response/body/2")


@pytest.mark.parametrize(("kind", "secret"), KINDS, ids=[kind for kind, _ in KINDS])
def test_a_secret_of_any_kind_is_found_over_chunks(kind: str, secret: str) -> None:
    (finding,) = check(stream(*secret))
    assert finding.message.startswith(f"{kind} ({secret[:4]}…, {len(secret):,} characters) in the response, ")


def test_a_chunk_may_bring_no_more_than_the_first_character() -> None:
    (finding,) = check(stream("The key is ", OPENAI[:1], OPENAI[1:]))
    assert finding.pointer == "/response/body/1"


def test_a_piece_that_looks_like_a_secret_itself_is_not_counted() -> None:
    (finding,) = check(stream(OPENAI[:35], OPENAI[35:]))
    assert f", {len(OPENAI)} characters)" in finding.message


def test_every_choice_is_looked_at() -> None:
    pieces = zip(*(cut_in_three("sk-" + draw(30, seed=seed)) for seed in "ab"), strict=True)
    chunks = [chunk(delta(0, content=one), delta(1, content=two)) for one, two in pieces]
    findings = check(record([chunk(delta(role="assistant")), *chunks]))
    assert [finding.pointer for finding in findings] == ["/response/body/1", "/response/body/1"]


def test_the_arguments_of_every_tool_call_are_looked_at() -> None:
    def call(index: int, **function: str) -> dict[str, Any]:
        return chunk(delta(tool_calls=[{"index": index, "function": function}]))

    pieces = [call(1, arguments=piece) for piece in ('{"api_', 'key": "', *cut_in_three(draw(40)), '"}')]
    (finding,) = check(record([call(0, name="a", arguments="{}"), call(1, name="b"), *pieces]))
    assert finding.message == f"an API key ({draw(4)}…, 40 characters) in the response, cut into pieces"
    assert finding.pointer == "/response/body/4"


def test_arguments_that_are_objects_are_looked_at_under_their_names() -> None:
    call = {"function": {"name": "log_in", "arguments": {"api_key": draw(40)}}}
    chat = {"model": "small", "message": {"role": "assistant", "tool_calls": [call]}, "done": True}
    (finding,) = check(record({"__type__": "ollama._types.ChatResponse", "__data__": chat}))
    assert finding.pointer == "/response/body/__data__/message/tool_calls/0/function/arguments/api_key"


def converse(*pieces: str) -> list[dict[str, Any]]:
    """Anthropic's events for a reply in these pieces."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "small", "content": []}
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            for piece in pieces
        ),
        {"type": "message_stop"},
    ]


def test_a_secret_over_events_is_found_in_the_line_where_it_starts() -> None:
    body = send(*converse("It is ", *cut_in_three(OPENAI)))
    (finding,) = check(record(body))
    assert finding.pointer == "/response/body/10"
    assert cut_in_three(OPENAI)[0] in body[10]


def test_a_secret_over_parts_of_gemini_is_found() -> None:
    body = [{"candidates": [{"content": {"parts": [{"text": piece}]}}]} for piece in cut_in_three(OPENAI)]
    (finding,) = check(record([{"candidates": []}, *body]))
    assert finding.pointer == "/response/body/1"


def test_a_private_key_is_one_finding_however_its_lines_end() -> None:
    (finding,) = check(record(send(*converse(BLOCK))))
    assert finding.pointer == "/response/body/7"
    assert "cut into pieces" not in finding.message


def test_more_than_a_few_secrets_in_pieces_are_told_without_their_chunks() -> None:
    text = " ".join("sk-" + draw(20, seed=str(number)) for number in range(6))
    findings = check(stream(*text))
    assert [finding.pointer == "/response/body" for finding in findings] == [False] * 3 + [True] * 3


# What a project knows better


@pytest.mark.parametrize("allow", [OPENAI, "^sk-proj-", "Bearer sk-"])
def test_what_is_allowed_is_let_be(allow: str) -> None:
    document = record(None, headers={"Authorization": f"Bearer {OPENAI}"})
    assert (check(document, allow) == []) == (allow != "Bearer sk-")


def test_what_is_allowed_may_be_what_shows_the_secret() -> None:
    document = ask(f"postgres://robot:{draw(12)}@own/app")
    assert check(document, "@own$") == []
    assert len(check(document, "@db$")) == 1


def test_allowing_one_secret_lets_no_other_be() -> None:
    assert len(check(ask(f"{OPENAI} {TOKEN}"), OPENAI)) == 1


def test_own_patterns_are_found_by_their_names() -> None:
    document = ask("See build7.corp.internal.")
    document["response"]["body"][0]["__data__"]["id"] = "acme-4711"
    findings = check(document, patterns=(("host name", r"[\w.]+\.internal"), ("project id", "^acme-[0-9]+$")))
    assert [(finding.message, finding.pointer) for finding in findings] == [
        ("host name (buil…, 20 characters) in the request", "/request/body/messages/0/content"),
        ("project id (ac…, 9 characters) in the response", "/response/body/0/__data__/id"),
    ]
    assert {finding.hint for finding in findings} == {"replace it in the recording and re-hash the file"}


@pytest.mark.parametrize("text", ["zürich-7", 'so-called "zurich-7"', "zurich\n-7", "zurich-7"])
def test_own_patterns_see_texts_as_they_are_said(text: str) -> None:
    assert len(check(ask(text), patterns=(("place", r'z(ü|u)rich\s*-7"?$'),))) == 1


def test_own_patterns_may_go_by_a_key_which_stands_on_a_line_above_its_text() -> None:
    (finding,) = check(record(None, project="4711"), patterns=(("project", r"(?<=^project\n).+"),))
    assert (finding.message, finding.pointer) == (
        "project (4…, 4 characters) in the request",
        "/request/project",
    )


def test_own_patterns_are_found_in_pieces_too() -> None:
    (finding,) = check(stream("ac", "me-4", "711"), patterns=(("project id", "acme-[0-9]+"),))
    assert finding.message == "project id (ac…, 9 characters) in the response, cut into pieces"


def test_own_patterns_hide_no_other_secret() -> None:
    assert len(check(ask(OPENAI), patterns=(("prefix", "sk-"),))) == 1


def test_own_patterns_that_match_nothing_at_all_find_nothing() -> None:
    assert check(ask("Hello"), patterns=(("nothing", "€*"),)) == []


# Masking


@pytest.mark.parametrize(("kind", "secret"), KINDS, ids=[kind for kind, _ in KINDS])
def test_a_masked_text_shows_the_start_and_the_length(kind: str, secret: str) -> None:
    masked = mask_secrets(f"The key ({secret}) is {kind}.", SecretSettings())
    assert masked == f"The key ({secret[:4]}…[{len(secret):,} characters]) is {kind}."


def test_all_secrets_of_a_text_are_masked_and_nothing_else() -> None:
    text = f"api_key={draw(40)}\nAuthorization: Bearer {OPENAI}\nuser=acme-4711; {OPENAI}"
    settings = SecretSettings(allow=("nothing",), patterns=(("project id", "acme-[0-9]+"),))
    mask = f"sk-p…[{len(OPENAI)} characters]"
    assert mask_secrets(text, settings) == (
        f"api_key={draw(4)}…[40 characters]\nAuthorization: Bearer {mask}\nuser=ac…[9 characters]; {mask}"
    )


def test_what_is_allowed_is_not_masked() -> None:
    assert mask_secrets(f"Use {OPENAI}.", SecretSettings(allow=("^sk-",))) == f"Use {OPENAI}."


@given(st.text())
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert mask_secrets(text, SecretSettings()) == text


# Findings of other rules


def tell(message: str, pointer: str | None = None) -> Finding:
    return Finding("unknown-tool", Severity.WARNING, "x.json", message, None, pointer)


def test_memory_follows_the_length_of_a_secret_that_is_to_be_hidden() -> None:
    secret = draw(10_000, WORD)
    tracemalloc.start()
    (finding,) = hide_secrets([tell(f"so: {secret}.")], {secret}, SecretSettings())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert finding.message == f"so: {secret[:4]}…[10,000 characters]."
    assert most < 1000 * len(secret)


class Counted(str):
    """A text that counts the characters that are copied of it, and of what it is added to."""

    __slots__ = ()
    copied = 0

    def __getitem__(self, key: SupportsIndex | slice) -> Counted:
        piece = super().__getitem__(key)
        Counted.copied += len(piece)
        return Counted(piece)

    def __radd__(self, other: str) -> str:
        Counted.copied += len(other) + len(self)
        return str(other) + str(self)


def test_a_long_message_is_read_once() -> None:
    message = Counted(". " * 5000 + f"{OPENAI} " * 100)
    (finding,) = hide_secrets([tell(message)], {OPENAI}, SecretSettings())
    assert finding.message == ". " * 5000 + f"sk-p…[{len(OPENAI)} characters] " * 100
    assert Counted.copied < 200 * len(message)


@pytest.mark.parametrize(
    ("secret", "message", "shown"),
    [
        ("call", "'call_weather' is called, recall", "'call_weather' is called, recall"),
        ("call", "the password is 'call'.", "the password is 'c…[4 characters]'."),
        ("$call", "so:$call", "so:$…[5 characters]"),
        ("passage", "'passages', not passag…", "'passages', not p…[7 characters]…"),
        ("calculations", "'recalculations_1'", "'recal…[12 characters]_1'"),
    ],
)
def test_a_short_secret_is_hidden_only_where_it_stands_by_itself(
    secret: str, message: str, shown: str
) -> None:
    (finding,) = hide_secrets([tell(message)], {secret}, SecretSettings())
    assert finding.message == shown


def test_a_pointer_ends_where_a_secret_shows_and_leads_through_words() -> None:
    def cut(pointer: str, *secrets: str) -> str | None:
        settings = SecretSettings(patterns=(("project", "^acme-[0-9]+$"),))
        return hide_secrets([tell("", pointer)], {*secrets}, settings)[0].pointer

    assert cut("/response/body/0/choices", "body", "choices") == "/response/body/0/choices"
    assert cut(f"/response/x{draw(40)[3:17]}/a", draw(40)) == "/response"
    assert cut("/response/acme-7/a") == "/response"
    assert cut(f"/response/{OPENAI}/a") == "/response"


# Any input


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "-", "@", "\\n", "%20", "sk-", " sk-", "AKIA", "JQQ" + "J99", "xoxb-1-", "ya29.", "ghs_."),
        *("eyJ", "eyJ.", f"eyJ{'a' * 11}.", "://", "://a:", "://a:b", "-----BEGIN ", BEGIN),
        *("key ", "api_key=", "Bearer ", "Basic aaaaaaaaa", "secret_access_key=", "AccountKey="),
        "hooks.slack.com/services/T12345678/",
    ],
)
def test_long_hostile_texts_are_read_to_their_ends(unit: str) -> None:
    text = unit * (200_000 // len(unit)) + "\n" + OPENAI
    assert mask_secrets(text, SecretSettings()).endswith(f"\nsk-p…[{len(OPENAI)} characters]")


EDGES = st.sampled_from([" ", "\n", '"', "'", "密", ":", ",", "\t", "{", "é"])
SECRETS = st.sampled_from([secret for _, secret in KINDS])


def check_hidden(secret: str, text: str, pieces: list[str], body: list[Any]) -> None:
    assert "".join(pieces) == text
    findings = check(record(body))
    lengths = [finding.message for finding in findings if f", {len(secret):,} characters)" in finding.message]
    assert len(lengths) == 1
    assert not any(secret in str(finding) for finding in findings)


@given(st.data(), SECRETS, st.text(), st.text(), EDGES, EDGES)
def test_no_text_and_no_cut_hides_a_secret(
    data: st.DataObject, secret: str, before: str, after: str, left: str, right: str
) -> None:
    text = before + left + secret + right + after
    pieces = data.draw(cut(text, most=9))
    check_hidden(secret, text, pieces, [chunk(delta(content=piece)) for piece in pieces])


@given(st.data(), st.text(), st.text(), EDGES, EDGES)
def test_no_cut_of_events_hides_a_secret(
    data: st.DataObject, before: str, after: str, left: str, right: str
) -> None:
    text = before + left + OPENAI + right + after
    pieces = data.draw(cut(text, most=5))
    events = converse(*pieces)
    check_hidden(OPENAI, text, pieces, data.draw(st.sampled_from([events, send(*events)])))


@given(spoil(stream(*cut_in_three(OPENAI), OPENAI)), spoil(ask(OPENAI)), json_values)
def test_any_json_in_any_place_is_read(one: Any, other: Any, value: Any) -> None:
    for document in (one, other, {"request": {}, "response": {"body": value}}):
        for item in load(source(json.dumps(document).encode())):
            if isinstance(item, Recording):
                findings, _ = check_secrets(item, read_exchange(item), SecretSettings())
                assert {finding.rule for finding in findings} <= {"secret"}


def test_the_rule_says_why_and_what_to_do() -> None:
    (rule,) = RULES
    assert (rule.name, rule.severity) == ("secret", Severity.ERROR)
    assert all(text.endswith(".") for text in (rule.summary, rule.why, rule.fix))
