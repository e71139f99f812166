"""Google's streamGenerateContent, as server-sent events."""

from __future__ import annotations

import json

from agents.apis.api import Call, Json, events

content_type = "text/event-stream"


def takes(path: str) -> bool:
    """See `Api`."""
    return path.endswith(":streamGenerateContent")


def tools(request: Json) -> list[str]:
    """See `Api`."""
    return [found["name"] for tool in request.get("tools", ()) for found in tool.get("functionDeclarations", ())]


def results(request: Json) -> list[tuple[str, str]]:
    """See `Api`."""
    parts = [part for content in request["contents"] for part in content.get("parts", ())]
    found = [part["functionResponse"] for part in parts if "functionResponse" in part]
    return [(result["id"], _said(result["response"])) for result in found]


def call(call: Call) -> bytes:
    """See `Api`."""
    return _answer({"functionCall": {"id": call.id, "name": call.tool, "args": call.arguments}})


def text(text: str) -> bytes:
    """See `Api`."""
    return _answer({"text": text})


def _said(response: Json) -> str:
    said = response.get("output", response.get("error"))
    return said if isinstance(said, str) else json.dumps(response)


def _answer(part: Json) -> bytes:
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    candidate = {"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}
    return events([{"candidates": [candidate], "usageMetadata": usage, "modelVersion": "scripted"}], named=False)
