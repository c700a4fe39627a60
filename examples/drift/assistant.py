"""A travel assistant: what the tests of this example test."""

import json
import os
import urllib.request

URL = "http://127.0.0.1:8765/v1/chat/completions"
MODEL = "small-1"
USER_AGENT = "assistant/1.0"

SYSTEM_PROMPT = """\
You are a travel assistant. Answer in one sentence.
Look the weather up before you speak of it. Never guess a temperature."""

TITLE_PROMPT = "Give this conversation a title of at most four words."

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string", "description": "The city's name."}},
                "required": ["city"],
            },
        },
    },
]


def get_weather(city):
    return f"Sunny, 21 degrees in {city}"


FUNCTIONS = {"get_weather": get_weather}


def send(body):
    """Send a request; the reply's JSON."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Authorization": f"Bearer {os.environ.get('API_KEY', '')}",
    }
    request = urllib.request.Request(URL, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as reply:
        return reply.read().decode()


def complete(messages, **options):
    """The model's next message."""
    body = {"model": MODEL, "messages": messages, **options}
    return json.loads(send(body))["choices"][0]["message"]


def answer(question):
    """What the assistant answers, after it has called the tools that it wants to call."""
    messages = [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": question}]
    while calls := (message := complete(messages, tools=TOOLS)).get("tool_calls"):
        messages.append(message)
        for call in calls:
            function = call["function"]
            result = FUNCTIONS[function["name"]](**json.loads(function["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
    return message["content"]


def stream_answer(question):
    """What the assistant answers, word by word."""
    messages = [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": question}]
    reply = send({"model": MODEL, "messages": messages, "stream": True})
    for line in reply.splitlines():
        if line.startswith("data: {"):
            yield json.loads(line[len("data: ") :])["choices"][0]["delta"].get("content", "")


def make_title(question):
    """A title for a conversation."""
    messages = [{"role": "system", "content": TITLE_PROMPT}, {"role": "user", "content": question}]
    return complete(messages)["content"]
