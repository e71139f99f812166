"""Builds: make and its job server, a C compiler, the project's own tests, with every tool behind a shim."""

from __future__ import annotations

import os
import sys

import pytest
from e2e.guard import Guard
from e2e.real import keeps_descriptors, same

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

MAKEFILE = """\
PARTS := one two three four five six
OBJECTS := $(PARTS:%=%.o)
all: program check
program: main.o libparts.a
\t@cc -o $@ main.o -L. -lparts
libparts.a: $(OBJECTS)
\t@ar rcD $@ $(sort $^)
%.o: %.c parts.h
\t@cc -O1 -c -o $@ $<
check: program
\t@./program | cmp - expected && echo checked
\t@+$(MAKE) --no-print-directory -C sub NAME=inner
broken: main.o
\t@cc -c nothing-like-this.c
.PHONY: all check broken
"""

SUB = """\
all: a b c
a b c:
\t@printf '%s\\n' "$(NAME) $@" | tee $@ | wc -c >$@.size
.PHONY: all
"""

WRITE_PARTS = r"""
for part in one two three four five six; do
  printf '#include "parts.h"\nint %s(void) { return sizeof "%s"; }\n' $part $part >$part.c
  printf 'int %s(void);\n' $part >>parts.h
done
cat >main.c <<'END'
#include <stdio.h>
#include "parts.h"
int main(void) { printf("%d\n", one() + two() + three() + four() + five() + six()); return 0; }
END
printf '28\n' >expected
"""


@pytest.mark.needs("make", "cc", "ar")
def test_parallel_make(workshop: Guard) -> None:
    os.mkdir(os.path.join(workshop.work, "sub"))
    for name, text in (("Makefile", MAKEFILE), ("sub/Makefile", SUB)):
        with open(os.path.join(workshop.work, name), "w", encoding="utf-8") as stream:
            stream.write(text)
    script = f"{WRITE_PARTS}\nmake -j2 --no-print-directory; echo $?; make -q; echo $?; make -s broken; echo $?"
    # `execution: daemon` gives up the descriptors of the job server: make says so, and builds one after another.
    done = same(workshop, f"{{ {script}; }} 2>&1 | grep -v jobserver", commands=20)
    assert keeps_descriptors(workshop) is (b"jobserver" not in workshop.run("make", "-B", "-j2", "check").err)
    assert b"checked\n" in done.out
    assert b"nothing-like-this.c: No such file" in done.out


@pytest.mark.needs("git", "cc")
def test_own_tests(busy: Guard) -> None:
    """Those of the project that run the most tools: git for a repository's facts, a compiler for the client."""
    chosen = ["tests/host/git/test_repository.py", "tests/shims/test_request.py"]
    options = [
        "-q",
        "-k",
        "branch or work_tree or descriptors_are",
        "-p",
        "no:cacheprovider",
        "-p",
        "fidelity.shimmed_tools",
        "--tb=short",
    ]
    env = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.path.join(ROOT, "tests")}
    before = busy.requests()
    done = busy.run(sys.executable, "-m", "pytest", *options, *chosen, cwd=ROOT, env=env)
    assert done.status == 0, done.out.decode("utf-8", "replace")[-4000:]
    assert busy.requests() - before > 100
