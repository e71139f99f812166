"""Words that run a command when they are expanded, and what expands in a here-document."""

from __future__ import annotations

from lines.draft import Row

WORDS = (
    Row("$(§l)", "dollar-paren", weight=4),
    Row('"$(§l)"', "dollar-paren", weight=3),
    Row('"a b $(§l) c"', "dollar-paren"),
    Row("$( §l )", "dollar-paren", weight=0.7),
    Row("$(\n§l\n)", "dollar-paren", weight=0.5),
    Row("$(# it's )\n§l)", "dollar-paren comment", weight=0.4),
    Row("`§b`", "backticks", weight=2),
    Row('"`§b`"', "backticks", weight=1.5),
    Row('"a `§b`"', "backticks", weight=0.5),
    Row("`echo \\`§n §a\\``", "L5 backticks nested", weight=0.7),
    Row("`echo $(§b)`", "backticks nested", weight=0.7),
    Row("${x:-$(§l)}", "parameter dollar-paren"),
    Row('"${x:-$(§l)}"', "parameter dollar-paren"),
    Row("${x:-`§b`}", "L5 parameter backticks"),
    Row('"${x:-a `§b`}"', "L5 parameter backticks"),
    Row("${x-${y:-$(§l)}}", "parameter dollar-paren", weight=0.7),
    Row("${x:=`§b`}", "L5 parameter backticks", weight=0.7),
    Row("${HOME:+$(§l)}", "parameter dollar-paren", weight=0.7),
    Row("${HOME#$(§l)}", "parameter dollar-paren", weight=0.7),
    Row("${HOME%%`§b`}", "L5 parameter backticks", weight=0.7),
    Row("${HOME/$(§l)/x}", "parameter dollar-paren", "bash zsh", weight=0.7),
    Row('"${HOME/x/`§b`}"', "L5 parameter backticks", "bash", weight=0.5),
    Row("${HOME:$(§l)0}", "parameter arithmetic dollar-paren", "bash zsh", weight=0.4),
    Row("${x[$(§l)0]}", "parameter array dollar-paren", "bash", weight=0.4),
    Row("$((1 + $(§l) 1))", "arithmetic dollar-paren", weight=0.5),
    Row("$(( `§b` 1))", "L5 arithmetic backticks", weight=0.3),
    Row("$(echo $(§l))", "dollar-paren nested"),
    Row("$(cat <(§l))", "process-substitution dollar-paren", "bash zsh", weight=0.5),
    Row("$(§l; echo ')' \")\")", "dollar-paren", weight=0.4),
    Row("$(case a in a) §l\n;; esac)", "dollar-paren case", weight=0.4),
    Row("$(cat <<X\nit's )\nX\n§l)", "dollar-paren document", weight=0.4),
    Row("{a,$(§l)}", "braces dollar-paren", "bash zsh", weight=0.3),
    Row("$'a\\'b'$(§l)", "dollar-paren quotes", "bash zsh", weight=0.3),
    Row("'a'\\''b'$(§l)", "dollar-paren quotes", weight=0.3),
    Row('"\\"$(§l)\\""', "dollar-paren quotes", weight=0.3),
)
"""Each runs it."""

WORDS_0 = (Row("$(§S)"), Row('"$(§S)"'), Row("`§n §a`", "backticks", weight=0.5))
"""The shortest."""

DOCUMENTS = (
    Row("$(§l)", "dollar-paren", weight=3),
    Row("`§b`", "L5 backticks", weight=3),
    Row("${x:-$(§l)}", "parameter dollar-paren"),
    Row("${x:-`§b`}", "L5 parameter backticks"),
    Row("$((1+$(§l)1))", "arithmetic dollar-paren", weight=0.4),
    Row('"$(§l)"', "dollar-paren"),
    Row("'`§b`'", "L5 backticks"),
    Row("\\\\$(§l)", "dollar-paren", weight=0.4),
    Row("a\\\n$(§l)", "dollar-paren continuation", weight=0.4),
)
"""The same in the body of a here-document."""

DOCUMENTS_0 = (Row("$(§S)"), Row("`§n §a`", "L5 backticks"))
"""The shortest."""
