"""Editors and pagers, and what starts one."""

from __future__ import annotations

from safeshell.command.programs.description import EDITORS, Program, Programs, Runs
from safeshell.command.programs.record import getopt, words

_EDITING = Runs(variables=EDITORS)
_VIM_ESCAPE = (
    r"(?m)(?:^|\|)[\s:]*(?:(?:sil(?:ent)?|noa(?:utocmd)?|keepj(?:umps)?)!?\s+)*(?:[0-9.,$%'<>]*\s*(?:r(?:ead)?|w(?:rite)?)?\s*!|"
    r"te(?:r(?:m(?:inal)?)?)?\s+(?:\+\+\S+\s+)*)(?P<text>.+)|\b(?:system(?:list)?|jobstart|termopen|os\.execute|io\.popen)\(\s*(?P<q>['\"])(?P<call>.*?)(?P=q)"
)
_VIM = Runs(
    "c:S:u:U:i:sw:W:t:T:q:r:L:o::O::p::dDeEvynNRmMbhlAZ",
    "cmd= servername= remote= remote-send= remote-expr= startuptime= listen= embed headless clean noplugin",
    scripts=("-c", "--cmd"),
    operands=r"\+(?P<script>.+)",
    escape=_VIM_ESCAPE,
    reads=True,
    variables=("SHELL",),
)
_EMACS_ESCAPE = (
    r'\((?:(?:async-)?shell-command(?:-to-string)?|call-process-shell-command)\s+"(?P<call>(?:[^"\\]|\\.)*)"'
    r'|\((?:call-process|process-file|process-lines|start-process\s+\S+\s+\S+)\s+(?P<text>"[^()]*)'
)
_EMACS = Runs(
    "f:l:L:q",
    "eval= execute= batch funcall= load= script=",
    scripts=("--eval", "--execute"),
    single=True,
    escape=_EMACS_ESCAPE,
)
_ED = Runs(reads=True, escape=r"(?m)^[0-9.,$%;'a-z]*?(?:[rwe]\s+)?!(?P<text>[^\n]+)")
PROGRAMS: Programs = {
    **dict.fromkeys(("ed", "red"), _ED),
    **dict.fromkeys(words("vim vi nvim ex view gvim rvim vimdiff gview evim nvim-qt vim.basic vim.tiny"), _VIM),
    **dict.fromkeys(("emacs", "emacsclient", "emacs-nox"), _EMACS),
    "crontab": Program(getopt("u:leirsnx:T:V"), runs=_EDITING),
    **dict.fromkeys(words("visudo sudoedit vipw vigr vidir vipe edquota"), _EDITING),
    "man": Runs(
        "P:H::C:R:L:m:M:S:s:e:r:p:T::X::Z",
        "pager= html config-file= locale= systems= manpath= sections= extension= prompt= preprocessor=",
        texts=("-P", "--pager", "-H", "--html"),
        variables=("MANPAGER", "PAGER", "BROWSER"),
    ),
    "less": Runs(operands=r"\+\+?!(?P<text>.+)", variables=("LESSOPEN", "LESSCLOSE", *EDITORS)),
    **dict.fromkeys(
        ("bat", "delta", "batcat"), Runs("", "pager=", texts=("--pager",), variables=("BAT_PAGER", "PAGER"))
    ),
    "xdg-open": Runs(variables=("BROWSER",)),
}
