"""Codex's trust: it runs a hook only where its settings hold the hash of what is written, and leaves it out silently.

Trust is given by its own program. What that adds to config.toml is noted, and taken out with the hook.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from safeshell.errors import SafeShellError
from safeshell.hooks.wiring import settings_file
from safeshell.hooks.wiring.codex_server import Hook, Server
from safeshell.hooks.wiring.json_settings import Found
from safeshell.hooks.wiring.json_tree import BrokenError
from safeshell.hooks.wiring.notes import Note
from safeshell.hooks.wiring.ours import called
from safeshell.hooks.wiring.targets import Target, program_of
from safeshell.hooks.wiring.toml_settings import read

HINT = "start codex, type /hooks, and trust SafeShell's hook"

_CONFIG = "config.toml"
_DEFAULT_TIMEOUT = 600


def config_of(target: Target) -> str:
    """The file where a user's Codex keeps what it trusts, whoever's hook it is."""
    return os.path.join(os.path.dirname(target.agent.places[0].user.path(os.environ)), _CONFIG)


def hash_of(entry: Any, handler: int = 0) -> str:
    """The hash that Codex has of a hook: of compact JSON with sorted keys, what isn't given left out.

    Args:
        entry: as it is written, numbers as their text.
        handler: which of its handlers.
    """
    one = entry["hooks"][handler]
    hook = {
        "async": bool(one.get("async", False)),
        "command": one["command"],
        "timeout": int(one.get("timeout", _DEFAULT_TIMEOUT)),
        "type": one["type"],
    }
    if one.get("statusMessage") is not None:
        hook["statusMessage"] = one["statusMessage"]
    value = {"event_name": "pre_tool_use", "hooks": [hook]}
    if entry.get("matcher") is not None:
        value["matcher"] = entry["matcher"]
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def is_noted(target: Target, found: Found) -> bool:
    """Whether Codex's settings hold the hash of a hook as it is written now."""
    try:
        state = read(settings_file.read(config_of(target)).text()).get("hooks", {}).get("state", {})
        at = f"pre_tool_use:{found.at}:{found.handler or 0}"
        keys = {f"{path}:{at}" for path in (target.path, os.path.realpath(target.path))}
        expected = hash_of(found.value, found.handler or 0)
        return any(state[key]["trusted_hash"] == expected for key in keys & set(state))
    except (SafeShellError, BrokenError, AttributeError, KeyError, TypeError, ValueError):
        return False


def ask(target: Target, directory: str) -> Hook | None:
    """The hook as Codex's own program sees it; None where it sees none, or the program isn't here.

    Args:
        target: the file that the hook stands in.
        directory: where Codex would be started.

    Raises:
        SafeShellError: the program can't be asked.
    """
    program = program_of(target.agent)
    if program is None:
        return None
    with Server(program) as server:
        return _ours(server, target, directory)


def _ours(server: Server, target: Target, directory: str) -> Hook | None:
    paths = (target.path, os.path.realpath(target.path))
    for hook in server.hooks(directory):
        if called(hook.command, target.agent.name) and (hook.source in paths or os.path.realpath(hook.source) in paths):
            return hook
    return None


def trust(target: Target, directory: str, note: Note) -> str:
    """Has Codex trust the hook, and notes what that adds to its settings.

    Args:
        target: the file that the hook stands in.
        directory: where Codex would be started.
        note: of that file.

    Returns:
        Why a person has to do it, or "".
    """
    program = program_of(target.agent)
    if program is None:
        return "codex is not on PATH"
    config = config_of(target)
    try:
        before = settings_file.read(config)
        with Server(program) as server:
            hook = _ours(server, target, directory)
            if hook is None:
                return "codex does not see it"
            if hook.status in ("trusted", "managed"):
                return ""
            server.trust(hook)
        _note(note, config, before.data, settings_file.read(config).data or b"")
    except SafeShellError as error:
        return error.message
    return ""


def _note(note: Note, config: str, before: bytes | None, after: bytes) -> None:
    """Notes the text that was added; of a hash that was changed, the text as it is now."""
    old, new = (before or b"").decode("utf-8", "replace"), after.decode("utf-8", "replace")
    start = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    length = len(new) - len(old)
    if length > 0 and old == new[:start] + new[start + length :]:
        note.trust = {config: new[start : start + length]}
        note.trust_made = before is None
        return
    for path, text in note.trust.items():
        head = text[: text.rfind("sha256:")]
        at = new.find(head) if path == config and head else -1
        if at >= 0:
            note.trust[path] = new[at : at + len(text)]


def forget(note: Note) -> None:
    """Takes out of Codex's settings what its trust has added; what has been changed since is left.

    Raises:
        SafeShellError: they can't be read or written.
    """
    for path, text in note.trust.items():
        file = settings_file.read(path)
        if file.data is None:
            continue
        parts = file.text().split(text)
        if len(parts) != 2:
            continue
        left = "".join(parts)
        try:
            read(left)
        except BrokenError:
            continue
        if note.trust_made and not left.strip():
            settings_file.remove(file)
        else:
            settings_file.replace(file, file.encode(left), 0o600)
