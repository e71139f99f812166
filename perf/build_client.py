"""Builds a tree's native client as that tree's own `hatch_build.py` does: ROOT OUTPUT [symbols].

With `symbols` the same code keeps its names and lines, for counting by function.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Any

_INTERFACE = "hatchling.builders.hooks.plugin.interface"


def main() -> None:
    """Builds it.

    Raises:
        SystemExit: it can't be built.
    """
    root, output, *words = sys.argv[1:]
    hooks = _load(root)
    if words:
        kept = [flag for flag in hooks.COMMON if flag != "-s"]
        hooks.COMMON = (*kept, "-g", "-include", os.path.join(os.path.dirname(os.path.abspath(__file__)), "writable.h"))
    failure = hooks.compile_client(os.path.join(root, hooks.SOURCE), output)
    if failure:
        raise SystemExit(failure)


def _load(root: str) -> Any:
    """The tree's build hook, without the build backend, which only a build needs."""

    class BuildHookInterface:
        """Stands in for the backend's class; it takes any parameter of a type."""

        def __class_getitem__(cls, _: object) -> type:
            return cls

    name = ""
    for part in _INTERFACE.split("."):
        name = f"{name}.{part}".strip(".")
        sys.modules[name] = ModuleType(name)
    sys.modules[_INTERFACE].BuildHookInterface = BuildHookInterface  # type: ignore[attr-defined]
    sys.path.insert(0, root)
    import hatch_build  # noqa: PLC0415 # of the tree that was named

    return hatch_build


if __name__ == "__main__":
    main()
