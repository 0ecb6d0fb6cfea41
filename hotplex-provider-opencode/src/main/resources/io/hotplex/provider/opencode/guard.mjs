// Makes OpenCode ask about every command of its shell. It asks about the programs in a command, so it does not about
// one in which it finds none: "> file", or "declare -i x='a[$(program)]'", which runs one all the same.
const WORD = "[A-Za-z0-9_./-]+(?=\\s+[^\\s(]|\\s*[;&|]|\\s*$)"
const PLAIN = new RegExp(
  "^\\s*" +
    "(?:cd\\s+[A-Za-z0-9_./~-]+\\s*&&\\s*)?" +
    "(?:[A-Za-z_][A-Za-z0-9_]*=[A-Za-z0-9_./:-]*\\s+)*" +
    "(?!(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|select|function|coproc|time|in|declare|typeset|export" +
    "|readonly|local|unset|unsetenv|let|cd|chdir|pushd|popd)\\b)" +
    WORD,
)

export const HotPlexGuard = async () => ({
  // shows that this is loaded; models are not told of it
  tool: {
    hotplex_guard: {
      description: "Nothing.",
      args: {},
      execute: async () => "",
    },
  },
  "tool.execute.before": async (call, output) => {
    if (call.tool !== "bash" || typeof output.args?.command !== "string" || PLAIN.test(output.args.command)) return
    if (process.platform === "win32") throw new Error("Begin the command with a program.")
    output.args.command = ":\n" + output.args.command
  },
})
