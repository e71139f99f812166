"""`safeshell-trash`: rm's arguments, messages and exit statuses; what rm would delete goes to the trash."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from safeshell import __version__
from safeshell.bug_report import end_by
from safeshell.trash.arguments import TRY_HELP, Options, UsageError, parse
from safeshell.trash.depth import any_depth
from safeshell.trash.limits import TrashLimits, home_directory
from safeshell.trash.locations import Locations
from safeshell.trash.removal import Removal
from safeshell.trash.rm_messages import Talk

_HELP = b"""\
Usage: rm [OPTION]... [FILE]...
Move the FILE(s) to SafeShell's trash, where rm would remove them.

  -f, --force           ignore nonexistent files and arguments, never prompt
  -i                    prompt before every removal
  -I                    prompt once before removing more than three files, or
                          when removing recursively
      --interactive[=WHEN]  prompt according to WHEN: never, once (-I), or
                          always (-i); without WHEN, prompt always
      --one-file-system  when removing recursively, skip any directory that is
                          on another file system than its operand
      --no-preserve-root  do not treat '/' specially; it is refused still
      --preserve-root[=all]  do not remove '/' (default);
                              with 'all', reject any operand
                              on a separate device from its parent
  -r, -R, --recursive   remove directories and their contents recursively
  -d, --dir             remove empty directories
  -v, --verbose         explain what is being done
      --help        display this help and exit
      --version     output version information and exit

See what is there with `safeshell trash list`; `safeshell trash restore` brings
it back.
"""


def main() -> None:
    """The entry point."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, rm doesn't
    try:
        status = run([os.fsencode(argument) for argument in sys.argv[1:]])
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        status = 128 + signal.SIGINT
    except Exception as error:  # noqa: BLE001 # as in `safeshell.cli.main`
        status = end_by(error)
    sys.exit(status)


def run(arguments: Sequence[bytes]) -> int:
    """Does what rm would do with these arguments.

    Returns:
        rm's exit status.
    """
    talk = Talk()
    try:
        options = parse(arguments, os.environb, talk.quote, talk.mark)
    except UsageError as error:
        talk.complain(error.message)
        if error.suspect:
            _suspect(arguments, talk)
        if not error.bare:
            talk.advise(TRY_HELP)
        return 1
    with any_depth():
        failed = False if options.told else _remove(options, talk)
    if options.told:
        talk.tell(_HELP if options.told == "help" else b"rm (SafeShell) %b\n" % __version__.encode())
    return int(not talk.close() or failed)


def _remove(options: Options, talk: Talk) -> bool:
    count = len(options.operands)
    if options.once and count and (options.recursive or count > 3):
        noun = b"argument" if count == 1 else b"arguments"
        if not talk.ask(b"remove %d " % count + noun + (b" recursively" if options.recursive else b"")):
            return False
    locations = Locations(home_directory(), TrashLimits.read(os.path.join(home_directory(), b"client.conf")))
    try:
        removal = Removal(options, talk, locations.put, locations.put_empty)
        for operand in options.operands:
            removal.remove(operand)
    finally:
        locations.finish()
    return removal.failed


def _suspect(arguments: Sequence[bytes], talk: Talk) -> None:
    """A file whose name was taken for an option: how to name it."""
    for argument in arguments:
        if len(argument) > 1 and argument[:1] == b"-" and os.path.lexists(argument):
            again = talk.quote_where_needed(argument)
            talk.advise(b"Try 'rm ./" + again + b"' to remove the file " + talk.quote(argument) + b".\n")
            return
