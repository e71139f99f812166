"""Anthropic's Messages API, streamed."""

from __future__ import annotations

import json

from agents.apis.api import Call, Json, events, plain

content_type = "text/event-stream"


def takes(path: str) -> bool:
    """See `Api`."""
    return path.endswith("/v1/messages")


def tools(request: Json) -> list[str]:
    """See `Api`."""
    return [tool["name"] for tool in request.get("tools", ())]


def results(request: Json) -> list[tuple[str, str]]:
    """See `Api`."""
    parts = [
        part for message in request["messages"] if isinstance(message["content"], list) for part in message["content"]
    ]
    return [(part["tool_use_id"], plain(part.get("content", ""))) for part in parts if part["type"] == "tool_result"]


def call(call: Call) -> bytes:
    """See `Api`."""
    block = {"type": "tool_use", "id": call.id, "name": call.tool, "input": {}}
    return _answer(block, {"type": "input_json_delta", "partial_json": json.dumps(call.arguments)}, "tool_use")


def text(text: str) -> bytes:
    """See `Api`."""
    return _answer({"type": "text", "text": ""}, {"type": "text_delta", "text": text}, "end_turn")


def _answer(block: Json, delta: Json, reason: str) -> bytes:
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": [],
        "usage": usage,
    }
    return events(
        [
            {"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None}},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage},
            {"type": "message_stop"},
        ],
        named=True,
    )
