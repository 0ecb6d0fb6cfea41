package io.hotplex.testkit.provider;

import java.util.List;

/**
 * The agent's side of a protocol, as far as {@link AgentProviderContract} needs it: takes a line, gives the lines that
 * the agent writes then. Not thread-safe.
 *
 * <p>It answers handshakes and commands. A prompt {@value #HANG} is answered when it is interrupted; {@value #ASK} asks
 * for permission first, and ends when that is answered; every other one is answered at once.
 */
@FunctionalInterface
public interface AgentPeer {
    /** A prompt that is not answered before it is interrupted. */
    String HANG = "contract: hang";

    /** A prompt that needs a permission. */
    String ASK = "contract: ask";

    /**
     * Takes one line.
     *
     * @param line what the protocol sent, without the line end
     * @return the lines that the agent writes then, in order
     */
    List<String> take(String line);
}
