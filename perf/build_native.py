"""Builds what is native of a tree, as that tree's own `hatch_build.py` does: ROOT client|front OUTPUT [symbols].

With `symbols` the same code keeps its names and lines, for counting by function. A tree of before there was a front
builds none.
"""

from __future__ import annotations

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from itertools import accumulate
from types import ModuleType
from typing import Any
from unittest import mock

_HERE = os.path.dirname(os.path.abspath(__file__))
_INTERFACE = "hatchling.builders.hooks.plugin.interface"


def main() -> None:
    """Builds it.

    Raises:
        SystemExit: it can't be built.
    """
    root, what, output, *words = sys.argv[1:]
    hooks = load_hooks(root)
    build = _build_client if what == "client" else _build_front
    failure = build(hooks, root, output, symbols=bool(words))
    if failure:
        raise SystemExit(failure)


def _build_client(hooks: Any, root: str, output: str, *, symbols: bool) -> str:
    if symbols:
        hooks.COMMON = counted(hooks.COMMON)
    failure: str = hooks.compile_client(os.path.join(root, hooks.SOURCE), output)
    return failure


def _build_front(hooks: Any, root: str, output: str, *, symbols: bool) -> str:
    if not hasattr(hooks, "compile_front"):
        return ""
    if symbols:
        hooks.FRONT_FLAGS = _unstripped(hooks.FRONT_FLAGS)
    failure: str = hooks.compile_front(os.path.join(root, hooks.FRONT_SOURCE), output)
    return failure


def counted(flags: tuple[str, ...]) -> tuple[str, ...]:
    """The client's flags for the client that is counted."""
    return (*_unstripped(flags), "-include", os.path.join(_HERE, "writable.h"))


def _unstripped(flags: tuple[str, ...]) -> tuple[str, ...]:
    return (*(flag for flag in flags if flag != "-s"), "-g")


def load_hooks(root: str) -> Any:
    """The tree's build hook, without the build backend, which only a build needs."""

    class BuildHookInterface:
        """Stands in for the backend's class; it takes any parameter of a type."""

        def __class_getitem__(cls, _: object) -> type:
            return cls

    backend = {name: ModuleType(name) for name in accumulate(_INTERFACE.split("."), "{}.{}".format)}
    backend[_INTERFACE].BuildHookInterface = BuildHookInterface  # type: ignore[attr-defined]
    spec = spec_from_file_location("hatch_build", os.path.join(root, "hatch_build.py"))
    assert spec is not None
    assert spec.loader is not None
    hooks = module_from_spec(spec)
    with mock.patch.dict(sys.modules, backend):
        spec.loader.exec_module(hooks)
    return hooks


if __name__ == "__main__":
    main()
