package io.hotplex.testkit.provider;

import io.hotplex.api.Prompt;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProtocol;
import java.util.List;
import java.util.UUID;

/** Runs a protocol against an {@link AgentPeer}, without a process. Not thread-safe. */
public final class ProtocolDriver {
    /** More rounds than any exchange takes; two sides that talk forever are a defect. */
    private static final int MAX_ROUNDS = 1000;

    private final AgentProtocol protocol;
    private final AgentPeer peer;
    private final RecordingSink sink = new RecordingSink();
    private int delivered;

    /** A driver for a protocol that was not started yet. */
    public ProtocolDriver(AgentProtocol protocol, AgentPeer peer) {
        this.protocol = protocol;
        this.peer = peer;
    }

    /** What the protocol said. */
    public RecordingSink sink() {
        return sink;
    }

    /** The protocol. */
    public AgentProtocol protocol() {
        return protocol;
    }

    /** Starts the protocol and lets both sides talk until neither has more to say. */
    public ProtocolDriver start() {
        protocol.started(sink);
        return settle();
    }

    /** Hands over a prompt; returns its turn's id. */
    public String prompt(String text) {
        String turnId = UUID.randomUUID().toString();
        protocol.prompt(turnId, Prompt.of(text), sink);
        settle();
        return turnId;
    }

    /** Interrupts. */
    public void interrupt() {
        protocol.interrupt(sink);
        settle();
    }

    /** The agent writes a line. */
    public void receive(AgentLine line) {
        protocol.receive(line, sink);
        settle();
    }

    /** Lets both sides talk until neither has more to say. */
    public ProtocolDriver settle() {
        for (int round = 0; round < MAX_ROUNDS; round++) {
            List<String> sent = sink.sent();
            if (delivered == sent.size()) {
                return this;
            }
            for (String line : peer.take(sent.get(delivered++))) {
                protocol.receive(AgentLine.of(line), sink);
            }
        }
        throw new AssertionError("protocol and agent talk without end");
    }
}
