"""Python programs that are parents: subprocess, multiprocessing and asyncio, their children behind shims."""

from __future__ import annotations

import os

import pytest
from e2e.guard import Guard, Outcome
from e2e.real import keeps_descriptors, same
from harness import write

MULTIPROCESSING = """\
import multiprocessing, os, subprocess, sys

def work(number):
    done = subprocess.run(["sh", "-c", f"seq {number} | wc -l; exit {number}"], capture_output=True, text=True)
    return number, done.stdout.strip(), done.returncode

def crash():
    os.kill(os.getpid(), 9)

if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(3) as pool:
            print(method, pool.map(work, range(6)))
        child = context.Process(target=crash)
        child.start()
        child.join()
        print(child.exitcode)
    sys.exit(3)
"""

ASYNCIO = """\
import asyncio, os, signal
from asyncio.subprocess import PIPE, STDOUT

async def run(*argv, data=None, **options):
    process = await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE, stderr=PIPE, **options)
    out, err = await process.communicate(data)
    return process.returncode, out, err

async def stop(number):
    process = await asyncio.create_subprocess_exec("sh", "-c", "echo up; exec sleep 1000", stdout=PIPE)
    assert await process.stdout.readline() == b"up\\n"
    process.send_signal(number)
    return await process.wait()

async def main():
    print(await asyncio.gather(*(run("sh", "-c", f"cat; echo {n} >&2; exit {n}", data=b"x" * n) for n in range(8))))
    print([await stop(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGKILL)])
    print(len((await run("sh", "-c", "head -c 3000000 /dev/zero", data=b""))[1]))
    print(await run("sort", data=b"".join(b"%d\\n" % (n * 7919 % 1000) for n in range(9))))
    late = await asyncio.create_subprocess_exec("sleep", "1000", start_new_session=True)
    try:
        await asyncio.wait_for(late.wait(), 0.3)
    except TimeoutError:
        late.terminate()
        print("timeout", await late.wait())
    env = {name: os.environ[name] for name in ("PATH", "SAFESHELL_HOME")}
    line = "ls /nonexistent | cat; echo ${LC_ALL-unset}"
    shell = await asyncio.create_subprocess_shell(line, stdout=PIPE, stderr=STDOUT, env=env)
    print(await shell.communicate())
    try:
        await asyncio.create_subprocess_exec("no-such-program-at-all")
    except FileNotFoundError as error:
        print(error)

asyncio.run(main())
"""

SUBPROCESS = """\
import os, subprocess, sys
run = subprocess.run
print(run(["cat"], input=b"bytes \\xff", capture_output=True))
print(run("cat | tr a-z A-Z; exit 4", shell=True, input="text", capture_output=True, text=True))
print(run(["sh", "-c", "kill -11 $$"]).returncode, run(["false"]).returncode)
try:
    run(["sleep", "1000"], timeout=0.2)
except subprocess.TimeoutExpired as error:
    print(error)
pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
with subprocess.Popen(["sed", "-u", "s/^/got /"], **pipes) as talk:
    for word in ("one", "two"):
        print(word, file=talk.stdin, flush=True)
        print(talk.stdout.readline().strip())
if sys.argv[1:] == ["descriptors"]:
    reader, writer = os.pipe()
    with subprocess.Popen(["bash", "-c", f"echo through >&{writer}"], pass_fds=[writer]):
        os.close(writer)
        print(os.read(reader, 100))
print(run(["sh", "-c", "umask; pwd"], umask=0o27, cwd="/", capture_output=True).stdout)
print(run(["sh", "-c", "exit 1"], process_group=0).returncode, os.waitstatus_to_exitcode(os.system("exit 6")))
print(os.spawnvp(os.P_WAIT, "sh", ["sh", "-c", "exit 8"]), os.popen("seq 3 | wc -l").read())
os.execvp("sh", ["sh", "-c", "echo executed; exit 2"])
"""


def run_program(guard: Guard, program: str, commands: int) -> Outcome:
    """Runs a program, told whether descriptors above 2 reach what it runs."""
    write(os.path.join(guard.work, "program.py"), program)
    word = "descriptors" if keeps_descriptors(guard) else "standard"
    done = same(guard, f"exec python3 -BI program.py {word}", commands=commands)
    assert done.err == b""
    return done


def test_subprocess(workshop: Guard) -> None:
    assert run_program(workshop, SUBPROCESS, 12).status == 2


def test_asyncio(workshop: Guard) -> None:
    assert run_program(workshop, ASYNCIO, 20).status == 0


def test_multiprocessing(workshop: Guard) -> None:
    if not keeps_descriptors(workshop):
        pytest.skip("its workers get descriptors, which `execution: daemon` gives up")
    assert run_program(workshop, MULTIPROCESSING, 40).status == 3


def test_virtual_environment(workshop: Guard) -> None:
    """Its Python finds its own packages by where it stands, which it learns from argv[0] and PATH."""
    script = """
    /usr/bin/python3 -m venv --without-pip own
    export PATH="${PATH%"${PATH#*/h/shims:}"}$PWD/own/bin:${PATH#*/h/shims:}"
    python3 -c 'import sys; print(sys.prefix, sys.executable)'; python3 -c 'raise ValueError' 2>&1 | tail -1
    python3 -c 'import subprocess as s, sys; s.run([sys.executable, "-c", "import sys; print(sys.prefix)"])'
    """
    if not os.path.exists("/usr/bin/python3"):
        pytest.skip("no Python at a place of its own")
    done = same(workshop, script, commands=3)
    assert (
        done.out == f"{workshop.work}/own {workshop.work}/own/bin/python3\nValueError\n{workshop.work}/own\n".encode()
    )
