"""`python -m safeshell.daemon`: the daemon of the home that $SAFESHELL_HOME names, in the foreground."""

from __future__ import annotations

import sys

from safeshell.daemon.start import serve
from safeshell.errors import SafeShellError
from safeshell.paths import Home


def main() -> int:
    """Runs the daemon until it is stopped; returns the exit status."""
    try:
        serve(Home.find())
    except SafeShellError as error:
        hint = f" ({error.hint})" if error.hint else ""
        print(f"safeshell: {error.message}{hint}", file=sys.stderr)  # noqa: T201 # click is not imported here
        return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
