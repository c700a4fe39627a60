"""A stand-in for a provider, to record from without a key: answers on this machine, always the same."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEAD = {"id": "chatcmpl-1", "created": 1767225600, "model": "small-1"}
ANSWERS = {
    "tool": "It is sunny and 21 degrees there.",
    "user": "Take the train: it is quicker than the plane.",
}


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        streamed = asked.get("stream")
        content = (stream(asked) if streamed else json.dumps(reply(asked))).encode()
        self.send_response_only(200)  # with no date, which would be another each time
        self.send_header("Content-Type", "text/event-stream" if streamed else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


def reply(asked):
    last = asked["messages"][-1]
    if asked.get("tools") and last["role"] == "user" and "weather" in last["content"]:
        city = last["content"].rstrip("?").split()[-1]
        function = {"name": asked["tools"][0]["function"]["name"], "arguments": json.dumps({"city": city})}
        call = {"id": f"call_{city.lower()}", "type": "function", "function": function}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    else:
        title = "title" in asked["messages"][0]["content"]
        message = {"role": "assistant", "content": "Trains and planes" if title else ANSWERS[last["role"]]}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**HEAD, "object": "chat.completion", "choices": [choice]}


def stream(asked):
    deltas = [{"role": "assistant", "content": ""}]
    deltas += [{"content": f"{word} "} for word in ANSWERS[asked["messages"][-1]["role"]].split()]
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    events = [
        json.dumps({**HEAD, "object": "chat.completion.chunk", "choices": [choice]}) for choice in choices
    ]
    return "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"])


def serve():
    """A server that is ready for requests, once it is told to serve."""
    return ThreadingHTTPServer(("127.0.0.1", 8765), Model)
