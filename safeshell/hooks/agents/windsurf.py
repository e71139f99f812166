"""Windsurf: `pre_run_command`. By docs.windsurf.com/windsurf/cascade/hooks and two adapters, not seen live."""

from __future__ import annotations

from safeshell.hooks.agent import BLOCK, Agent, Shape

_SHAPE = Shape(
    event=(("agent_action_name",), frozenset({"pre_run_command"})),
    tool=(),
    lines=(("tool_info", "command_line"),),
    directories=(("tool_info", "cwd"),),
    session=("trajectory_id",),
)

AGENT = Agent(
    "windsurf",
    shapes=(_SHAPE, _SHAPE._replace(event=(("hook_event_name",), frozenset({"pre_run_command"})))),
    shell_tools=frozenset(),
    deny=BLOCK,
    closed=BLOCK,
    limit_s=30,  # how long it waits is nowhere written
    users_shell=True,
)
