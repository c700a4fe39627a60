"""Ids of accounts: where they are found, what is none, that a value is told once, and what masks leave."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from recctl.checks.account import (
    ACCOUNT_ID,
    check_accounts,
    describe_once,
    find_accounts,
    make_masks,
    mask_accounts,
)
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from tests.builders import read, source

if TYPE_CHECKING:
    from recctl.checks.finding import Finding

ORG = "org-" + "aB3dE5gH7jK9mN1pQ3sT5vW7"
PROJECT = "proj_" + "aB3dE5gH7jK9mN1pQ3sT5vW7"
UUID = "5c1d2e9f-8a37-4b60-9d15-e2f4a6c8b073"
HEX = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
ARN = "arn%3Aaws%3Abedrock%3Aus-east-1%3A730612849571"
COOKIE = "kJ8sLq2nV5xT7wZ9-1750000000-1.0.1.1-aBcDeFgHiJ"


def record(**parts: Any) -> Recording:
    """An exchange of a vcrpy cassette: `asked`, `said`, `sent` and `got` are its bodies and headers."""
    exchange = {
        "request": {
            "method": "POST",
            "uri": parts.get("url", "https://x/v1/chat"),
            "headers": parts.get("sent", {}),
            "body": json.dumps(parts.get("asked", {"model": "small"})),
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": parts.get("got", {}),
            "body": {"string": json.dumps(parts.get("said", {}))},
        },
    }
    text = yaml.dump({"interactions": [exchange], "version": 1})
    (recording,) = load(source(text.encode(), "x.yaml", "tests/cassettes"))
    assert isinstance(recording, Recording)
    return recording


def list_values(**parts: Any) -> list[tuple[str, str, str]]:
    return [
        (account.kind, account.value, "/".join(map(str, account.steps)))
        for account in find_accounts(record(**parts))
    ]


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("openai-organization", "blue-teapots-42", "an organisation"),
        ("Openai-Project", PROJECT, "a project"),
        ("anthropic-organization-id", UUID, "an organisation"),
        ("Anthropic-Workspace-Id", "wrkspc_01aB3dE5gH7jK9mN1pQ3sT5v", "a workspace"),
        ("x-goog-user-project", "teapots-1234", "a project"),
        ("llm_provider-openai-organization", "blue-teapots-42", "an organisation"),
        ("x-tenant-id", UUID, "a tenant"),
    ],
)
def test_headers_of_either_side_are_looked_at(name: str, value: str, kind: str) -> None:
    assert list_values(got={name: [value]}) == [(kind, value, f"response/headers/{name}/0")]
    assert list_values(sent={name: value}) == [(kind, value, f"request/headers/{name}")]


def test_cookies_are_told_by_their_names() -> None:
    found = list_values(got={"Set-Cookie": [f"__cf_bm={COOKIE}; path=/; Secure", "lang=en"]})
    assert found == [("a cookie", COOKIE, "response/headers/Set-Cookie/0")]
    found = list_values(sent={"cookie": [f"a=1; _cfuvid={COOKIE}; __cf_bm={COOKIE}"]})
    assert [value for _, value, _ in found] == [COOKIE, COOKIE]
    (finding, _) = check_accounts(record(sent={"cookie": [f"_cfuvid={COOKIE}; __cf_bm={COOKIE}"]}))
    assert finding.message == "a cookie (_cfuvid)"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://x/v1/projects/teapots-1234/locations/us/models/a:predict", ("a project", "teapots-1234")),
        ("https://x/v1/projects/teapots/locations/us", ("a project", "teapots")),
        (f"https://x/accounts/{HEX}/ai/run", ("an account", HEX)),
        (f"https://x/ml/v1/text?project_id={UUID}&version=1", ("a project", UUID)),
        (f"https://x/model/{ARN}%3Aprofile%2Fa/converse", ("an AWS account", "730612849571")),
        (f"https://x/model/{ARN.replace('%3A', ':')}:profile/a", ("an AWS account", "730612849571")),
        ("https://x/v1/projects/<PROJECT>/locations/us", None),
        ("https://x/v1/projects/my-project/locations/us", None),
        ("https://x/v1/projects/list", None),
        ("https://x/projects?page=123456", None),
        ("https://x/model/arn:aws:bedrock:us-east-1:123456789012:profile/a/converse", None),
    ],
)  # fmt: skip
def test_urls_are_looked_at(url: str, found: tuple[str, str] | None) -> None:
    expected = [(*found, "request/url")] if found else []
    assert list_values(url=url) == expected


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"organization_id": ORG}, 1),
        ({"project_id": UUID, "input": "Hi"}, 1),
        ({"error": {"message": f"Rate limit reached for gpt-4o in organization {ORG} on tokens per min"}}, 1),
        ({"data": [{"owner": {"id": PROJECT}}]}, 1),
        ({"role": "arn:aws-us-gov:iam::730612849571:role/x"}, 1),
        ({"name": "projects/861234567890/locations/us-central1/operations/1"}, 1),
        ({"tool": {"project_id": "PROJ-2024-17"}}, 0),
        ({"project_id": {"type": "string"}}, 0),
        ({"project_id": "the project"}, 0),
        ({"text": "org-mode and proj_name, arn:aws:s3:::bucket"}, 0),
        ({"id": f"x{ORG}", "file": f"{PROJECT}-1"}, 0),
    ],
)
def test_bodies_are_looked_at_for_what_can_be_nothing_else(body: Any, found: int) -> None:
    assert len({value for _, value, _ in list_values(said=body)}) == found
    assert len({value for _, value, _ in list_values(asked=body)}) == found


@pytest.mark.parametrize(
    "value",
    ["<ORGANIZATION>", "SCRUBBED", "REDACTED", "xxxxxxxx", "test-org", "your-org", "[FILTERED]", "***"],
)  # fmt: skip
def test_placeholders_are_none(value: str) -> None:
    assert list_values(got={"openai-organization": [value]}) == []


@pytest.mark.parametrize("value", [ORG, PROJECT, UUID, "blue-teapots-42", "730612849571", COOKIE])
def test_a_mask_is_a_placeholder_of_the_same_kind_whatever_its_number(value: str) -> None:
    values = [value, *(value[:-2] + f"{number:02}" for number in range(30) if value[-2:] != f"{number:02}")]
    masks = make_masks(values)
    assert len({*masks.values()}) == len(values)
    for each, mask in masks.items():
        assert (len(mask), mask[:4] if mask[:4] in ("org-", "proj") else "") == (
            len(each),
            each[:4] if each[:4] in ("org-", "proj") else "",
        )
        assert list_values(got={"openai-organization": [mask], "Set-Cookie": [f"__cf_bm={mask}"]}) == []


def test_a_finding_tells_no_more_than_the_start_and_the_length() -> None:
    recording = record(got={"openai-organization": [ORG], "x-org": [ORG], "openai-project": ["p-77"]})
    first, second = check_accounts(recording)
    assert first == ACCOUNT_ID.make_finding(
        "tests/cassettes/x.yaml",
        "an organisation (org-aB3d…, 28 characters)",
        "recctl validate --fix redacts it",
        "/response/headers/openai-organization/0",
        position=first.position,
        fixable=True,
    )._replace(mark=first.mark)
    assert second.message == "a project (p…, 4 characters)"
    assert ORG not in str(first)


def test_what_a_replay_is_found_by_is_left() -> None:
    (finding,) = check_accounts(record(url="https://x/v1/projects/teapots-1234/locations/us"))
    assert not finding.fixable
    assert finding.hint == "it is part of the url, by which a replay finds it, and so --fix leaves it"
    hashed = read(
        {"request": {"method": "POST", "url": "http://x/y", "body": {"project_id": UUID}}, "response": {}}
    )
    (finding,) = check_accounts(hashed)
    assert not finding.fixable
    hint = "list it in a FILE: recctl rehash --redact-from FILE --apply redacts it, and names files anew"
    assert finding.hint == hint


def test_a_value_is_told_once() -> None:
    def find(path: str, value: str, *, fixable: bool = True) -> Finding:
        (found,) = check_accounts(record(got={"openai-organization": [value]}))
        return found._replace(path=path, fixable=fixable)

    other = ORG.replace("aB3d", "aB3d"[::-1])
    findings = [find("a", ORG, fixable=False), find("a", ORG), find("b", other), find("c", ORG)]
    first, second = describe_once(findings)
    assert (first.path, first.also, first.fixable) == ("a", ("c",), True)
    assert first.message == "an organisation (org-aB3d…, 28 characters) in 2 files"
    assert (second.path, second.also) == ("b", ())
    assert [*describe_once([first._replace(rule="secret")])] == [first._replace(rule="secret")]


def test_masks_are_put_where_they_may_be() -> None:
    recording = record(
        url=f"https://x/v1/projects/teapots-1234/locations/us?id={ORG}",
        asked={"project_id": UUID, "prompt": "blue sky"},
        got={"openai-organization": ["blue"], "x-org": [ORG], "Set-Cookie": [f"__cf_bm={COOKIE}; path=/"]},
        said={"error": {"message": f"Rate limit in {ORG}", "of": "the blue sky", "project": UUID}},
    )
    masks = make_masks(account.value for account in find_accounts(recording))
    document = mask_accounts(recording, masks)
    assert document is not None
    assert document["request"]["url"] == recording.url
    assert document["request"]["body"] == {"project_id": masks[UUID], "prompt": "blue sky"}
    assert document["response"]["headers"] == {
        "openai-organization": ["xxxx"],
        "x-org": [masks[ORG]],
        "Set-Cookie": [f"__cf_bm={masks[COOKIE]}; path=/"],
    }
    assert document["response"]["body"] == {
        "error": {"message": f"Rate limit in {masks[ORG]}", "of": "the blue sky", "project": masks[UUID]}
    }
    masked = recording.with_document(document)
    assert {account.value for account in find_accounts(masked)} == {"teapots-1234", ORG}
    assert mask_accounts(masked, masks) is None
