"""Compiles all C by gcc and by clang, as it is built but with every warning an error; and runs shellcheck.

Prints a line for each, also for what isn't installed, which is no failure. Exit status: 0 nothing was found, else 1.
"""

from __future__ import annotations

import glob
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ccode import FLAGS, HERE, ROOT, hooks
from fuzz import drive

COMPILERS = ("gcc", "clang")
PROGRAMS = {"shims/hook": "hook_files", "shims/shell": "shell_files", "shims/keeper": "keeper_files"}
"""Programs' own files, and what knows those of the client's that each has besides."""

WARNINGS = ("-Wall", "-Wextra", "-Werror")
SCRIPTS = ("shims/safeshell-check", ".ci/run")


@dataclass(frozen=True)
class Unit:
    """What is compiled at once, in one of the ways that it is built.

    Attributes:
        source: its path in the project; of a directory all that is in it.
        variant: what tells this way from others.
        flags: what it is built by, without warnings.
        compilers: which build it so.
    """

    source: str
    variant: str
    flags: tuple[str, ...]
    compilers: tuple[str, ...] = COMPILERS

    @property
    def files(self) -> list[str]:
        """The paths of its files."""
        path = os.path.join(ROOT, self.source)
        if self.source in PROGRAMS:
            found: list[str] = getattr(hooks(), PROGRAMS[self.source])(os.path.dirname(path))
            return found
        return sorted(glob.glob(os.path.join(path, "*.c"))) if os.path.isdir(path) else [path]


def units() -> Iterator[Unit]:
    """Every source, in every way that it is built on this architecture."""
    hook = hooks()
    import build_native
    import building

    bare = platform.machine() in {"x86_64", "aarch64"}  # elsewhere neither is built without libc
    if bare:
        static = (*hook.COMMON, *hook.FREESTANDING)
        yield Unit(hook.SOURCE, "static", static)
        yield Unit(
            hook.SOURCE, "static, whole", (*static, *hook.WHOLE), compilers=("gcc",)
        )  # clang's may lack a linker
        yield Unit(hook.SOURCE, "static, counted", build_native.counted(static))
        yield Unit("perf/empty.c", "static", building.BARE)
        for program in PROGRAMS:
            yield Unit(program, "static", static)
            yield Unit(program, "static, whole", (*static, *hook.WHOLE), compilers=("gcc",))
    yield Unit(hook.SOURCE, "libc", (*hook.COMMON, *hook.HOSTED))
    for program in PROGRAMS:
        yield Unit(program, "libc", (*hook.COMMON, *hook.HOSTED))
    yield Unit(hook.FRONT_SOURCE, "library", (*hook.FRONT_FLAGS, "-DFRONT_SOURCE=0u"))
    for name in ("load", "reference_broker"):
        yield Unit(f"perf/{name}.c", "program", building.USUAL)
    for source, flags in FLAGS.items():
        yield Unit(os.path.relpath(source, ROOT), "program", flags)
    for name in drive.TARGETS.values():
        # Not linked: a sanitizer's library may be missing where its compiler isn't.
        source = f"{os.path.relpath(HERE, ROOT)}/fuzz/{name}"
        yield Unit(source, "standalone", (*drive.STANDALONE, "-c"))
        yield Unit(source, "libFuzzer", (*drive.GUIDED, "-c"), compilers=("clang",))


def forgotten() -> list[str]:
    """The sources that no unit compiles."""
    named = {path for unit in units() for path in unit.files} | {os.path.join(ROOT, "perf/empty.c")}
    found = {
        path
        for top in ("compiler", "docs", "perf", "safeshell", "shims", "tests")
        for path in glob.glob(os.path.join(ROOT, top, "**/*.c"), recursive=True)
    }
    return sorted(os.path.relpath(path, ROOT) for path in found - named)


def complaints(unit: Unit, compiler: str) -> str:
    """What a compiler has to say about it, or ""; by compiling it, for the optimizer sees more than the parser."""
    with tempfile.TemporaryDirectory() as directory:
        output = os.path.join(directory, "output")
        command = [compiler, *unit.flags, *WARNINGS, "-o", output, *unit.files]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    return done.stderr.strip() or ("" if done.returncode == 0 else f"exited {done.returncode}")


def tried(what: str, found: str) -> bool:
    """Prints what came of it; returns whether nothing was found."""
    print(f"{what}: failed\n{found}" if found else f"{what}: ok", flush=True)
    return not found


def lint_c(compiler: str) -> bool:
    """Has a compiler try every unit; returns whether it had nothing to say, or isn't there to say it."""
    if shutil.which(compiler) is None:
        print(f"{compiler} is not installed: not tried")
        return True
    good = True
    for unit in units():
        if compiler in unit.compilers:
            good &= tried(f"{compiler}: {unit.source}, {unit.variant}", complaints(unit, compiler))
    return good


def lint_scripts() -> bool:
    """Has shellcheck look at what is written in bash; returns as `lint_c` does."""
    beside = os.path.dirname(sys.executable)
    shellcheck = shutil.which("shellcheck", path=f"{beside}:{os.environ.get('PATH', os.defpath)}")
    if shellcheck is None:
        print("shellcheck is not installed: not tried")
        return True
    good = True
    for name in SCRIPTS:
        done = subprocess.run(
            [shellcheck, os.path.join(ROOT, name)], capture_output=True, encoding="utf-8", check=False
        )
        good &= tried(f"shellcheck: {name}", (done.stdout + done.stderr).strip())
    return good


def main() -> int:
    """Tries everything, whatever the first has found."""
    results = [tried("sources that are compiled nowhere here", " ".join(forgotten()))]
    results += [lint_c(compiler) for compiler in COMPILERS]
    results.append(lint_scripts())
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
