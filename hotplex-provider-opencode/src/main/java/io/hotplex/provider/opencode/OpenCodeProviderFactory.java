package io.hotplex.provider.opencode;

import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.ProviderConfig;

/**
 * Makes providers of type {@code opencode}: OpenCode, one server process for many sessions. Works with 1.18.33.
 *
 * <p>Settings. What a session's own specification says comes before a setting; denied tools of both count.
 *
 * <table>
 *   <caption>Settings of a provider of type opencode</caption>
 *   <tr><th>key</th><th>meaning</th></tr>
 *   <tr><td>{@code command}</td><td>the program, a name or a path; default {@code opencode}</td></tr>
 *   <tr><td>{@code command-args}</td><td>arguments in front of ours, for a wrapper such as {@code npx}</td></tr>
 *   <tr><td>{@code process}</td><td>{@code shared} (the default): sessions of one owner with the same environment and
 *       permissions share a server; {@code per-session}: each has one for itself, as each that is confined or limited
 *       always has</td></tr>
 *   <tr><td>{@code server-idle}</td><td>how long a server lives that no session uses; default {@code 1m}</td></tr>
 *   <tr><td>{@code recycle-turns}</td><td>after how many turns a server is replaced, as soon as its sessions do nothing;
 *       default 1000, 0 for never</td></tr>
 *   <tr><td>{@code recycle-memory-mb}</td><td>above how many megabytes, with all that it started, a server is replaced;
 *       looked at when a turn ends; default 1500, 0 for never</td></tr>
 *   <tr><td>{@code model}</td><td>{@code provider/model}, or a model's name that only one provider has; default what
 *       OpenCode's configuration says</td></tr>
 *   <tr><td>{@code agent}</td><td>OpenCode's agent, such as {@code build} or {@code plan}; default what its configuration
 *       says</td></tr>
 *   <tr><td>{@code permission-mode}</td><td>{@code ask} (the default): tools ask unless they only read or search;
 *       {@code config}: OpenCode's configuration decides, which by itself lets nearly everything run; {@code allow}:
 *       everything runs unasked</td></tr>
 *   <tr><td>{@code allow-permission-bypass}</td><td>whether {@code allow} may be used; default {@code false}</td></tr>
 *   <tr><td>{@code tools}</td><td>the tools that exist; empty for none, unset for OpenCode's own set</td></tr>
 *   <tr><td>{@code allowed-tools}</td><td>tools that run unasked, as {@code bash} or {@code bash(git log *)}</td></tr>
 *   <tr><td>{@code disallowed-tools}</td><td>tools that never run, in the same form</td></tr>
 *   <tr><td>{@code append-system-prompt}</td><td>is added to the system prompt</td></tr>
 *   <tr><td>{@code snapshots}</td><td>whether OpenCode keeps snapshots of the work directory for its undo, which takes
 *       many processes of git in each turn: {@code off} (the default), {@code on}, or {@code config} for what its
 *       configuration says</td></tr>
 *   <tr><td>{@code environment.NAME}</td><td>a variable for the server</td></tr>
 *   <tr><td>{@code inherit}</td><td>further variables to take over; a trailing {@code *} matches a prefix</td></tr>
 *   <tr><td>{@code enabled}</td><td>is for the engine</td></tr>
 * </table>
 */
public final class OpenCodeProviderFactory implements AgentProviderFactory {
    /** Made by {@link java.util.ServiceLoader}. */
    public OpenCodeProviderFactory() {}

    @Override
    public String type() {
        return "opencode";
    }

    @Override
    public AgentProvider create(ProviderConfig config) {
        return new OpenCodeProvider(
                config.name(), OpenCodeSettings.of(config), System::getenv, System::currentTimeMillis);
    }
}
