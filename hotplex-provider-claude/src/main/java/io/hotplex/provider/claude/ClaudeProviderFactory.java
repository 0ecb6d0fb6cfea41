package io.hotplex.provider.claude;

import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.ProviderConfig;

/**
 * Makes providers of type {@code claude}: Claude Code, kept running and driven over its stream-json protocol. Works
 * with 2.1.197 and later.
 *
 * <p>Settings. What a session's own specification says comes before a setting; denied tools of both count.
 *
 * <table>
 *   <caption>Settings of a provider of type claude</caption>
 *   <tr><th>key</th><th>meaning</th></tr>
 *   <tr><td>{@code command}</td><td>the program, a name or a path; default {@code claude}</td></tr>
 *   <tr><td>{@code command-args}</td><td>arguments in front of ours, for a wrapper such as {@code npx}</td></tr>
 *   <tr><td>{@code model}</td><td>model or alias, in Claude's spelling</td></tr>
 *   <tr><td>{@code permission-mode}</td><td>{@code default}, {@code acceptEdits}, {@code plan}, {@code auto},
 *       {@code dontAsk} or {@code bypassPermissions}; default {@code default}, whatever settings files say</td></tr>
 *   <tr><td>{@code allow-permission-bypass}</td><td>whether {@code bypassPermissions} may be used, from the start or later;
 *       default {@code false}. As root, Claude then starts only in a sandbox, which {@code environment.IS_SANDBOX=1}
 *       declares</td></tr>
 *   <tr><td>{@code tools}</td><td>the tools that exist; empty for none, unset for Claude's own set</td></tr>
 *   <tr><td>{@code allowed-tools}</td><td>tools or patterns that run unasked</td></tr>
 *   <tr><td>{@code disallowed-tools}</td><td>tools or patterns that never run</td></tr>
 *   <tr><td>{@code system-prompt}</td><td>replaces Claude's system prompt</td></tr>
 *   <tr><td>{@code append-system-prompt}</td><td>is added to the system prompt</td></tr>
 *   <tr><td>{@code mcp-config}</td><td>MCP servers, a JSON object or the absolute path of a file with one; it is part of the
 *       command line that every user of the machine can read, so write secrets as <code>${NAME}</code></td></tr>
 *   <tr><td>{@code strict-mcp-config}</td><td>whether only the servers of {@code mcp-config} are used; default
 *       {@code false}</td></tr>
 *   <tr><td>{@code setting-sources}</td><td>which settings files and CLAUDE.md are read; default
 *       {@code user,project,local}, empty for none. <em>{@code project} and {@code local} are files of the work
 *       directory: they run commands as hooks (not where guards look at tool calls), allow tools, and name the server that gets the
 *       API key. Use {@code user} for work directories that you do not trust</em></td></tr>
 *   <tr><td>{@code max-retries}</td><td>how often Claude repeats a failed request to its vendor, 0 to 100; default
 *       Claude's own 10</td></tr>
 *   <tr><td>{@code max-turns}</td><td>steps that a prompt may take, 1 to 10000; default no limit</td></tr>
 *   <tr><td>{@code bare}</td><td>whether hooks, CLAUDE.md, skills and most tools are left out; default
 *       {@code false}</td></tr>
 *   <tr><td>{@code extra-args}</td><td>further arguments as they are; not those that are ours</td></tr>
 *   <tr><td>{@code environment.NAME}</td><td>a variable for the process</td></tr>
 *   <tr><td>{@code inherit}</td><td>further variables to take over; a trailing {@code *} matches a prefix</td></tr>
 *   <tr><td>{@code enabled}</td><td>is for the engine</td></tr>
 * </table>
 */
public final class ClaudeProviderFactory implements AgentProviderFactory {
    /** Made by {@link java.util.ServiceLoader}. */
    public ClaudeProviderFactory() {}

    @Override
    public String type() {
        return "claude";
    }

    @Override
    public AgentProvider create(ProviderConfig config) {
        return new ClaudeProvider(config.name(), ClaudeSettings.of(config), System::getenv);
    }
}
