"""Contents of files in a repository, most of them broken."""

from __future__ import annotations

from budget import examples
from host.git.repositories import (
    OBJECT,
)
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

FUZZ = settings(examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
CONFIG_PIECES = st.sampled_from(
    [b"[core]", b"[Core]\n", b'[core "a\\"b"]', b"[core.x]", b"[extensions]", b"bare", b"worktree", b"BARE", b"a-1"]  # noqa: RUF005 - one piece a line is a screen
    + [b" ", b"\t", b"\n", b"\r\n", b"\\\n", b"=", b" = ", b"true", b"/a/b", b"0", b'"', b"\\", b"\\n", b'\\"', b"\\q"]
    + [b"#", b";", b"x", b"a b", b"[", b"]", b".", b"-", b"\xff", b"\xef\xbb\xbf", b"\r"]
)
CONFIGS = st.lists(CONFIG_PIECES, max_size=14).map(b"".join)
REFERENCES = st.binary(max_size=60) | st.builds(
    lambda start, pieces, end: start + b"".join(pieces) + end,
    st.sampled_from([b"ref: refs/heads/", b"ref:refs/", b"ref:", b"gitdir: ", b"gitdir: /", OBJECT.encode(), b""]),
    st.lists(st.sampled_from([b"a", b"/", b".", b"..", b"@", b"{", b".lock", b"\\", b" ", b"\0", b"\xff", b"~"])),
    st.sampled_from([b"", b"\n", b"\r\n", b" \n"]),
)
