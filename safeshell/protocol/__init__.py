"""The protocol between clients and the daemon (docs/protocol.md): bytes in, events out. Knows no sockets.

Rules of this room: it never blocks, never reads a descriptor, holds no more than the cap on a request, and whatever
bytes it is fed end in an event or a `ProtocolError`.
"""

# ruff: noqa: F403 # a list of the names would say all of them twice more
from safeshell.protocol.line_form import *
from safeshell.protocol.messages import *
from safeshell.protocol.receiver import *
from safeshell.protocol.replies import *
from safeshell.protocol.requests import *
