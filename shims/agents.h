/* Made by docs/markers.py: what agents leave in the environment of what they run. */
#pragma once

static char *const known_markers[] = {
    "CLAUDECODE",
    "CLAUDE_CODE_SESSION_ID",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "CODEX_THREAD_ID",
    "CODEX_SESSION_ID",
    "CODEX_CI",
    "CODEX_SANDBOX",
    "OPENCODE",
    "OPENCODE_PID",
    "QWEN_CODE",
    "COPILOT_CLI",
    "CLINE_ACTIVE",
    "CLINE_CONNECTOR_CLI_LAUNCH",
    "CRUSH",
    "KIRO",
    "AUGMENT_AGENT",
    "ANTIGRAVITY_AGENT",
    "GOOSE_TERMINAL",
    "AMP_THREAD_ID",
    "AMP_CURRENT_THREAD_ID",
    "REPL_AGENT",
    "AI_AGENT",
    "AGENT",
};
