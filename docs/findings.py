"""Makes docs/findings.md, the findings' reference, from the compiler's codes and docs/findings.yaml: `make docs`.

An example that is text is compiled, so what the page shows of it is what the compiler says.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from safeshell_compiler import CODES, Code, Finding, compile_rules
from safeshell_compiler.findings.render import human
from safeshell_compiler.reading.config import read_config

HERE = Path(__file__).parent
PAGE = HERE / "findings.md"

FAMILIES = {
    "SS1": "Reading",
    "SS2": "What a rules file may say",
    "SS3": "What the rules mean",
    "SS4": "Limits",
}

HEAD = """\
<!-- Made by `make docs` from compiler/safeshell_compiler/findings/codes.py and docs/findings.yaml; edit those. -->

# Findings

What `safeshell compile` can say about rules, by code. Codes are stable and never reused. An **error** means that
there is no new table: the last good one stays in force. A **warning** leaves the table as it is; `--strict` makes it an
error.
"""


def main() -> int:
    """Writes the page; with `--check` only says whether it is up to date. Returns the exit status."""
    page = make()
    if "--check" in sys.argv[1:]:
        stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page
        if stale:
            print("docs/findings.md is out of date: run `make docs`", file=sys.stderr)
        return int(stale)
    PAGE.write_text(page, encoding="utf-8")
    return 0


def make() -> str:
    """The whole page.

    Raises:
        SystemExit: a code has no example, an example no code, or an example does not give its finding.
    """
    examples: dict[str, Any] = yaml.safe_load((HERE / "findings.yaml").read_text(encoding="utf-8"))
    if examples.keys() != CODES.keys():
        odd = ", ".join(sorted(examples.keys() ^ CODES.keys()))
        raise SystemExit(f"docs/findings.yaml needs one example for each code of codes.py; look at {odd}")
    parts = [HEAD]
    family = ""
    for code in sorted(CODES.values(), key=lambda row: row.code):
        if code.code[:3] != family:
            family = code.code[:3]
            parts.append(f"\n## {family}xx: {FAMILIES.get(family, 'Others')}\n")
        parts.append(_section(code, examples[code.code]))
    return "".join(parts)


def _section(code: Code, example: Any) -> str:
    head = f"\n### {code.code}\n\n{code.summary}. *{code.severity.capitalize()}.*\n\n"
    if isinstance(example, dict) and "values" in example:
        return head + _fence("", _worded(code, example["values"]))
    files = {"rules.yaml": example} if isinstance(example, str) else example["files"]
    shown = "".join(_fence(_language(path, files), text) + "\n" for path, text in files.items())
    return head + shown + _fence("", _compiled(code, files))


def _worded(code: Code, values: dict[str, Any]) -> str:
    hint = code.hint.format(**values)
    return f"{code.severity} {code.code}: {code.message.format(**values)}\n" + (f"  hint: {hint}\n" if hint else "")


def _compiled(code: Code, files: dict[str, str]) -> str:
    """What the compiler says of these files, as it prints it."""
    with tempfile.TemporaryDirectory() as directory:
        root = os.path.realpath(directory)
        for path, text in files.items():
            target = Path(root, path)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            target.chmod(0o600)
        found = _findings(root, next(iter(files)))
        if code.code not in [finding.code for finding in found]:
            raise SystemExit(f"the example for {code.code} in docs/findings.yaml gives {found}")
        return human(found, directory=root).replace(root, "/home/ann")


def _findings(root: str, name: str) -> tuple[Finding, ...]:
    path = os.path.join(root, name)
    if name == "config.yaml":
        return read_config(path).findings
    return compile_rules(path, "repository" if name.startswith(".safeshell/") else "user", lint=True).findings


def _language(path: str, files: dict[str, str]) -> str:
    return "yaml" if len(files) == 1 and path == "rules.yaml" else f"yaml {path}"


def _fence(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"


if __name__ == "__main__":
    sys.exit(main())
