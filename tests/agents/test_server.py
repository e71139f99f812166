"""The model's server, held against what each agent was recorded to ask it."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from agents.agent import NAMES, Agent, load
from agents.drive import status_of
from agents.record import LINES, RECORDED
from agents.server import APIS, ASIDE, DONE, Session, serving

TOOL = {"type": "function", "name": "t", "function": {"name": "t"}, "functionDeclarations": [{"name": "t"}]}
OFFERING: dict[str, Any] = {"tools": [TOOL], "messages": [], "contents": [], "input": []}
"""A request by any API."""


def recorded(name: str) -> list[tuple[str, dict[str, Any]]]:
    with open(os.path.join(RECORDED, f"{name}.jsonl"), encoding="utf-8") as stream:
        return [(path, request) for path, request in map(json.loads, stream)]


@pytest.fixture(params=NAMES)
def agent(request: pytest.FixtureRequest) -> Agent:
    return load(request.param)


@pytest.fixture
def connection(session: Session) -> Iterator[http.client.HTTPConnection]:
    with serving(session) as server:
        made = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        yield made
        made.close()


@pytest.fixture
def session(agent: Agent) -> Session:
    return Session(LINES, agent.tool, agent.call)


def ask(connection: http.client.HTTPConnection, path: str, body: Any, **headers: str) -> str:
    connection.request("POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream"
    return answer.read().decode()


def test_it_asks_for_each_line_and_keeps_what_it_is_told(
    agent: Agent, session: Session, connection: http.client.HTTPConnection
) -> None:
    answers = [ask(connection, path, json.dumps(request)) for path, request in recorded(agent.name)]
    aside = APIS[agent.api].text(ASIDE).decode()
    first, second, last = [answer for answer in answers if answer != aside]
    assert LINES[0] in first
    assert LINES[1] in second
    assert DONE in last
    assert session.ended
    told = [told or "" for told in session.told]
    assert "one" in told[0]
    assert "two" in told[1]
    if agent.status is not None:
        assert [status_of(agent, text) for text in told] == [3, 0]


def test_a_request_that_comes_again_has_the_same_answer(agent: Agent, connection: http.client.HTTPConnection) -> None:
    path, request = recorded(agent.name)[-2]
    body = json.dumps(request)
    assert ask(connection, path, body) == ask(connection, path, body)


def test_a_request_in_chunks_and_packed_is_read(agent: Agent, connection: http.client.HTTPConnection) -> None:
    path, request = recorded(agent.name)[-1]
    packed = gzip.compress(json.dumps(request).encode())
    assert DONE in ask(connection, path, iter((packed[:100], packed[100:])), Content_Encoding="gzip")


def test_events_are_well_formed(agent: Agent) -> None:
    api = APIS[agent.api]
    for answer in (api.text("a\n\nb"), Session(["echo 'a\n\nb'"], "t", agent.call).answer(api, OFFERING)):
        *events, end = re.split(r"\n\n", answer.decode())
        assert end == ""
        for event in events:
            data = event.splitlines()[-1].removeprefix("data: ")
            assert data == "[DONE]" or json.loads(data)


def test_what_is_not_for_the_model_is_not_there() -> None:
    with serving(Session(LINES, "tool", lambda line: {"command": line})) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        for method, path in (("GET", "/v1/models"), ("POST", "/v1/messages/count_tokens"), ("HEAD", "/")):
            connection.request(method, path, "{}")
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 404
        connection.request("CONNECT", "example.org:443")
        assert connection.getresponse().status == 403
        connection.close()
        assert server.abroad == ["example.org:443"]
        assert server.lost == ["/v1/models", "/v1/messages/count_tokens", "/"]
