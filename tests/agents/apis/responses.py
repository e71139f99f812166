"""OpenAI's Responses API, streamed."""

from __future__ import annotations

import json

from agents.apis.api import Call, Json, events, plain

content_type = "text/event-stream"


def takes(path: str) -> bool:
    """See `Api`."""
    return path.endswith("/responses")


def tools(request: Json) -> list[str]:
    """See `Api`."""
    return [tool["name"] for tool in request.get("tools", ()) if "name" in tool]


def results(request: Json) -> list[tuple[str, str]]:
    """See `Api`."""
    items = request["input"] if isinstance(request["input"], list) else []
    return [(item["call_id"], plain(item["output"])) for item in items if item.get("type") == "function_call_output"]


def call(call: Call) -> bytes:
    """See `Api`."""
    item = {"type": "function_call", "id": f"item_{call.id}", "call_id": call.id, "name": call.tool}
    return _answer({**item, "status": "completed", "arguments": json.dumps(call.arguments)})


def text(text: str) -> bytes:
    """See `Api`."""
    part = {"type": "output_text", "text": text, "annotations": []}
    return _answer({"type": "message", "id": "item_end", "role": "assistant", "status": "completed", "content": [part]})


def _answer(item: Json) -> bytes:
    response = {"id": "resp_1", "object": "response", "model": "scripted", "output": []}
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    return events(
        [
            {"type": "response.created", "response": {**response, "status": "in_progress"}},
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {
                "type": "response.completed",
                "response": {**response, "status": "completed", "output": [item], "usage": usage},
            },
        ],
        named=True,
    )
