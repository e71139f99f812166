"""A model on loopback that wants to run the lines it was given, one after the other, and keeps what it is told of each.

How far a session is stands in each request, which brings back all results so far: a request that an agent sends again
is answered as before. What offers no shell (a title, a summary) gets a word.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from agents.apis import anthropic, chat, gemini, responses
from agents.apis.api import Api, Call, Json

APIS: dict[str, Api] = {
    module.__name__.rpartition(".")[2]: cast("Api", module) for module in (anthropic, chat, gemini, responses)
}

DONE = "All lines were run."
"""What the model says in the end."""


ASIDE = "Lines"
"""What it says where it is asked for a title or a summary."""

Asked = tuple[str, Json]
"""A request for the model: its path, its body."""


class Session:
    """The lines of a session, and what became known of them.

    Attributes:
        told: what the model was told of each line; None where it wasn't told yet.
        offered: the tools that the agent offered.
        ended: whether the model has said its last word.
    """

    def __init__(self, lines: Sequence[str], tool: str, arguments: Callable[[str], Json]) -> None:
        self.lines = lines
        self.told: list[str | None] = [None] * len(lines)
        self.offered: list[str] = []
        self.ended = False
        self._tool = tool
        self._arguments = arguments

    def answer(self, api: Api, request: Json) -> bytes:
        """What the model answers."""
        offered = api.tools(request)
        if self._tool not in offered:
            return api.text(ASIDE)
        self.offered = offered
        following = 0
        for call, result in api.results(request):
            number = int(call.removeprefix("call_"))
            self.told[number] = result
            following = number + 1
        if following == len(self.lines):
            self.ended = True
            return api.text(DONE)
        return api.call(Call(f"call_{following:03}", self._tool, self._arguments(self.lines[following])))


class Server(ThreadingHTTPServer):
    """Listens once it is made.

    Attributes:
        session: the session that it answers for.
        asked: the requests for the model.
        lost: the paths of all other requests.
        abroad: the hosts that were asked for, where it is taken for a proxy.
    """

    daemon_threads = True

    def __init__(self, session: Session) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.session = session
        self.asked: list[Asked] = []
        self.lost: list[str] = []
        self.abroad: list[str] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        """Answers a request for the model; 404 for any other."""
        body = self._body()
        path = self.path.partition("?")[0]
        api = next((api for api in APIS.values() if api.takes(path)), None)
        with self.server.lock:
            if api is None:
                self._refuse()
                return
            request = json.loads(body)
            self.server.asked.append((path, request))
            answer = self.server.session.answer(api, request)
        self._send(200, api.content_type, answer)

    def do_GET(self) -> None:
        """Knows of nothing: agents ask for lists of models, for news, for what an account may do."""
        self._body()
        self._refuse()

    def do_HEAD(self) -> None:
        """As `do_GET`."""
        self.do_GET()

    def do_CONNECT(self) -> None:
        """Leads nowhere: an agent that wants anything from elsewhere doesn't get it."""
        self.server.abroad.append(self.path)
        self._send(403, "text/plain", b"")

    def _refuse(self) -> None:
        self.server.lost.append(self.path)
        self._send(404, "application/json", b"{}")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b"".join(self._chunks())
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def serving(session: Session) -> Iterator[Server]:
    """A server for as long as the block."""
    with Server(session) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
