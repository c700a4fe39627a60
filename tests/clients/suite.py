"""The suite that is recorded and replayed: each client that is installed asks, whole and streamed."""

CONFTEST = """\
import pytest


@pytest.fixture(scope="session")
def vcr_config():
    return {"filter_headers": ["authorization", "x-amz-date", "amz-sdk-invocation-id"]}
"""

TESTS = """\
import asyncio
import importlib.util
import json
import os

import pytest

URL = os.environ["PROVIDER"]
PATH = f"{URL}/v1/chat/completions"
PROMPT = os.environ.get("PROMPT", "Be kind.")
REPLAYED = "REPLAYED" in os.environ  # what is streamed is recorded whole: not every vcrpy can do both at once
QUESTIONS = ["How are you?", *filter(None, [os.environ.get("MORE")])]


def make_body(question, stream):
    messages = [{"role": "system", "content": PROMPT}, {"role": "user", "content": question}]
    return {"model": "small", "stream": stream, "messages": messages}


def ask_requests(question, stream):
    import requests

    with requests.post(PATH, json=make_body(question, stream), stream=stream and REPLAYED) as reply:
        return b"".join(reply.iter_content(16)) if stream else reply.content


def ask_urllib3(question, stream):
    import urllib3

    headers = {"Content-Type": "application/json"}
    body = json.dumps(make_body(question, stream)).encode()
    with urllib3.PoolManager() as pool:
        reply = pool.request("POST", PATH, body=body, headers=headers, preload_content=not stream)
        return b"".join(reply.stream(16)) if stream else reply.data


def ask_with(httpx, question, stream):
    with httpx.Client() as client:
        if not stream:
            return client.post(PATH, json=make_body(question, stream)).content
        request = client.build_request("POST", PATH, json=make_body(question, stream))
        return b"".join(client.send(request, stream=REPLAYED).iter_bytes())


def ask_async_with(httpx, question, stream):
    async def send():
        async with httpx.AsyncClient() as client:
            if not stream:
                return (await client.post(PATH, json=make_body(question, stream))).content
            request = client.build_request("POST", PATH, json=make_body(question, stream))
            reply = await client.send(request, stream=REPLAYED)
            return b"".join([part async for part in reply.aiter_bytes()])

    return asyncio.run(send())


def ask_httpx(question, stream):
    import httpx

    return ask_with(httpx, question, stream)


def ask_httpx_async(question, stream):
    import httpx

    return ask_async_with(httpx, question, stream)


def ask_httpx2(question, stream):
    import httpx2

    return ask_with(httpx2, question, stream)


def ask_httpx2_async(question, stream):
    import httpx2

    return ask_async_with(httpx2, question, stream)


def ask_aiohttp_with(stream, **body):
    import aiohttp

    async def send():
        async with aiohttp.ClientSession() as session, session.post(PATH, **body) as reply:
            if stream and REPLAYED:
                return b"".join([line async for line in reply.content])
            return await reply.read()

    return asyncio.run(send())


def ask_aiohttp_json(question, stream):
    return ask_aiohttp_with(stream, json=make_body(question, stream))


def ask_aiohttp_data(question, stream):
    body = json.dumps(make_body(question, stream))
    return ask_aiohttp_with(stream, data=body, headers={"Content-Type": "application/json"})


def ask_botocore(question, stream):
    import botocore.session

    client = botocore.session.Session().create_client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=URL,
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )
    asked = {
        "modelId": "small",
        "system": [{"text": PROMPT}],
        "messages": [{"role": "user", "content": [{"text": question}]}],
    }
    if not stream:
        return client.converse(**asked)["output"]["message"]["content"][0]["text"].encode()
    events = client.converse_stream(**asked)["stream"]
    said = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    return "".join(said).encode()


ASK = {name[len("ask_") :]: ask for name, ask in globals().items() if name.startswith("ask_")}
CLIENTS = [name for name in ASK if "with" not in name and importlib.util.find_spec(name.partition("_")[0])]


TRIES = set()


@pytest.mark.vcr
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("client", CLIENTS)
def test_asks(client, stream):
    for question in QUESTIONS:
        assert b"Answer" in ASK[client](question, stream)
    if "FLAKY" in os.environ and (client, stream) not in TRIES:
        TRIES.add((client, stream))
        pytest.fail("this time")


@pytest.mark.vcr(allow_playback_repeats=True)
@pytest.mark.parametrize("client", CLIENTS)
def test_asks_again(client):
    for _ in range(3 if REPLAYED else 1):
        assert b"Answer" in ASK[client]("Again?", False)
"""
