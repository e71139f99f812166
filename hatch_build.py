"""Compiles the native client and the daemon's front while the wheel is built (editable ones too).

The wheel then is for this platform.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shlex
import subprocess
import sysconfig
import zlib
from collections.abc import Sequence
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = "shims"
"""The directory of what is compiled at once, as `FRONT_SOURCE`."""

CLIENT = "safeshell/install/native/safeshell-shim"
HOOK = "safeshell/install/native/safeshell-hook"
KEEPER = "safeshell/install/native/safeshell-keeper"
SHARED = (
    *("confined", "connect", "descriptors", "launch", "observe"),
    *("output", "send", "start_up", "text", "unreachable"),
)
"""The client's files that the hook program is made of, too; the keeper has besides `signals`."""

SHELL = "safeshell/install/native/safeshell-sh"
SHELL_SHARED = (*SHARED, "answer", "execute", "refuse", "reply", "request", "signals", "supervise")
"""The client's files that the guarded shell is made of, too: it is a client without the shim's own."""

REASON = "safeshell/install/native/not-static.txt"
"""Why the client isn't the static one; not there where it is. pip hides what a build says, so doctor says it again."""

FRONT_SOURCE = "safeshell/daemon/fastpath"
FRONT = "safeshell/install/native/safeshell-front.so"
FRONT_FLAGS = ("-std=gnu11", "-O2", "-s", "-shared", "-fPIC", "-fvisibility=hidden")

COMMON = ("-std=gnu11", "-Os", "-s")
"""-Os: start-up is page faults, not instructions; the client stays within the pages that one fault maps."""

FREESTANDING = (
    *("-ffreestanding", "-nostdlib", "-static", "-fno-pie", "-no-pie"),  # no loader, no libc, nothing to relocate
    "-Wno-unused-command-line-argument",  # clang has no use for -no-pie beside -static; some gcc links a PIE without it
    *("-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fomit-frame-pointer"),  # all need what is not there
    *("-Wl,-z,noseparate-code", "-Wl,-z,norelro", "-Wl,--build-id=none", "-Wl,-z,noexecstack"),  # one segment to map
)

HOSTED = ("-DSAFESHELL_LIBC",)
"""For architectures whose system calls the source does not know."""

WHOLE = ("-flto",)
"""What lets files be small: without it a call between two of them costs bytes. Not every compiler can."""

QUIET = ("-w",)
"""Warnings are for whoever changes the code (tests/lint_c.py): no -Werror that CC brings along has anything to act on.

-Wno-error would leave -Werror=… and -pedantic-errors."""


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
        source, output = os.path.join(self.root, SOURCE), os.path.join(self.root, CLIENT)
        reason = compile_static(source, output)
        leave_reason(os.path.join(self.root, REASON), reason)
        failure = reason and compile_linked(source, output)
        if failure:
            self.app.display_warning(f"the native client is left out, shims will use the slower bash client: {failure}")
            for left in (FRONT, HOOK, SHELL, KEEPER):  # an earlier build's would be in a wheel for any platform
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(self.root, left))
            return
        if reason:
            self.app.display_warning(f"the native client is linked against libc, a command costs more: {reason}")
        failure = compile_hook(source, os.path.join(self.root, HOOK))
        if failure:
            self.app.display_warning(f"the native hook program is left out, no agent's hook can be set up: {failure}")
        failure = compile_shell(source, os.path.join(self.root, SHELL))
        if failure:
            self.app.display_warning(f"the native safeshell-sh is left out, no agent can be given it: {failure}")
        failure = compile_keeper(source, os.path.join(self.root, KEEPER))
        if failure:
            self.app.display_warning(f"the keeper is left out, `safeshell run --strict` can't run: {failure}")
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

    Args:
        source: the directory of its files.
        output: the program.

    Returns:
        Why it could not be compiled, or "". Where it could not, there is no output.
    """
    return compile_static(source, output) and compile_linked(source, output)


def compile_static(source: str, output: str) -> str:
    """Compiles the client freestanding; returns as `compile_client` does."""
    return _compile((*COMMON, *FREESTANDING), files(source), output)


def compile_linked(source: str, output: str) -> str:
    """Compiles the client against libc; returns as `compile_client` does."""
    return _compile((*COMMON, *HOSTED), files(source), output)


def compile_hook(source: str, output: str) -> str:
    """Compiles the hook program, in the ways that `compile_client` tries, from the directory of the client's files."""
    return _compile_either(hook_files(source), output)


def compile_shell(source: str, output: str) -> str:
    """Compiles the guarded shell, likewise."""
    return _compile_either(shell_files(source), output)


def compile_keeper(source: str, output: str) -> str:
    """Compiles the keeper of the kernel tier, as `compile_hook` does the hook program."""
    return _compile_either(keeper_files(source), output)


def files(source: str) -> list[str]:
    """The C files of a directory."""
    return sorted(glob.glob(os.path.join(source, "*.c")))


def hook_files(source: str) -> list[str]:
    """The C files of the hook program; `source` is the directory of the client's."""
    return _program_files(source, "hook", SHARED)


def shell_files(source: str) -> list[str]:
    """The C files of the guarded shell, likewise."""
    return _program_files(source, "shell", SHELL_SHARED)


def _program_files(source: str, own: str, shared: Sequence[str]) -> list[str]:
    return [*files(os.path.join(source, own)), *[os.path.join(source, f"{name}.c") for name in shared]]


def keeper_files(source: str) -> list[str]:
    """The C files of the keeper, likewise."""
    return _program_files(source, "keeper", (*SHARED, "signals"))


def leave_reason(path: str, reason: str) -> None:
    """Writes the line of a reason that says the most, or removes what an earlier build left where there is none."""
    if reason:
        lines = reason.splitlines()
        # A linker speaks before its compiler's last line, a compiler first says in which function.
        said = next((line for line in lines[:-1] if "error:" in line), lines[0])
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(f"{said}\n")
    elif os.path.exists(path):
        os.unlink(path)


def compile_front(source: str, output: str) -> str:
    """Compiles the daemon's front, against libc.

    Returns:
        Why it could not be compiled, or "". Where it could not, there is no output.
    """
    checksum = 0
    for path in sorted(glob.glob(os.path.join(source, "*.[ch]"))):
        with open(path, "rb") as stream:
            checksum = zlib.crc32(
                stream.read(), checksum
            )  # the daemon refuses a library that isn't of the source beside it
    return _compile((*FRONT_FLAGS, f"-DFRONT_SOURCE={checksum}u"), files(source), output)


def _compile_either(sources: Sequence[str], output: str) -> str:
    return _compile((*COMMON, *FREESTANDING), sources, output) and _compile((*COMMON, *HOSTED), sources, output)


def _compile(flags: Sequence[str], sources: Sequence[str], output: str) -> str:
    aside = f"{output}.new"
    command = [*flags, *QUIET, "-o", aside, *sources]
    if not _run_compiler([*WHOLE, *command]) or not (failure := _run_compiler(command)):
        os.replace(aside, output)  # a daemon that starts just now finds a whole one
        return ""
    for left in (aside, output):  # an earlier build's would be taken for this one's
        if os.path.exists(left):
            os.unlink(left)
    return failure


def _run_compiler(arguments: Sequence[str]) -> str:
    words = os.environ.get("CC") or "cc"
    try:
        command = [*shlex.split(words), *arguments]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    except OSError as error:
        return f"{words}: {error.strerror}"
    except ValueError as error:  # a quotation that has no end
        return f"CC={words}: {error}"
    return "" if done.returncode == 0 else done.stderr.strip() or f"{shlex.join(command)} exited {done.returncode}"
