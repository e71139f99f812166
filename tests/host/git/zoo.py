"""A repository of every kind."""

from __future__ import annotations

from pathlib import Path

from host.git.repositories import (
    deep,
    git,
    make,
)


def set_config(repository: Path, text: str) -> None:
    with (repository / "config").open("a") as config:
        config.write(text)


def build(top: Path) -> None:
    """A repository of every kind, and what lies around them."""
    build_layouts(top)
    build_configured(top)
    build_heads(top)
    look_alike = deep(make(top / "look-alike")).parent
    (look_alike / "HEAD").write_text("ref: refs/heads/main\n")
    (look_alike / "refs").mkdir()
    deep(top / "outside")
    deep(top / "elsewhere")


def build_layouts(top: Path) -> None:
    plain = make(top / "plain")
    deep(plain)
    make(plain / "nested")
    git(plain, "worktree", "add", "-q", "-b", "topic/one", str(top / "linked"))
    git(plain, "worktree", "add", "-q", "--detach", str(top / "linked-detached"))
    deep(top / "linked")
    (top / "unborn").mkdir()
    git(top / "unborn", "init", "-q", "-b", "not/yet")
    git(make(top / "detached"), "checkout", "-q", "--detach")

    bare = top / "bare.git"
    git(top, "init", "-q", "--bare", "-b", "main", str(bare))
    git(plain, "push", "-q", str(bare), "main")
    git(bare, "worktree", "add", "-q", str(top / "of-bare"), "-b", "of-bare")
    deep(bare / "objects")

    super_ = make(top / "super")
    git(super_, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(plain), "sub")
    deep(super_ / "sub")

    store = make(top / "store")
    for name, target in (("relative-link", "../store/.git"), ("absolute-link", f"{store}/.git")):
        deep(top / name)
        (top / name / ".git").symlink_to(target)
    deep(top / "link-to-file")
    (top / "link-to-file" / ".git").symlink_to("../linked/.git")


def build_configured(top: Path) -> None:
    for name, text in {
        "core-worktree": "[core]\n\tworktree = ../../elsewhere\n",
        "core-worktree-absolute": f'[core]\n\tWorkTree = "{top}/elsewhere" ; there\n',
        "core-bare": "[core]\n\tbare\n",
        "core-bare-off": "[CORE] bare = 0k # no\n",
        "core-both": "[core]\n\tbare = on\n\tworktree = ../../elsewhere\n",
        "core-include": "[include]\n\tpath = other\n",
        "core-sub": '[core "x"]\n\tbare = true\n[core.y]\n\tbare = true\n',
    }.items():
        set_config(make(top / name) / ".git", text)
        deep(top / name)
    (top / "core-include" / ".git" / "other").write_text("[core]\n\tbare = true\n\tworktree = /\n")

    for name, own in (("per-tree", ""), ("per-tree-own", "[core]\n\tbare = false\n\tworktree = /usr\n")):
        main = make(top / name)
        git(main, "worktree", "add", "-q", str(top / f"{name}-linked"))
        set_config(main / ".git", "[extensions]\n\tworktreeConfig = true\n[core]\n\tbare = true\n")
        (main / ".git" / "worktrees" / f"{name}-linked" / "config.worktree").write_text(own)

    shared = make(top / "bare-with-linked")
    git(shared, "worktree", "add", "-q", str(top / "linked-of-core-bare"))
    set_config(shared / ".git", "[core]\n\tbare = true\n")


def build_heads(top: Path) -> None:
    old = make(top / "head-link")
    (old / ".git" / "HEAD").unlink()
    (old / ".git" / "HEAD").symlink_to("refs/heads/main")
    symbolic = make(top / "symbolic-branch")
    git(symbolic, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(symbolic, "symbolic-ref", "HEAD", "refs/heads/alias")
    packed = make(top / "packed")
    git(packed, "pack-refs", "--all")
    remote = make(top / "remote")
    git(remote, "symbolic-ref", "HEAD", "refs/remotes/origin/main")
    spaced = make(top / "spaced-head")
    (spaced / ".git" / "HEAD").write_text("ref: \t refs/heads/main \n\n")
    crlf = make(top / "crlf")
    config = crlf / ".git" / "config"
    config.write_bytes(
        b"\xef\xbb\xbf" + config.read_bytes().replace(b"\n", b"\r\n") + b"[core]\r\nworktree = \\\r\n..\r\n"
    )
