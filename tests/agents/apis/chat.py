"""OpenAI's Chat Completions API, streamed, as servers of other models have it, too."""

from __future__ import annotations

import json

from agents.apis.api import Call, Json, events, plain

content_type = "text/event-stream"


def takes(path: str) -> bool:
    """See `Api`."""
    return path.endswith("/chat/completions")


def tools(request: Json) -> list[str]:
    """See `Api`."""
    return [tool["function"]["name"] for tool in request.get("tools") or () if tool.get("type") == "function"]


def results(request: Json) -> list[tuple[str, str]]:
    """See `Api`."""
    messages = [message for message in request["messages"] if message["role"] == "tool"]
    return [(message["tool_call_id"], plain(message["content"])) for message in messages]


def call(call: Call) -> bytes:
    """See `Api`."""
    function = {"name": call.tool, "arguments": json.dumps(call.arguments)}
    return _answer(
        {"tool_calls": [{"index": 0, "id": call.id, "type": "function", "function": function}]}, "tool_calls"
    )


def text(text: str) -> bytes:
    """See `Api`."""
    return _answer({"content": text}, "stop")


def _answer(delta: Json, reason: str) -> bytes:
    chunk = {"id": "chat_1", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    first = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": None}
    last = {"index": 0, "delta": {}, "finish_reason": reason}
    chunks = [{**chunk, "choices": [first]}, {**chunk, "choices": [last]}, {**chunk, "choices": [], "usage": usage}]
    return events(chunks, named=False) + b"data: [DONE]\n\n"
