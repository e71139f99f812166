"""Shell text as trees: `reader` reads the commands of bash, POSIX sh and zsh as `tree` has them; nothing runs here."""
