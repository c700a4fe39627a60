"""What the rule `secret` lets be: data, names, schemas, public keys, placeholders under telling names."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from recctl.checks.secret import check_secrets
from recctl.project import SecretSettings
from recctl.wire import read_exchange
from tests.builders import read
from tests.unit.test_secret import BASE32, BASE64, HEX, WORD, draw


def found(body: Any) -> list[str]:
    recording = read({"request": {"body": body}, "response": {"body": body}})
    return [
        finding.message for finding in check_secrets(recording, read_exchange(recording), SecretSettings())[0]
    ]


DATA = draw(3000, BASE64)
KEYS = {
    "Bedrock": "AB" + "SK" + draw(128, BASE64),
    "AWS": "AK" + "IA" + draw(16, BASE32),
    "OpenAI": "sk" + "-" + draw(40),
    "Stripe": "sk" + "_live_" + draw(24),
}


@pytest.mark.parametrize("secret", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("before", ["/", "+"])
@pytest.mark.parametrize("lead", ["", "data:image/png;base64,", "data:audio/wav;base64,"])
def test_the_base64_of_a_picture_holds_no_secret(secret: str, before: str, lead: str) -> None:
    """The neighbours are base64, and so many of them that they are no path."""
    assert found({"result": f"{lead}{DATA}{before}{secret}{before}{DATA}"}) == []
    assert found({"result": f"{lead}{DATA}{before}{secret}"}) == []
    assert found({"result": f"https://host/v1{before}{secret}"}) != []


LINES = [DATA[start : start + 76] for start in range(0, len(DATA), 76)]


@pytest.mark.parametrize("margin", ["", "        "])
@pytest.mark.parametrize("above", [f"{DATA[:73]}pwd", DATA[:76]])
@pytest.mark.parametrize("key", ["Bedrock", "AWS", "password"])
def test_neither_does_that_which_is_laid_out_in_lines(margin: str, above: str, key: str) -> None:
    """As `!!binary` is, and MIME's base64."""
    secret = KEYS.get(key, "9f8Ab3Cd" + DATA[:60])[:76]
    line = secret + DATA[: 76 - len(secret)] if key != "AWS" else secret
    whole = f"\n{margin}".join([*LINES, above, line, *(LINES if key != "AWS" else [])])
    assert found({"result": whole}) == []
    assert found({"result": f"password: hunter\n{margin}{KEYS['OpenAI']}"}) != []


def test_a_secret_below_a_line_that_is_no_data_is_one() -> None:
    for above in ("a" * 64, "0123456789abcdef" * 4, f"{DATA[:60]} {DATA[:10]}"):
        assert found({"result": f"{above}\n{KEYS['AWS']}"}) != [], above
    assert found({"result": f"{DATA[:60]}\n{KEYS['OpenAI']}"}) != []


def test_the_base64_of_bytes_or_of_a_harmless_text_holds_no_secret() -> None:
    data = base64.b64encode(bytes(range(256)) * 20).decode()
    text = base64.b64encode(
        b"The quick brown fox jumps over the lazy dog, and api_key is a word. " * 9
    ).decode()
    assert found({"data": data, "file_data": f"data:text/plain;base64,{text}"}) == []


SCHEMA = {
    "type": "object",
    "properties": {
        "password": {"type": "string", "description": "The password: at least8Characters, one digit"},
        "api_key": {"type": "string", "pattern": "^sk-[A-Za-z0-9]{48}$"},
        "token": {"type": "string", "description": "token=YOUR_TOKEN_HERE_123, from https://site.org/token"},
        "cookie": {"type": "string", "description": "Cookie: name=value; Path=/; Expires=never"},
    },
    "required": ["api_key", "token", "password", "cookie"],
}


def test_a_tool_that_takes_secrets_holds_none() -> None:
    assert found({"tools": [SCHEMA], "text": json.dumps(SCHEMA)}) == []


@pytest.mark.parametrize(
    "text",
    [
        "password: required",
        "password=changeme123!",
        "password: ${DB_PASSWORD}, password={{ password }}, password = os.environ['DB_PASSWORD_1']",
        "Password: MyPassword123! password=Passw0rd! pwd: Test1234!",
        "password = get_password1(user.name2), passwd: user.password_hash_2",
        "DB_PASSWORD=<your-Passw0rd-here> DB_PASSWORD=**********",
        "https://site.org/reset-password/2024-Guide-for-All",
        "the password is at least 8 characters long and Has1Digit",
        "a=ice-ufrag:YnNx a=ice-pwd:jIsRuXZmV9Yq00qk4a33Xe",
        "token: the, secret: none, token=undefined",
        'the "token" : "hello world", "tokens": 17, "token_ids": [1, 2]',
        "MAX_TOKENS_KEY=aVeryLongNameOfSomethingInUse1, PUBLIC_KEY=" + draw(40),
        "NEXT_TOKEN=" + draw(40) + " CACHE_KEY=" + draw(40, HEX),
        "arn:aws:secretsmanager:us-west-2:1234:secret:MyAppSecret1-a1b2c3",
        "https://maps.site.org/?key=short1key2 https://site.org/?sig=" + draw(10),
        "https://intake.datadoghq.com/api/v2/logs?dd-api-key=pub" + draw(32, HEX),
        "pk" + "_live_" + draw(24) + " pk" + "_test_" + draw(24) + " pk-" + "lf-" + draw(8, HEX),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + draw(43, BASE64),
        "-----BEGIN " + "CERTIFICATE-----\n" + draw(64, BASE64) + "\n" + draw(64, BASE64),
        "age1" + draw(58, "023456789acdefghjklmnpqrstuvwxyz"),
        "Cookie: consent=yes; theme=dark-and-very-colourful",
        "Set-Cookie: session=REDACTED_REDACTED_REDACTED; Path=/",
        "cookie: name=<your-session-cookie-goes-here-1>",
        "x-api-key: 00000000-0000-0000-0000-000000000000",
        "x-api-key: 12345678-1234-1234-1234-123456789012",
        '"request_id": "0b9e3d62-7c41-4f8a-9d5e-2f6a1c8b7e30", "id": "1b9e3d62-7c41-4f8a-9d5e-2f6a1c8b7e30"',
        "the key-value store, a monkey-" + draw(32, HEX) + ", turkey=" + draw(3),
        "sha1-" + draw(40, HEX) + " sha512-" + draw(86, BASE64) + "==",
        "eval-" + draw(43, WORD) + " deal-" + draw(43, WORD),
        "chunk_" + draw(30) + " before_" + draw(30) + " resource_" + draw(30),
        "SKU " + draw(32, HEX).upper() + " RISK" + draw(32, HEX),
        "1234567890:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghi",
        "hvs.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ntn_00000000000000000000000000000000000000000000",
    ],
)
def test_names_and_placeholders_are_let_be(text: str) -> None:
    assert found({"messages": [{"role": "user", "content": text}]}) == []


@pytest.mark.parametrize(
    "name",
    [
        *("__cf_bm", "_cfuvid", "__cfruid", "__cfduid", "cf_clearance", "AWSALB", "AWSALBCORS", "AWSALBTG"),
        *("ak_bmsc", "bm_sv", "bm_sz", "_abck", "incap_ses_108_2912", "visid_incap_2912", "datadome"),
    ],
)
def test_what_a_network_tells_bots_by_is_no_secret(name: str) -> None:
    cookie = f"{name}={draw(43, WORD)}-1784566715-1.0.1.1"
    told = f"{cookie}; path=/; expires=Mon, 20-Jul-26 17:28:35 GMT; domain=.api.openai.com; HttpOnly"
    assert found({"headers": {"Set-Cookie": [told, f"sid=short; {cookie}"], "Cookie": cookie}}) == []
    session = f"session={draw(40)}"
    assert found({"headers": {"Cookie": f"{cookie}; {session}"}}) != []
    assert found({"headers": {"Set-Cookie": [told, session]}}) != []


@pytest.mark.parametrize("name", ["password", "token", "secret", "api_key", "Authorization", "Cookie"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "string",
        "<REDACTED>",
        "REDACTED",
        "SCRUBBED",
        "**REDACTED**",
        "xxxxxxxxxxxxxxxxxxxxxxxx",
        "fake-key-1234567890abcdef",
    ],
)
def test_what_a_recorder_scrubbed_is_let_be(name: str, value: str) -> None:
    assert found({"headers": {name: value, f"x-{name}": [value]}}) == []
    assert found({"headers": {name: f"Bearer {value}"}}) == []
