"""Other policy engines on an equivalent policy, in the same run: `pip install casbin cedarpy gordon-to-regorus`.

Each is used as its documentation says: parsed once, asked many times. An engine that isn't installed is left out, and
one that answers otherwise than SafeShell fails the benchmark.
"""

from __future__ import annotations

import importlib.util
import re
import statistics
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

from decide import requests
from workload import COMMANDS

from safeshell.command.command_line import command_line
from safeshell.policy.decision import Action

Ask = Callable[[str, str], bool]
"""Asks an engine: command, line → whether it is denied."""


def measure(sizes: tuple[int, ...], seconds: float) -> dict[str, dict[int, float]]:
    """Median µs a question by engine and number of rules; an engine gets so many seconds a size."""
    found: dict[str, dict[int, float]] = {}
    for name, (module, make) in ENGINES.items():
        if importlib.util.find_spec(module) is None:
            continue
        found[name] = {size: _measure(make(size), size, seconds) for size in sizes}
    return found


def _measure(ask: Ask, rules: int, seconds: float) -> float:
    samples: list[float] = []
    end = time.monotonic() + seconds
    for name, arguments, expected in islice(requests(rules), 20000):
        line = command_line(arguments, name)
        began = time.perf_counter_ns()
        denied = ask(name, line)
        samples.append((time.perf_counter_ns() - began) / 1000)
        if denied is not (expected is Action.DENY):
            raise SystemExit(f"another answer for {line!r}: {denied}")
        if time.monotonic() > end and len(samples) >= 5:
            break
    return statistics.median(samples)


def _rules(count: int) -> list[tuple[str, int]]:
    """The rules of `workload.policy` that look at the command line alone: command and number."""
    return [(f"tool{number % COMMANDS}", number) for number in range(count) if number % 10 <= 6]


def _pattern(number: int) -> str:
    return rf"\bsub{number}\b.*\s--(force|hard|all)(\s|$)"


def _re_loop(count: int) -> Ask:
    compiled = [(command, re.compile(_pattern(number))) for command, number in _rules(count)]

    def ask(name: str, line: str) -> bool:
        return any(command == name and pattern.search(line) for command, pattern in compiled)

    return ask


def _casbin(count: int) -> Ask:
    import casbin  # noqa: PLC0415 # where it is installed
    from casbin.model import Model  # noqa: PLC0415 # as above

    model = Model()
    model.load_model_from_text(
        "[request_definition]\nr = command, line\n[policy_definition]\np = command, pattern, eft\n"
        "[policy_effect]\ne = !some(where (p.eft == deny))\n"
        "[matchers]\nm = r.command == p.command && search(r.line, p.pattern)\n"
    )
    enforcer = casbin.Enforcer(model)
    enforcer.add_function("search", lambda line, pattern: re.search(pattern, line) is not None)
    enforcer.add_policies([[command, _pattern(number), "deny"] for command, number in _rules(count)])
    return lambda name, line: not enforcer.enforce(name, line)


def _cedar(count: int) -> Ask:
    import cedarpy  # noqa: PLC0415 # where it is installed

    # Cedar has wildcards and no patterns; on these lines they say the same.
    text = "permit(principal, action, resource);\n" + "".join(
        f'forbid(principal, action == Action::"{command}", resource) when '
        f'{{ context.line like "* sub{number} * --force" || context.line like "* sub{number} --force" }};\n'
        for command, number in _rules(count)
    )
    policies: Any = cedarpy.PolicySet.from_str(text)

    def ask(name: str, line: str) -> bool:
        request = {
            "principal": 'User::"ann"',
            "action": f'Action::"{name}"',
            "resource": 'Host::"here"',
            "context": {"line": line},
        }
        return not cedarpy.is_authorized(request, policies, []).allowed

    return ask


def _regorus(count: int) -> Ask:
    import regorus  # noqa: PLC0415 # where it is installed

    text = "package guard\nimport rego.v1\ndefault denied := false\n" + "".join(
        f'denied if {{ input.name == "{command}"; regex.match(`{_pattern(number)}`, input.line) }}\n'
        for command, number in _rules(count)
    )
    engine: Any = regorus.Engine()
    engine.add_policy("guard.rego", text)

    def ask(name: str, line: str) -> bool:
        engine.set_input({"name": name, "line": line})
        return bool(engine.eval_rule("data.guard.denied"))

    return ask


ENGINES: dict[str, tuple[str, Callable[[int], Ask]]] = {
    "a loop of Python's re": ("re", _re_loop),
    "casbin": ("casbin", _casbin),
    "Cedar (cedarpy)": ("cedarpy", _cedar),
    "Rego (regorus)": ("regorus", _regorus),
}
