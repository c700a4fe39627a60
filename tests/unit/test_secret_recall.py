"""The rule `secret` over kinds and places: each kind in whatever place of a recording it may stand.

What is recorded is drawn when the tests run, in the shapes that the providers give.
"""

from __future__ import annotations

import base64
import json
import string
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import pytest

from recctl.checks.secret import SECRET, check_secrets, mask_secrets
from recctl.project import SecretSettings
from recctl.wire import read_exchange
from tests.builders import chunk, delta, read, record
from tests.unit.test_secret import (
    BASE32,
    BASE64,
    BLOCK,
    HEX,
    LETTERS,
    TOKEN,
    WEBHOOK,
    WORD,
    draw,
    encode,
)
from tests.unit.wire.streams import send

if TYPE_CHECKING:
    from collections.abc import Callable

UPPER = string.ascii_uppercase + string.digits
LOWER = string.ascii_lowercase + string.digits
DIGITS = string.digits


class Planted(NamedTuple):
    """A kind of secret, one of them, and what people write around it where it does not show by itself.

    `name` is the field or the header that it stands under, `around` what a text says.
    """

    kind: str
    secret: str
    name: str = "note"
    around: str = "{}"


def uuid(seed: str) -> str:
    lots = draw(32, HEX, seed)
    return "-".join((lots[:8], lots[8:12], lots[12:16], lots[16:20], lots[20:]))


def shows(kind: str, secret: str) -> Planted:
    return Planted(kind, secret)


def named(kind: str, secret: str, name: str) -> Planted:
    return Planted(kind, secret, name, f"{name}: {{}}")


SHOWING = [
    # models, embeddings, speech
    shows("OpenAI", "sk-" + draw(20) + "T3Blbk" + "FJ" + draw(20)),
    shows("OpenAI project", "sk-" + "proj-" + draw(120, WORD)),
    shows("OpenAI service account", "sk-" + "svcacct-" + draw(120, WORD)),
    shows("OpenAI admin", "sk-" + "admin-" + draw(120, WORD)),
    shows("OpenAI session", "sess" + "-" + draw(40)),
    shows("Anthropic", "sk-" + "ant-api03-" + draw(93, WORD) + "AA"),
    shows("Anthropic admin", "sk-" + "ant-admin01-" + draw(93, WORD) + "AA"),
    shows("Anthropic OAuth", "sk-" + "ant-oat01-" + draw(80, WORD)),
    shows("OpenRouter", "sk-" + "or-v1-" + draw(64, HEX)),
    shows("DeepSeek", "sk-" + draw(32, HEX)),
    shows("Moonshot", "sk-" + draw(48)),
    shows("LiteLLM", "sk-" + draw(22, WORD)),
    shows("Google API", "AI" + "za" + draw(35, WORD)),
    shows("Google API, new", "AQ" + ".Ab8" + draw(48, WORD)),
    shows("Google OAuth", "ya" + "29." + draw(120, WORD)),
    shows("Google client", "GOC" + "SPX-" + draw(28, WORD)),
    shows("Hugging Face", "hf" + "_" + draw(34, LETTERS)),
    shows("Hugging Face organisation", "api" + "_org_" + draw(34, LETTERS)),
    shows("Groq", "gs" + "k_" + draw(52)),
    shows("xAI", "xa" + "i-" + draw(80)),
    shows("Together", "tgp" + "_v1_" + draw(43, WORD)),
    shows("Fireworks", "fw" + "_" + draw(24)),
    shows("Cerebras", "cs" + "k-" + draw(48, LOWER)),
    shows("NVIDIA", "nva" + "pi-" + draw(64, WORD)),
    shows("Perplexity", "ppl" + "x-" + draw(48)),
    shows("Replicate", "r8" + "_" + draw(37)),
    shows("Voyage", "pa" + "-" + draw(43, WORD)),
    shows("Jina", "ji" + "na_" + draw(32, HEX) + draw(28, WORD)),
    shows("Nomic", "nk" + "-" + draw(43, WORD)),
    shows("ElevenLabs", "sk" + "_" + draw(48, HEX)),
    shows("LlamaCloud", "ll" + "x-" + draw(48)),
    shows("RunPod", "rp" + "a_" + draw(46, UPPER)),
    shows("FriendliAI", "fl" + "p_" + draw(46)),
    # search, tools, vectors
    shows("Tavily", "tv" + "ly-dev-" + draw(32)),
    shows("Brave", "BS" + "A" + draw(28, WORD)),
    shows("Firecrawl", "f" + "c-" + draw(32, HEX)),
    shows("Apify", "apify" + "_api_" + draw(36)),
    shows("E2B", "e2" + "b_" + draw(40, HEX)),
    shows("Browserbase", "bb" + "_live_" + draw(27, WORD)),
    shows("Mem0", "m" + "0-" + draw(40)),
    shows("Pinecone", "pc" + "sk_" + draw(6) + "_" + draw(63)),
    shows("Chroma", "c" + "k-" + draw(44)),
    # observability
    shows("LangSmith personal", "lsv2" + "_pt_" + draw(32, HEX) + "_" + draw(10, HEX, "b")),
    shows("LangSmith service", "lsv2" + "_sk_" + draw(32, HEX) + "_" + draw(10, HEX, "b")),
    shows("LangSmith, old", "ls" + "__" + draw(32, HEX)),
    shows("Langfuse", "sk-" + "lf-" + uuid("lf")),
    shows("Logfire", "pylf" + "_v1_us_" + draw(43)),
    shows("PostHog", "ph" + "x_" + draw(43)),
    shows("Grafana service account", "gl" + "sa_" + draw(32) + "_" + draw(8, HEX)),
    shows("Grafana cloud", "gl" + "c_" + encode('{"o":"1","n":"' + draw(40) + '"}')),
    shows("Sentry user", "sntr" + "yu_" + draw(64, HEX)),
    shows(
        "Sentry organisation", "sntr" + "ys_" + encode('{"iat":1,"url":"https://sentry.io"}') + "_" + draw(43)
    ),
    shows("New Relic", "NR" + "AK-" + draw(27, UPPER)),
    shows("Honeycomb", "hca" + "ik_" + draw(58, LOWER)),
    shows("Dynatrace", "dt0" + "c01." + draw(24, BASE32) + "." + draw(64, BASE32)),
    shows("SonarQube", "sq" + "p_" + draw(40, HEX)),
    # clouds
    shows("AWS key id", "AK" + "IA" + draw(16, BASE32)),
    shows("AWS temporary key id", "AS" + "IA" + draw(16, BASE32)),
    shows("Bedrock, long-term", "AB" + "SK" + draw(128, BASE64)),
    shows("Bedrock, short-term", "bedrock-" + "api-key-" + draw(200)),
    shows("Azure OpenAI", draw(52) + "JQQ" + "J99" + draw(26)),
    shows("Azure client secret", draw(3) + "8" + "Q~" + draw(34)),
    shows("DigitalOcean", "do" + "p_v1_" + draw(64, HEX)),
    shows("DigitalOcean OAuth", "do" + "o_v1_" + draw(64, HEX)),
    shows("Alibaba Cloud", "LT" + "AI" + draw(20)),
    shows("Tencent Cloud", "AK" + "ID" + draw(32)),
    shows("Yandex Cloud", "AQ" + "VN" + draw(36, WORD)),
    shows("Heroku", "HR" + "KU-" + draw(60, WORD)),
    shows("Fly.io", "fo" + "1_" + draw(43, WORD)),
    shows("Netlify", "nf" + "p_" + draw(36)),
    shows("Supabase", "sb" + "p_" + draw(40, HEX)),
    shows("Supabase secret", "sb" + "_secret_" + draw(31, WORD)),
    shows("Neon", "na" + "pi_" + draw(64, LOWER)),
    shows("PlanetScale", "pscale" + "_tkn_" + draw(43, WORD)),
    shows("Databricks", "da" + "pi" + draw(32, HEX)),
    shows("Vault", "hv" + "s." + draw(90, WORD)),
    shows("Vault batch", "hv" + "b." + draw(130, WORD)),
    shows("Terraform", draw(14) + ".atlas" + "v1." + draw(67)),
    shows("Pulumi", "pu" + "l-" + draw(40, HEX)),
    shows("Doppler", "dp" + ".pt." + draw(43)),
    shows("Prefect", "pn" + "u_" + draw(36)),
    shows("Tailscale", "ts" + "key-auth-" + draw(17) + "-" + draw(32)),
    # code, registries
    shows("GitHub personal", "gh" + "p_" + draw(36)),
    shows("GitHub OAuth", "gh" + "o_" + draw(36)),
    shows("GitHub user", "gh" + "u_" + draw(36)),
    shows("GitHub app", "gh" + "s_" + draw(36)),
    shows("GitHub refresh", "gh" + "r_" + draw(76)),
    shows("GitHub fine-grained", "github" + "_pat_" + draw(22) + "_" + draw(59)),
    shows("GitLab personal", "glp" + "at-" + draw(20)),
    shows("GitLab deploy", "gl" + "dt-" + draw(20)),
    shows("GitLab runner", "gl" + "rt-" + draw(20)),
    shows("GitLab trigger", "glpt" + "t-" + draw(40, HEX)),
    shows("GitLab runner, old", "GR" + "1348941" + draw(20)),
    shows("Bitbucket", "AT" + "BB" + draw(32)),
    shows("Atlassian", "ATAT" + "T3xFfG" + "F0" + draw(180, WORD) + "=" + draw(8, UPPER)),
    shows("npm", "np" + "m_" + draw(36)),
    shows("PyPI", "pyp" + "i-AgE" + draw(120, WORD)),
    shows("RubyGems", "ruby" + "gems_" + draw(48, HEX)),
    shows("NuGet", "oy" + "2" + draw(43, LOWER)),
    shows("crates.io", "ci" + "o" + draw(32)),
    shows("Docker Hub", "dckr" + "_pat_" + draw(27, WORD)),
    shows("Artifactory", "AK" + "Cp" + draw(69)),
    shows("Buildkite", "bk" + "ua_" + draw(40, HEX)),
    shows("Postman", "PM" + "AK-" + draw(24, HEX) + "-" + draw(34, HEX, "b")),
    # payment, shops
    shows("Stripe live", "sk" + "_live_" + draw(24)),
    shows("Stripe test", "sk" + "_test_" + draw(24)),
    shows("Stripe restricted", "rk" + "_live_" + draw(24)),
    shows("Stripe webhook", "wh" + "sec_" + draw(32)),
    shows("Shopify admin", "shp" + "at_" + draw(32, HEX)),
    shows("Shopify shared secret", "shp" + "ss_" + draw(32, HEX)),
    shows("Square", "sq0" + "atp-" + draw(22, WORD)),
    shows("Razorpay", "rzp" + "_live_" + draw(14)),
    shows("Plaid", "access-" + "production-" + uuid("plaid")),
    # work, chat, mail
    shows("Slack bot", "xox" + "b-" + draw(12, DIGITS) + "-" + draw(12, DIGITS) + "-" + draw(24)),
    shows("Slack user", "xox" + "p-" + draw(12, DIGITS) + "-" + draw(12, DIGITS) + "-" + draw(32, HEX)),
    shows("Slack app", "xap" + "p-1-A" + draw(10, BASE32) + "-" + draw(13, DIGITS) + "-" + draw(64, HEX)),
    shows("Telegram", draw(10, DIGITS[1:]) + ":" + "AA" + draw(33, WORD)),
    shows("Discord", encode(draw(18, DIGITS[1:])) + "." + draw(6) + "." + draw(38)),
    shows("Twilio", "S" + "K" + draw(32, HEX)),
    shows("SendGrid", "SG" + "." + draw(22) + "." + draw(43)),
    shows("Mailgun", "ke" + "y-" + draw(32, HEX)),
    shows("Mailchimp", draw(32, HEX) + "-us" + "12"),
    shows("Resend", "r" + "e_" + draw(8) + "_" + draw(24)),
    shows("Brevo", "xkey" + "sib-" + draw(64, HEX) + "-" + draw(16)),
    shows("Notion", "nt" + "n_" + draw(11, DIGITS) + draw(35)),
    shows("Notion, old", "secret" + "_" + draw(43)),
    shows("Linear", "lin" + "_api_" + draw(40)),
    shows("Figma", "fi" + "gd_" + draw(40, WORD)),
    shows("Airtable", "pa" + "t" + draw(14) + "." + draw(64, HEX)),
    shows("HubSpot", "pat-" + "na1-" + uuid("hubspot")),
    shows("Contentful", "CF" + "PAT-" + draw(43, WORD)),
    shows("Mapbox", "sk" + ".ey" + "J" + draw(60) + "." + draw(22)),
    shows("Dropbox", "s" + "l." + draw(130, WORD)),
    # more of each
    shows("Novita", "sk" + "_" + draw(43, WORD)),
    shows("Modal", "a" + "k-" + draw(22)),
    shows("Turbopuffer", "tp" + "uf_" + draw(36)),
    shows("Vercel", "vc" + "p_" + draw(56)),
    shows("1Password", "ops" + "_" + encode('{"signInAddress":"' + draw(200) + '"}')),
    shows("Artifactory reference", "cmVm" + "dGtu" + draw(56)),
    shows("CircleCI", "CCI" + "PAT_" + draw(22) + "_" + draw(40, HEX)),
    shows("Snyk", "snyk" + "_uat." + draw(8, HEX) + "." + draw(60, WORD)),
    shows("Sourcegraph", "sg" + "p_" + draw(40, HEX)),
    shows("Braintree", "access_token$" + "production$" + draw(16, LOWER) + "$" + draw(32, HEX)),
    shows("Paddle", "pdl_live" + "_apikey_" + draw(26, LOWER) + "_" + draw(22)),
    shows("LaunchDarkly", "sd" + "k-" + uuid("launch")),
    # of any service
    shows("JSON web token", TOKEN),
    shows("private key", BLOCK),
    shows("age", "AGE-SECRET" + "-KEY-1" + draw(58, UPPER)),
]
"""Secrets that show by themselves."""

NAMED = [
    named("Azure", draw(32, HEX), "api-key"),
    named("Mistral", draw(32), "MISTRAL_API_KEY"),
    named("Cohere", draw(40), "COHERE_API_KEY"),
    named("AI21", draw(32), "AI21_API_KEY"),
    named("Pinecone, old", uuid("pinecone"), "Api-Key"),
    named("Exa", uuid("exa"), "x-api-key"),
    named("Brave header", draw(28, WORD), "X-Subscription-Token"),
    named("Serper", draw(40, HEX), "X-API-KEY"),
    named("Qdrant", draw(54, WORD), "QDRANT_API_KEY"),
    named("Weights & Biases", draw(40, HEX), "WANDB_API_KEY"),
    named("Datadog", draw(32, HEX), "DD-API-KEY"),
    named("Datadog application", draw(40, HEX), "DD-APPLICATION-KEY"),
    named("RapidAPI", draw(50, LOWER), "X-RapidAPI-Key"),
    named("Hugging Face, by name", draw(37), "HF_TOKEN"),
    named("AWS secret", draw(40, BASE64), "aws_secret_access_key"),
    named("AWS session", "IQoJb3JpZ2luX2Vj" + draw(300, BASE64), "X-Amz-Security-Token"),
    named("a client's secret", draw(40), "client_secret"),
    named("a refresh token", draw(60, WORD), "refresh_token"),
    named("an access token", draw(60, WORD), "access_token"),
    named("Vault, old", draw(26), "X-Vault-Token"),
    named("a bare token", draw(32), "token"),
    named("a bare secret", draw(32), "secret"),
    named("a signing secret", draw(32, HEX), "SLACK_SIGNING_SECRET"),
    named("an encryption key", draw(44, BASE64[:-2]), "ENCRYPTION_KEY"),
    named("a password", "hV8#kq2" + "LwZ.9", "password"),
    named("a database's password", "t7Gq" + "-Zp4xLw9", "DB_PASSWORD"),
    named("a passphrase", "bL4ck" + "*Mesa_77q", "passphrase"),
    Planted("SambaNova", uuid("sambanova"), "Authorization", "Authorization: Bearer {}"),
    Planted("Cloudflare", draw(40, WORD), "Authorization", "Authorization: Bearer {}"),
    Planted("Deepgram", draw(40, HEX), "Authorization", "Authorization: Token {}"),
    Planted(
        "Elastic", base64.b64encode(draw(42).encode()).decode(), "Authorization", "Authorization: ApiKey {}"
    ),
    Planted(
        "Basic",
        base64.b64encode(f"robot:{draw(12)}".encode()).decode(),
        "Authorization",
        "Authorization: Basic {}",
    ),
    Planted("Cookie", "session=" + draw(40), "Cookie", "Cookie: {}"),
    Planted("Set-Cookie", "sid=" + draw(43, WORD) + "-1784566715", "Set-Cookie", "Set-Cookie: {}"),
    Planted("Azure storage", draw(86, BASE64) + "==", "note", "AccountName=x;AccountKey={};EndpointSuffix=y"),
    Planted(
        "Azure signature", draw(43, BASE64) + "=", "note", "https://x.blob.core.windows.net/a?sv=2024&sig={}"
    ),
    Planted("Slack webhook", WEBHOOK, "note", "https://hooks.slack.com/services/{}"),
    Planted(
        "Discord webhook",
        draw(19, DIGITS[1:]) + "/" + draw(68, WORD),
        "note",
        "https://discord.com/api/webhooks/{}",
    ),
    Planted(
        "Teams webhook",
        f"{uuid('a')}@{uuid('b')}/IncomingWebhook/{draw(32, HEX)}/{uuid('c')}",
        "note",
        "https://x.webhook.office.com/webhookb2/{}",
    ),
    Planted("Postgres", draw(14), "note", "postgres://robot:{}@db.internal:5432/app"),
    Planted("MongoDB", draw(14), "note", "mongodb+srv://robot:{}@cluster0.abcde.mongodb.net/app"),
    Planted("Redis", draw(20), "note", "rediss://default:{}@cache.internal:6380"),
    Planted("ODBC", "t7Gq" + "-Zp4xLw9", "note", "Server=db;Uid=robot;Pwd={};"),
]
"""Secrets that only what stands around them shows."""

PLANTED = SHOWING + NAMED
WITHOUT_START = (
    "Azure OpenAI",
    "Azure client secret",
    "Terraform",
    "Telegram",
    "Discord",
    "Twilio",
    "Mailchimp",
)
STARTING = [it for it in SHOWING if it.kind not in WITHOUT_START]
SHORT = [it for it in SHOWING if it.kind not in ("JSON web token", "private key")]


def ask(**parts: Any) -> dict[str, Any]:
    """A recording of a request with these parts."""
    document = record([chunk(delta(content="Hi", finish_reason="stop"))])
    return {**document, "request": {**document["request"], **parts}}


def say(body: Any) -> dict[str, Any]:
    return {"request": {}, "response": {"body": body}}


def fail(message: str) -> dict[str, Any]:
    return {"request": {}, "response": {"is_exception": True, "exception_message": message}}


def tell(text: str) -> dict[str, Any]:
    return {"model": "small", "messages": [{"role": "user", "content": text}]}


def call(arguments: str) -> dict[str, Any]:
    function = {"name": "log_in", "arguments": arguments}
    message = {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": function}]}
    return {"model": "small", "messages": [message]}


def stream(text: str) -> dict[str, Any]:
    pieces = [text[start : start + 4] for start in range(0, len(text), 4)]
    return record([*(chunk(delta(content=piece)) for piece in pieces), chunk(delta(finish_reason="stop"))])


def stream_lines(text: str) -> dict[str, Any]:
    pieces = [text[start : start + 7] for start in range(0, len(text), 7)]
    events: list[dict[str, Any]] = [
        {
            "type": "message_start",
            "message": {"id": "1", "type": "message", "role": "assistant", "content": []},
        },
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ]
    for piece in pieces:
        block = {"type": "text_delta", "text": piece}
        events.append({"type": "content_block_delta", "index": 0, "delta": block})
    return record(send(*events, {"type": "message_stop"}))


def as_header(planted: Planted) -> str:
    """What is in a header of that name."""
    return planted.around.format(planted.secret).removeprefix(f"{planted.name}: ")


def in_text(planted: Planted) -> str:
    return planted.around.format(planted.secret)


def in_query(planted: Planted) -> str:
    """What a text with the secret is as a parameter of a url, its own name where it has one."""
    if planted.name == "note":
        return f"https://api.invalid/v1?page=2&q={quote(in_text(planted), safe='')}&z=1"
    return f"https://api.invalid/v1?page=2&{planted.name}={quote(as_header(planted), safe='')}&z=1"


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


PLACES: dict[str, tuple[list[Planted], Callable[[Planted], dict[str, Any]]]] = {
    "a header": (PLANTED, lambda it: ask(headers={it.name: as_header(it)})),
    "a header in a list": (PLANTED, lambda it: ask(headers={it.name: [as_header(it)]})),
    "a header in a pair": (PLANTED, lambda it: ask(headers=[[it.name, as_header(it)]])),
    "a header as an object": (PLANTED, lambda it: ask(headers=[{"name": it.name, "value": as_header(it)}])),
    "a sentence": (PLANTED, lambda it: ask(body=tell(f"Please use {in_text(it)} for it."))),
    "a line of a text": (PLANTED, lambda it: ask(body=tell(f"Here it is:\n{in_text(it)}\nThanks."))),
    "arguments": (PLANTED, lambda it: ask(body=call(json.dumps({it.name: as_header(it)})))),
    "JSON in arguments": (
        PLANTED,
        lambda it: ask(body=call(json.dumps({"a": json.dumps({it.name: as_header(it)})}))),
    ),
    "a value by its name": (PLANTED, lambda it: ask(body={"config": {it.name: as_header(it)}})),
    "a key of an object": (SHOWING, lambda it: ask(body={"keys": {it.secret: {"uses": 1}}})),
    "a key of a text": (SHOWING, lambda it: ask(body={"keys": {it.secret: "x"}})),
    "a url's query": (PLANTED, lambda it: ask(url=in_query(it))),
    "a url in a url": (
        PLANTED,
        lambda it: ask(url=f"https://x.invalid/?next={quote(in_query(it), safe='')}"),
    ),
    "base64 of the secret": (STARTING, lambda it: ask(body=tell(f"echo {in_base64(it.secret)} | base64 -d"))),
    "base64 by a name": (PLANTED, lambda it: ask(body={"secret": in_base64(in_text(it))})),
    "a login": (SHORT, lambda it: ask(headers={"Authorization": f"Basic {in_base64(f'api:{it.secret}')}"})),
    "a reply": (PLANTED, lambda it: say({"detail": f"Bad credentials: {in_text(it)}"})),
    "a value of a reply": (PLANTED, lambda it: say({"config": {it.name: as_header(it)}})),
    "chunks": (PLANTED, lambda it: stream(f"It is\n{in_text(it)}\nnow.")),
    "events": (PLANTED, lambda it: stream_lines(f"It is\n{in_text(it)}\nnow.")),
    "one event": (PLANTED, lambda it: say(["event: x", "data: " + json.dumps({it.name: as_header(it)}), ""])),
    "an exception": (PLANTED, lambda it: fail(f"401: {in_text(it)}")),
    "an exception with a dictionary": (PLANTED, lambda it: fail(repr({it.name: as_header(it)}))),
}
"""The places of a recording, the secrets that may stand there, and what makes a recording with one there.

A secret that only its name shows can't be a key by itself, nor be known in base64 that has no name either;
and there, one is known by how it starts. A private key is too long for a login.
"""


@pytest.mark.parametrize("place", PLACES)
def test_each_kind_is_found_in_each_place_and_not_shown(place: str) -> None:
    planted, make = PLACES[place]
    missed = []
    for it in planted:
        recording = read(make(it))
        findings, secrets = check_secrets(recording, read_exchange(recording), SecretSettings())
        assert not any(it.secret in str(finding) for finding in findings)
        if not (findings and secrets):
            missed.append(it.kind)
    assert missed == []


@pytest.mark.parametrize("sign", "\u00ad\u034f\u200b\u200d\u2060\ufe00\ufe0f\ufeff\U000e0041\U000e0100")
def test_what_cannot_be_seen_hides_no_secret(sign: str) -> None:
    for it in SHOWING:
        said = it.secret[:9] + sign + it.secret[9:]
        recording = read(ask(body=tell(f"Use {said} here.")))
        assert check_secrets(recording, read_exchange(recording), SecretSettings())[0]


@pytest.mark.parametrize(
    "disguise",
    [
        lambda text: "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in text),
        lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
        lambda text: json.dumps(json.dumps({"name": "x-api-key", "value": text})),
    ],
    ids=["wide letters", "escapes", "a header in JSON in JSON"],
)
def test_no_disguise_hides_a_secret(disguise: Callable[[str], str]) -> None:
    for it in SHOWING:
        recording = read(ask(body=tell(f"Use {disguise(it.secret)} here.")))
        assert check_secrets(recording, read_exchange(recording), SecretSettings())[0], it.kind


def test_each_kind_of_the_table_is_among_those_that_are_planted() -> None:
    assert len({it.kind for it in PLANTED}) == len(PLANTED)
    found = set()
    for it in PLANTED:
        recording = read(ask(headers={it.name: as_header(it)}))
        findings, _ = check_secrets(recording, read_exchange(recording), SecretSettings())
        found |= {finding.message.partition(" (")[0] for finding in findings}
    assert {name for name, _ in SECRET.kinds} == found


def test_a_kind_of_the_table_shows_no_secret() -> None:
    for _, example in SECRET.kinds:
        assert mask_secrets(example, SecretSettings()) == example


@pytest.mark.parametrize("encode_text", [str, quote, lambda text: quote(quote(text, safe=""), safe="")])
def test_each_kind_is_masked_in_a_text(encode_text: Callable[[str], str]) -> None:
    for it in PLANTED:
        text = mask_secrets(f"a: 1\n{encode_text(in_text(it))}\nz", SecretSettings())
        assert text.startswith("a: 1\n")
        assert text.endswith("\nz")
        assert "characters]" in text
        assert encode_text(it.secret) not in text
        assert it.secret not in text
