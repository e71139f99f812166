"""`safeshell`: the commands, each imported when it is called, and the one edge where errors become exit statuses."""

from __future__ import annotations

import importlib
import sys

import click

from safeshell import __version__
from safeshell.bug_report import end_by, let_go
from safeshell.cli.output import warn
from safeshell.errors import SafeShellError
from safeshell.home.paths import working_directory

COMMANDS = {
    "activate": "print what a shell's start-up file evaluates",
    "approvals": "commands that wait for a person's word: list, approve, deny them",
    "check": "what would be decided for a command",
    "compile": "compile the rules and put them in force",
    "daemon": "start, stop and look at the daemon",
    "doctor": "try each way in: are commands guarded here, and at what cost",
    "diff": "what changed between two sets of rules",
    "export": "the audit log and the counters to OpenTelemetry",
    "hook": "wire SafeShell into AI agents: each asks before it runs a line",
    "init": "set up a home: rules, tables, shims",
    "inside": "whether commands are guarded here, and as whose",
    "perf-stats": "the daemon's own latency figures, stage by stage",
    "log": "what was decided: the audit log",
    "monitor": "watch what is decided and answer what waits, on one screen",
    "replay": "decide the audit log again",
    "rules": "what rules can ask about: the programs that run others",
    "run": "run a command behind the shims",
    "shell": "the guarded shell, for agents that take one",
    "shims": "the shims on PATH",
    "test": "run the rules' own tests",
    "trash": "what `rm` moved to the trash: list, restore, delete for good",
    "uninstall": "take back shims, shells' lines, units and daemon",
}

INTERRUPTED = 130


class _Lazy(click.Group):
    """Imports a command's module when it is called: `--help` and `check` need not wait for the compiler."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 # as above
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"safeshell.cli.{cmd_name.replace('-', '')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 # as above
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib  # noqa: PLC0415 # only for a mistake

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            ctx.fail(f"no such command {args[0]!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="safeshell")
def command() -> None:
    """A guardrail for the shell commands that AI agents (and people, and CI) run."""


def main() -> None:
    """The entry point: runs a command and turns its end into an exit status."""
    try:
        status = command.main(prog_name="safeshell", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except SafeShellError as error:
        warn(error.message, error.hint)
        sys.exit(error.status)
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing is wrong, and Python must not complain on its way out.
        let_go(sys.stdout)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 # a bug, or a machine that has run out of something: a line says which
        if _is_nowhere(error):
            warn("the working directory was removed", "go to one that is there")
            sys.exit(1)
        sys.exit(end_by(error))
    sys.exit(status if isinstance(status, int) else 0)


def _is_nowhere(error: Exception) -> bool:
    return isinstance(error, FileNotFoundError) and working_directory() is None


if __name__ == "__main__":
    main()
