"""Stage 1, load: the rules file and all that it includes, each file once, as far as each is well formed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from safeshell.home.repository_rules import repository_root
from safeshell_compiler.findings.report import FindingPlace, Report, suggest
from safeshell_compiler.reading.model import Document, read_model
from safeshell_compiler.reading.rule_model import Kind
from safeshell_compiler.reading.sources import Reader, Source
from safeshell_compiler.reading.tree import parse

INCLUDE_DEPTH = 64
"""Levels of includes; nobody reads further than three."""


@dataclass(frozen=True, slots=True)
class CompileRequest:
    """What to compile.

    Attributes:
        path: absolute; a rules file, or a directory of them.
        kind: whose rules they are.
        packs: the directory of the packs.
        trusting: whether files of one's own count that others may write, where nothing is put in force by them.
    """

    path: str
    kind: Kind
    packs: str
    trusting: bool = False


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """One rules file, its includes not followed yet.

    Attributes:
        path: absolute.
        label: as the table names it: relative to the root file's directory, or `pack:NAME`.
        pack: the pack's name, or "".
        text: its text.
        document: what it says.
        includes: the real paths of the files that it includes itself, in order.
        complete: whether nothing of it and no include of its own had to be left out.
        included_at: where the first include of it stands, None for a root file.
    """

    path: str
    label: str
    pack: str
    text: str
    document: Document
    includes: tuple[str, ...]
    complete: bool
    included_at: FindingPlace | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """All files of a compilation.

    Attributes:
        kind: whose rules they are.
        root: the directory that labels are relative to.
        files: each once, what a file includes before the file itself.
        sources: what was read or looked for.
    """

    kind: Kind
    root: str
    files: tuple[LoadedFile, ...]
    sources: tuple[Source, ...]


def load(request: CompileRequest, report: Report) -> Loaded:
    """Reads the root and everything it includes, depth first."""
    reader = Reader(request.kind, report, trusting=request.trusting)
    # A directory called rules.yaml is somebody's mistake; any other is a directory of rules.
    is_directory = os.path.isdir(request.path) and not request.path.endswith(".yaml")
    root = request.path if is_directory else os.path.dirname(request.path)
    loader = _Loader(request, root, reader, report)
    place = FindingPlace(request.path)
    if is_directory:
        paths = reader.listing(request.path, place)
        if paths == () and request.kind != "system":  # an empty rules.d is how a machine without rules looks
            report.add("SS123", place, path=request.path)
        for path in paths or ():
            loader.visit(path, None)
    else:
        loader.visit(request.path, None)
    return Loaded(request.kind, root, tuple(loader.files.values()), reader.sources)


@dataclass(slots=True)
class _Loader:
    request: CompileRequest
    root: str
    reader: Reader
    report: Report
    files: dict[str, LoadedFile] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)

    def visit(self, path: str, included_at: FindingPlace | None, pack: str = "") -> bool:
        """Loads a file and its includes unless that is done. False: nothing is to be had from it."""
        identity = os.path.realpath(path)
        if identity in self.files:
            return True
        if identity in self.failed:
            return False
        place = included_at or FindingPlace(path)
        if identity in self.open:
            chain = [*self.open[self.open.index(identity) :], identity]
            self.report.add("SS122", place, chain=" -> ".join(os.path.basename(name) for name in chain))
            return False
        if len(self.open) >= INCLUDE_DEPTH:
            self.report.add("SS407", place, limit=INCLUDE_DEPTH)
            return False
        text = self.reader.text(path, place, trusted=bool(pack))
        tree = None if text is None else parse(text, path, self.report)
        document = None if tree is None else read_model(tree, path, self.report)
        if text is None or document is None:
            self.failed.add(identity)
            return False
        self.open.append(identity)
        before = self.report.errors
        includes = self._follow(path, document)
        complete = document.complete and self.report.errors == before
        self.open.pop()
        label = f"pack:{pack}" if pack else self._label(path)
        self.files[identity] = LoadedFile(path, label, pack, text, document, includes, complete, included_at)
        return True

    def _label(self, path: str) -> str:
        # A file's name can hold bytes that are no text; the table is UTF-8 throughout.
        return os.fsencode(os.path.relpath(path, self.root)).decode("utf-8", "replace")

    def _follow(self, path: str, document: Document) -> tuple[str, ...]:
        followed: list[str] = []
        for name, node in zip(document.model.include, document.include, strict=True):
            place = node.place(path)
            pack = name.removeprefix("pack:") if name.startswith("pack:") else ""
            targets = self._targets(name, path, place)
            followed.extend(os.path.realpath(target) for target in targets if self.visit(target, place, pack))
        return tuple(followed)

    def _targets(self, name: str, path: str, place: FindingPlace) -> tuple[str, ...]:
        """The files that an include stands for."""
        if name.startswith("pack:"):
            return self._pack(name.removeprefix("pack:"), place)
        target = os.path.normpath(os.path.join(os.path.dirname(path), name))
        if self.request.kind == "repository" and not self._inside(target, place):
            return ()
        if not self.reader.exists(target):
            self.report.add("SS120", place, path=target)
            return ()
        if os.path.isdir(target):
            return self.reader.listing(target, place) or ()
        return (target,)

    def _inside(self, target: str, place: FindingPlace) -> bool:
        root = os.path.realpath(repository_root(self.request.path))
        inside = os.path.commonpath([root, os.path.realpath(target)]) == root
        if not inside:
            self.report.add("SS318", place, path=target, root=root)
        return inside

    def _pack(self, name: str, place: FindingPlace) -> tuple[str, ...]:
        try:
            known = sorted(file[: -len(".yaml")] for file in os.listdir(self.request.packs) if file.endswith(".yaml"))
        except FileNotFoundError:
            known = []
        if name not in known:
            otherwise = f"the packs are {', '.join(known)}" if known else "no packs are installed"
            hint = suggest(name, known)
            self.report.add("SS121", place, name=name, known=f"{hint} {otherwise}".strip())
            return ()
        return (os.path.join(self.request.packs, f"{name}.yaml"),)
