/* Made by docs/hook_table.py: how each agent is told that nobody could be asked. */
#pragma once

static const struct agent agents[] = {
    {"claude-code", NULL, NULL, "", 2, 120},
    {"codex", NULL, NULL, "", 2, 120},
    {"gemini", NULL, NULL, "", 2, 120},
    {"opencode", NULL, NULL, "", 2, 120},
    {"qwen", NULL, NULL, "", 2, 120},
    {"cline", "{\"cancel\": false, \"overrideInput\": {\"commands\": [\"printf '%s\\\\n' '", "' >&2; exit 126\"]}}", "{\"cancel\": false}", 0, 60},
    {"copilot", "{\"permissionDecision\": \"deny\", \"permissionDecisionReason\": \"", "\"}", "", 0, 120},
    {"cursor", NULL, NULL, "{}", 2, 120},
    {"windsurf", NULL, NULL, "", 2, 30},
    {"kiro", NULL, NULL, "", 2, 120},
    {"antigravity", "{\"decision\": \"deny\", \"reason\": \"", "\"}", "{\"decision\": \"allow\"}", 0, 120},
    {"vscode", NULL, NULL, "", 2, 120},
    {"crush", NULL, NULL, "", 2, 120},
};
