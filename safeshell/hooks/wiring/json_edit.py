"""Edits of a JSON text that leave all else as it is: a child put in as the last, replaced, or taken out.

What `insert` does `remove` undoes to the byte, whatever was put beside it meanwhile.
"""

from __future__ import annotations

import json
import re
from typing import Any

from safeshell.hooks.wiring.json_tree import Document, Node

_INDENT = re.compile(r"[ \t]*")


def insert(document: Document, node: Node, key: str | None, value: Any) -> str:
    """The text with one child more at a container's end.

    Args:
        document: the text.
        node: a container of it.
        key: the member's name; None in an array.
        value: its value.
    """
    text = document.text
    if node.children:
        return _insert_last(document, node, key, value)
    inner_end = node.end - 1
    comment = document.comment_before(inner_end, node.start + 1)
    outer = _indent(text, node.start)
    indent = outer + _unit(document)
    child = _render(key, value, indent, _unit(document), newline := _newline(text))
    if comment == node.start + 1:  # blanks at most
        return f"{text[:comment]}{newline}{indent}{child}{newline}{outer}{text[inner_end:]}"
    if "\n" in text[comment:inner_end]:
        return f"{text[:comment]}{newline}{indent}{child}{text[comment:]}"
    return f"{text[:comment]} {_flat(key, value)}{text[comment:]}"


def _insert_last(document: Document, node: Node, key: str | None, value: Any) -> str:
    text, last, newline = document.text, node.children[-1], _newline(document.text)
    begins = node.children[-2].comma if len(node.children) > 1 else node.start
    spread = "\n" in text[begins : last.start]
    trailing = last.comma >= 0
    behind = last.comma + 1 if trailing else last.end
    at = document.comment_before(node.end - 1, behind)
    if spread or text[at : at + 1] in ("\n", "\r"):
        indent = _indent(text, last.start) if spread else _indent(text, node.start) + _unit(document)
        child = f"{newline}{indent}{_render(key, value, indent, _unit(document), newline)}"
    else:
        child = f" {_flat(key, value)}"
    comma = "" if trailing else ","
    return f"{text[: last.end]}{comma}{text[last.end : at]}{child}{',' if trailing else ''}{text[at:]}"


def replace(document: Document, node: Node, value: Any) -> str:
    """The text with another value in a value's place, spread over lines as it was."""
    text = document.text
    if "\n" in text[node.start : node.end]:
        shown = _render(None, value, _indent(text, node.start), _unit(document), _newline(text))
    else:
        shown = _flat(None, value)
    return f"{text[: node.start]}{shown}{text[node.end :]}"


def remove(document: Document, node: Node, index: int) -> str:
    """The text without a child of a container, and without the comma that it needed."""
    text, child = document.text, node.children[index]
    start = len(text[: child.start].rstrip(" \t\r\n"))
    if document.ends_by_newline(start) and not _ends_line(text, max(child.end, child.comma + 1)):
        start = child.start  # what follows would be part of the comment
    if child.comma >= 0:
        between = text[child.end : child.comma]
        return text[:start] + (between if between.strip() else "") + text[child.comma + 1 :]
    if index:
        comma = node.children[index - 1].comma
        return text[:comma] + text[comma + 1 : start] + text[child.end :]
    return text[:start] + text[child.end :]


def inside(document: Document, node: Node) -> str:
    """What stands between a container's brackets."""
    return document.text[node.start + 1 : node.end - 1]


def refill(document: Document, node: Node, blanks: str) -> str:
    """The text with other blanks in a container that has nothing else."""
    return f"{document.text[: node.start + 1]}{blanks}{document.text[node.end - 1 :]}"


def fresh(value: Any) -> str:
    """The text of a new file."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _render(key: str | None, value: Any, indent: str, unit: str, newline: str) -> str:
    lines = json.dumps(value, indent=unit, ensure_ascii=False).split("\n")
    return _named(key) + f"{newline}{indent}".join(lines)


def _flat(key: str | None, value: Any) -> str:
    return _named(key) + json.dumps(value, ensure_ascii=False)


def _named(key: str | None) -> str:
    return "" if key is None else f"{json.dumps(key, ensure_ascii=False)}: "


def _ends_line(text: str, at: int) -> bool:
    return text[at:].lstrip(" \t").startswith(("\r\n", "\n"))


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _indent(text: str, at: int) -> str:
    """The blanks that a position's line begins with."""
    found = _INDENT.match(text, text.rfind("\n", 0, at) + 1)
    assert found  # it matches nothing, too
    return found[0]


def _unit(document: Document) -> str:
    """What a level is indented by in this text: as the first child of the document is, else two blanks."""
    children = document.root.children
    if children and "\n" in document.text[document.root.start : children[0].start]:
        found = _indent(document.text, children[0].start).removeprefix(_indent(document.text, document.root.start))
        if found:
            return found
    return "  "
