"""`make demo`: an agent's session behind the shims, in a temporary home and a git repository. Leaves nothing behind.

Every line is run by a real shell, and what it prints is shown. A step that doesn't do what its heading says ends the
demo with status 1.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import backstage

from safeshell.home.paths import Home
from safeshell.install.native import native_client

RULES = """\
version: 1
include: [pack:git, pack:files]   # rules that come with SafeShell
rules:
  - name: rm-to-trash             # and one of your own
    commands: [rm]
    context: ai_only
    conditions:
      - operand_matches: .        # names what to remove, as the rm of `xargs rm` doesn't
    action: redirect
    redirect_to: safeshell-trash $ARGS
    message: Moved to the trash instead.
"""

CONFIG = """\
# Whoever runs the demo may be an agent, whose children may not approve: here another variable tells one.
agents: {markers: [SAFESHELL_DEMO_AGENT]}
# No rule names `true`: it has a shim to be timed.
shims: {extra: ['true']}
"""

FILES = {
    "README": "Careful.\n",
    "report.txt": "A week's work\n",
    "clean.sh": '#!/bin/sh\nrm -rf /\necho "rm ended with $?, and the script goes on"\n',
}

PIN = "correct horse"

PATIENCE_S = 120
"""For the whole demo, which takes a tenth of it where nothing else runs."""


class Step(NamedTuple):
    """A line, and what shows that it did what its heading says.

    Attributes:
        heading: stands above it; "" where the last one still holds.
        line: for a shell.
        shows: what its output must contain.
        status: its exit status.
        agent: whether an agent types it, behind the shims, or a person.
    """

    heading: str
    line: str
    shows: tuple[str, ...] = ()
    status: int = 0
    agent: bool = True


BEGINNING = (
    Step("Some rules", "cat ~/.safeshell/rules.yaml", ("rules:",), agent=False),
    Step("are compiled, and the commands that they name get shims", "safeshell init", ("shims",), agent=False),
    Step("What would be decided; nothing runs", "safeshell check -- rm -rf /", ("deny", "rm-root"), 3, agent=False),
    Step("An agent's ordinary lines just run", "git status --short --branch", ("## main...origin/main",)),
    Step("", "git commit -qam 'Never rm -rf / again' && git log --oneline", ("Never rm -rf / again",)),
    Step("Its dangerous ones are stopped: one line says why", "rm -rf /", ("denied by rule rm-root",), 126),
    Step("", "git push --force origin main", ("denied by rule force-push",), 126),
)
ENROLLING = "safeshell approvals enroll"
ASKED_ABOUT = "git reset --hard HEAD~1"
WAITING = Step("", "safeshell approvals list", ("1  git reset --hard",), agent=False)
STOPPING = "safeshell daemon stop --now"
APPROVING = "safeshell approvals approve 1"
RESET = ("HEAD is now at", "A report")
ENDING = (
    Step("One is redirected to the trash", "cat report.txt", (FILES["report.txt"],)),
    Step("", "rm report.txt", ("redirected by rule rm-to-trash",)),
    Step("", "cat report.txt", ("No such file",), 1),
    Step("and the file comes back", "safeshell trash list", ("report.txt",), agent=False),
    Step("", "safeshell trash restore report.txt", ("restored",), agent=False),
    Step("", "cat report.txt", (FILES["report.txt"],)),
    Step("The dangerous line in a pipe", "echo / | xargs rm -rf", ("denied by rule rm-root",), 123),
    Step("and in a script", "cat clean.sh", ("rm -rf /",)),
    Step("", "sh clean.sh", ("denied by rule rm-root", "rm ended with 126, and the script goes on")),
)
RECORDED = ("rm-root", "force-push", "reset-hard", "approval 1 approved", "rm-to-trash")
LOG = (Step("What the log says of it", "safeshell log --limit 10", RECORDED, agent=False),)
NEXT = """\
.venv/bin/safeshell init           your own rules, in ~/.safeshell/rules.yaml
.venv/bin/safeshell run -- bash    a shell, or your agent, behind the shims
.venv/bin/safeshell doctor         whether a command is guarded, and at what cost
docs/rules.md                      how to write a rule"""


class FailedError(Exception):
    """A step did not do what it says."""


class Demo:
    """A home and a repository in a temporary directory.

    Attributes:
        at: what is being done, for messages.
    """

    def __init__(self, directory: str) -> None:
        self.at = "set-up"
        self._work = os.path.join(directory, "work")
        self._home = Home(os.path.join(directory, ".safeshell"))
        # Nothing of the caller's own settings; where other shims guard the caller, they stand on its PATH.
        path = [entry for entry in os.environ.get("PATH", os.defpath).split(":") if entry != Home.find().shims]
        self._environment = {
            "PATH": ":".join([os.path.dirname(sys.executable), *path]),
            "HOME": directory,
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def play(self, rules: str, seconds: float) -> None:
        """Plays everything, under these rules; so long is spent on timing.

        Raises:
            FailedError: a step did not do what it says.
        """
        self._set_up(rules)
        self._steps(BEGINNING)
        self._approval()
        self._steps(ENDING)
        self._stop()  # which first writes what it has still to record
        self._steps(LOG)
        _say("What a command costs here")
        print(self._cost(seconds))
        _say("What to do next")
        print(NEXT)

    def _set_up(self, rules: str) -> None:
        os.mkdir(self._home.root, mode=0o700)
        os.mkdir(self._work)
        written = {
            self._home.rules: rules,
            self._home.config: CONFIG,
            os.path.join(self._environment["HOME"], ".gitconfig"): "[user]\nname = Demo\nemail = demo@example.org\n",
            **{os.path.join(self._work, name): text for name, text in FILES.items()},
        }
        for path, text in written.items():
            Path(path).write_text(text, encoding="utf-8")
        self._quietly("git init -q --bare ../remote.git && git init -q -b main && git remote add origin ../remote.git")
        self._quietly("git add . && git commit -qm 'A report' && git push -qu origin main && echo Again. >>README")

    def _steps(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if step.heading:
                _say(step.heading)
            self._end(self._start(step.line, agent=step.agent), step.shows, step.status)

    def _approval(self) -> None:
        """A command waits in the background; a person, played by this script, lets it run."""
        _say("What one may well want is asked about: a person (here this script, at a terminal of its own) sets a PIN")
        self._type(ENROLLING, "the PIN is set")
        _say("The agent's command waits")
        waiting = self._start(ASKED_ABOUT, agent=True)
        assert waiting.stdout is not None
        while b"waiting up to" not in (output := waiting.stdout.readline()):
            _print(output)
            if not output:
                raise FailedError("it did not wait for approval")
        _print(output)
        _say("until the person answers")
        self._steps((WAITING,))
        self._type(APPROVING, "approved 1")
        _say("and then it runs")
        self.at = ASKED_ABOUT
        self._end(waiting, RESET)

    def _cost(self, seconds: float) -> str:
        self._quietly("safeshell daemon start")
        self.at = "timing `true`"
        os.chdir(self._work)
        try:
            cost = backstage.cost(self._home, seconds)
        except SystemExit as error:
            raise FailedError(str(error)) from error
        finally:
            os.chdir("/")
        self._stop()
        return (
            f"`true`, which does nothing, takes {_time(cost.native)} by itself; behind a shim it takes "
            f"{_time(cost.repeated)} more\nwhere the same line has run before, and {_time(cost.new)} more where it "
            f"never has{'' if native_client() else ', with the bash client: no native one was built'}."
        )

    def _start(self, line: str, *, agent: bool, shown: bool = True) -> subprocess.Popen[bytes]:
        self.at = line
        if shown:
            print(f"{'agent' * agent}$ {line}")
        return subprocess.Popen(
            [*(["safeshell", "run", "--"] if agent else []), "sh", "-c", line],
            cwd=self._work,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # as agents run their commands; who approves one is of another session
        )

    def _end(self, process: subprocess.Popen[bytes], shows: tuple[str, ...], status: int = 0) -> None:
        output = process.communicate()[0]
        _print(output)
        if process.returncode:
            print(f"[status {process.returncode}]")
        _expect(output.decode("utf-8", "replace"), *shows)
        if process.returncode != status:
            raise FailedError(f"it ended with {process.returncode}, not {status}")

    def _quietly(self, line: str) -> None:
        process = self._start(line, agent=False, shown=False)
        output = process.communicate()[0]
        if process.returncode:
            raise FailedError(output.decode("utf-8", "replace"))

    def _stop(self) -> None:
        """Stops the daemon, which takes a person, whoever runs the demo."""
        self.at = STOPPING
        _expect(backstage.at_terminal(STOPPING, PIN, self._work, self._environment), "stopped")

    def _type(self, line: str, shows: str) -> None:
        self.at = line
        print(f"$ {line}")
        sys.stdout.flush()  # before the fork
        said = backstage.at_terminal(line, PIN, self._work, self._environment)
        print(said, end="")
        _expect(said, shows)


def main() -> int:
    """Plays the demo; returns the exit status."""
    parser = argparse.ArgumentParser(description="Plays an agent's session behind the shims.")
    parser.add_argument("--seconds", type=float, default=6, help="to spend on timing (%(default)s)")
    parser.add_argument("--rules", metavar="FILE", type=Path, help="rules in place of the demo's own")
    options = parser.parse_args()
    rules = options.rules.read_text(encoding="utf-8") if options.rules else RULES
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace", line_buffering=True)  # in any locale; seen as it comes
    with backstage.stage(PATIENCE_S) as directory:
        demo = Demo(directory)
        try:
            demo.play(rules, options.seconds)
        except FailedError as error:
            print(f"\ndemo: failed at `{demo.at}`: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt as error:
            number = signal.Signals(error.args[0])
            print(f"\ndemo: ended by {number.name} at `{demo.at}`", file=sys.stderr)
            return 1 if number == signal.SIGALRM else 128 + number
        except BrokenPipeError:  # whoever read this has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return 1
    return 0


def _say(text: str) -> None:
    bold = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(f"\n\033[1m# {text}\033[0m" if bold else f"\n# {text}")


def _print(output: bytes) -> None:
    print(output.decode("utf-8", "replace"), end="")


def _expect(text: str, *parts: str) -> None:
    for part in parts:
        if part not in text:
            raise FailedError(f"nothing of {part!r} in {text!r}")


def _time(microseconds: float) -> str:
    return f"{microseconds:.0f} µs" if abs(microseconds) < 1000 else f"{microseconds / 1000:.1f} ms"


if __name__ == "__main__":
    sys.exit(main())
