"""`python -m safeshell.daemon`: the daemon of the home that $SAFESHELL_HOME names, in the foreground."""

from __future__ import annotations

import gc
import sys

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.text import printable


def main() -> int:
    """Runs the daemon until it is stopped; returns the exit status."""
    gc.disable()  # what is imported stays, so there is nothing to look for; `serve` enables it
    from safeshell.daemon.start import serve  # noqa: PLC0415 # see above

    try:
        serve(Home.find())
    except SafeShellError as error:
        hint = f" ({error.hint})" if error.hint else ""
        print(f"safeshell: {printable(error.message + hint)}", file=sys.stderr)  # noqa: T201 # click is not imported here
        return error.status
    except Exception as error:  # noqa: BLE001 # a bug, or a machine that has run out of something: a line says which
        from safeshell.bug_report import end_by  # noqa: PLC0415 # only when something is wrong

        return end_by(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
