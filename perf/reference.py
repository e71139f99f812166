"""The reference broker: the limit that overhead is measured against (`reference_broker.c`)."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence

from building import Programs


@contextlib.contextmanager
def reference(programs: Programs, mode: str, client: str, commands: Sequence[str]) -> Iterator[str]:
    """A running reference broker.

    Args:
        programs: the benchmark's own.
        mode: refuse, exec or spawn.
        client: the native client, which stands for the commands under their names.
        commands: absolute paths of what the clients may be told to execute.

    Yields:
        A directory that works as a home does: SAFESHELL_HOME for the clients in its `shims`.
    """
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        shims = os.path.join(directory, "home/shims")
        os.makedirs(shims)
        for command in commands:
            shutil.copy(client, os.path.join(shims, os.path.basename(command)))
        home = os.path.dirname(shims)
        process = subprocess.Popen(
            [programs.broker, os.path.join(home, "daemon.sock"), mode, *commands],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            if not process.stdout.readline():
                raise SystemExit(f"the reference broker did not start: status {process.wait()}")
            yield home
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()
