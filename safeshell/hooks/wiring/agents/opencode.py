"""OpenCode: a plugin of ours, which asks the hook program and throws what that says. Seen live with 1.18.33.

Its loader takes a default export `{id, server}`. A named export beside a default one guards nothing, silently.
"""

from __future__ import annotations

from safeshell.hooks.wiring.agent import DIRECTORY, LINE, Agent, Location, Place, WholeFile

_TEXT = """\
// Written by `safeshell hook install opencode`; `safeshell hook uninstall opencode` removes it.
import { spawn } from "node:child_process";

const HOOK = $PROGRAM;

// Resolves to what the hook prints where it lets a line run, nothing or other arguments; all else is an error, which
// keeps OpenCode from running it.
const ask = (request) =>
  new Promise((resolve, reject) => {
    const hook = spawn(HOOK, ["opencode"], { stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    let given = "";
    hook.stdout.setEncoding("utf8");
    hook.stdout.on("data", (text) => (given += text));
    hook.stderr.setEncoding("utf8");
    hook.stderr.on("data", (text) => (said += text));
    hook.on("error", (error) => reject(new Error(`SafeShell's hook can't be run: ${error.message}`)));
    hook.on("close", (status, signal) => {
      if (status === 0) resolve(given);
      else reject(new Error(said.trim() || `SafeShell's hook ended with ${signal ?? status}`));
    });
    hook.stdin.on("error", () => {}); // it has ended, and "close" says how
    hook.stdin.end(JSON.stringify(request));
  });

const server = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    const given = await ask({ tool: input.tool, sessionID: input.sessionID, args: output.args, directory });
    if (given) Object.assign(output.args, JSON.parse(given).args);
  },
});

export default { id: "safeshell", server };
"""

AGENT = Agent(
    name="opencode",
    title="OpenCode",
    programs=("opencode",),
    places=(
        Place(
            user=Location(".config/opencode", "plugins/safeshell.js", variable="XDG_CONFIG_HOME", moved="opencode"),
            project=".opencode/plugins/safeshell.js",
            wiring=WholeFile(_TEXT),
        ),
    ),
    envelope={"tool": "bash", "sessionID": "hook-test", "args": {"command": LINE}, "directory": DIRECTORY},
    opens="",  # whatever goes wrong is thrown
    after="OpenCode reads plugins when it starts, and none with `--pure`",
)
