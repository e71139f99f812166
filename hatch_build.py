"""Compiles the native client and the daemon's front while the wheel is built (editable ones too).

The wheel then is for this platform.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sysconfig
import zlib
from collections.abc import Sequence
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = "shims/safeshell-shim.c"
CLIENT = "safeshell/native/safeshell-shim"

FRONT_SOURCE = "safeshell/daemon/front.c"
FRONT = "safeshell/native/safeshell-front.so"
FRONT_FLAGS = ("-std=gnu11", "-O2", "-s", "-shared", "-fPIC")

COMMON = ("-std=gnu11", "-Os", "-s")
"""-Os: start-up is page faults, not instructions; the client stays within the pages that one fault maps."""

FREESTANDING = (
    *("-ffreestanding", "-nostdlib", "-static", "-fno-pie", "-no-pie"),  # no loader, no libc, nothing to relocate
    *("-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fomit-frame-pointer"),  # all need what is not there
    *("-Wl,-z,noseparate-code", "-Wl,-z,norelro", "-Wl,--build-id=none", "-Wl,-z,noexecstack"),  # one segment to map
)

HOSTED = ("-DSAFESHELL_LIBC",)
"""For architectures whose system calls the source does not know."""


class ClientBuildHook(BuildHookInterface[Any]):  # type: ignore[misc, unused-ignore] # hatchling may not be installed where mypy runs
    """Adds the compiled client to the wheel; without a compiler the wheel is pure, and shims use the bash client."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles the client and tags the wheel for the platform.

        Args:
            version: "standard" or "editable"; both want the client.
            build_data: what hatchling builds by; changed here.
        """
        del version
        if self.target_name != "wheel":
            return
        output = os.path.join(self.root, CLIENT)
        failure = compile_client(os.path.join(self.root, SOURCE), output)
        if failure:
            self.app.display_warning(f"the native client is left out, shims will use the slower bash client: {failure}")
            return
        failure = compile_front(os.path.join(self.root, FRONT_SOURCE), os.path.join(self.root, FRONT))
        if failure:
            self.app.display_warning(f"the daemon's native front is left out, a command costs more: {failure}")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag()}"


def platform_tag() -> str:
    """This platform as wheels name it."""
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def compile_client(source: str, output: str) -> str:
    """Compiles the client, freestanding where the architecture is one that it knows, else against libc.

    Returns:
        Why it could not be compiled, or "". Where it could not, there is no output.
    """
    return _compile([(*COMMON, *FREESTANDING), (*COMMON, *HOSTED)], source, output)


def compile_front(source: str, output: str) -> str:
    """Compiles the daemon's front, against libc.

    Returns:
        Why it could not be compiled, or "". Where it could not, there is no output.
    """
    with open(source, "rb") as stream:
        checksum = zlib.crc32(stream.read())  # the daemon refuses a library that isn't of the source beside it
    return _compile([(*FRONT_FLAGS, f"-DFRONT_SOURCE={checksum}u")], source, output)


def _compile(attempts: Sequence[Sequence[str]], source: str, output: str) -> str:
    compiler = shlex.split(os.environ.get("CC") or "cc")
    failure, aside = "", f"{output}.new"
    for flags in attempts:
        command = [*compiler, *flags, "-o", aside, source]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            failure = f"{shlex.join(compiler)}: {error.strerror}"
            break
        if done.returncode == 0:
            os.replace(aside, output)  # a daemon that starts just now finds a whole one
            return ""
        failure = failure or done.stderr.strip() or f"{shlex.join(command)} exited {done.returncode}"
    for left in (aside, output):  # an earlier build's would be taken for this one's
        if os.path.exists(left):
            os.unlink(left)
    return failure
