"""Builds what is native of a tree, as that tree's own `hatch_build.py` does: ROOT client|front OUTPUT [symbols].

With `symbols` the same code keeps its names and lines, for counting by function. A tree of before there was a front
builds none.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_INTERFACE = "hatchling.builders.hooks.plugin.interface"


def main() -> None:
    """Builds it.

    Raises:
        SystemExit: it can't be built.
    """
    root, what, output, *words = sys.argv[1:]
    hooks = _load(root)
    build = _build_client if what == "client" else _build_front
    failure = build(hooks, root, output, symbols=bool(words))
    if failure:
        raise SystemExit(failure)


def _build_client(hooks: Any, root: str, output: str, *, symbols: bool) -> str:
    if symbols:
        hooks.COMMON = (*_unstripped(hooks.COMMON), "-include", os.path.join(_HERE, "writable.h"))
    failure: str = hooks.compile_client(os.path.join(root, hooks.SOURCE), output)
    return failure


def _build_front(hooks: Any, root: str, output: str, *, symbols: bool) -> str:
    if not hasattr(hooks, "compile_front"):
        return ""
    if symbols:
        hooks.FRONT_FLAGS = _unstripped(hooks.FRONT_FLAGS)
    failure: str = hooks.compile_front(os.path.join(root, hooks.FRONT_SOURCE), output)
    return failure


def _unstripped(flags: tuple[str, ...]) -> tuple[str, ...]:
    return (*(flag for flag in flags if flag != "-s"), "-g")


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
