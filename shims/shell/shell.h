/* What the guarded shell's files offer each other: which shell it stands for, and what that is given. */
#pragma once

#include "../client.h"

/* real_shell.c */
const char *choose_shell(const struct process *process, char *room);

/* guarded.c */
char **name_shell(const struct process *process, const char *shell);
char **guard_environment(const struct client *client, const char *shell);
