package io.hotplex.testkit.agent;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An agent that serves prompts from its standard input, one after the other, for as long as the input is open.
 *
 * <p>Two threads. The one that calls {@link #run} reads: it answers control requests at once and hands prompts over.
 * The turn thread runs the turns. They share {@code current} and {@code waiting}, guarded by {@code lock}; a running
 * turn hears of interrupts and answers through its own inbox. No lock is held while a line is written or a
 * {@link Behaviour} called.
 *
 * <p>What arrives while a turn runs waits; all that waits becomes one next turn, or is taken into the running turn
 * behind its next tool call, as the real CLI does it.
 */
final class StreamJsonAgent {
    private final AgentSettings settings;
    private final Conversation conversation;
    private final AgentOutput out;
    private final Wire wire;
    private final Behaviour behaviour;
    private final ControlRequests control;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private @Nullable Turn current;

    @GuardedBy("lock")
    private final Deque<UserPrompt> waiting = new ArrayDeque<>();

    @GuardedBy("lock")
    private boolean lastFailed;

    @GuardedBy("lock")
    private boolean ended;

    /** Touched by the turn thread only. */
    private Usage total = Usage.NONE;

    StreamJsonAgent(
            AgentArguments arguments,
            String sessionId,
            Conversation conversation,
            AgentOutput out,
            Behaviour behaviour) {
        this.settings = new AgentSettings(arguments);
        this.conversation = conversation;
        this.out = out;
        this.wire = new Wire(out, sessionId, arguments.has("include-partial-messages"));
        this.behaviour = behaviour;
        this.control = new ControlRequests(this, settings, wire);
    }

    /** A prompt as it came, with the host's id for it. */
    record UserPrompt(@Nullable String uuid, String text) {}

    AgentSettings settings() {
        return settings;
    }

    Conversation conversation() {
        return conversation;
    }

    AgentOutput out() {
        return out;
    }

    Wire wire() {
        return wire;
    }

    Behaviour behaviour() {
        return behaviour;
    }

    /** Serve until the input ends and every turn is done. The result is the exit status. */
    int run(InputStream in) throws IOException, InterruptedException {
        behaviour.starting(this);
        Thread turns = new Thread(this::runTurns, "turns");
        turns.setDaemon(true);
        turns.start();
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (!line.isBlank() && !accept(line)) {
                    return 1;
                }
                if (control.endRequested()) {
                    return 0;
                }
            }
        }
        return drain();
    }

    /** Whether the agent lives on after this line. */
    private boolean accept(String line) {
        Map<String, @Nullable Object> message;
        try {
            message = Json.parseObject(line);
        } catch (IOException e) {
            System.err.println("Error parsing streaming input line: " + e.getMessage());
            return false;
        }
        switch (Objects.requireNonNullElse(Json.text(message, "type"), "")) {
            case "user" -> {
                return acceptPrompt(message);
            }
            case "control_request" -> {
                control.handle(message);
                behaviour.answered(this);
            }
            case "control_response" -> acceptAnswer(Json.child(message, "response"));
            default -> {
                // keep_alive and whatever a newer host sends
            }
        }
        return true;
    }

    private boolean acceptPrompt(Map<String, @Nullable Object> message) {
        Map<String, @Nullable Object> body = Json.child(message, "message");
        if (!"user".equals(body.get("role"))) {
            System.err.println("Error: Expected message role 'user', got '" + body.get("role") + "'");
            return false;
        }
        UserPrompt prompt = new UserPrompt(Json.text(message, "uuid"), textOf(body.get("content")));
        wire.lifecycle(prompt.uuid(), "queued");
        lock.lock();
        try {
            if (current == null) {
                current = new Turn(this, List.of(prompt));
                changed.signalAll();
            } else {
                waiting.add(prompt);
            }
        } finally {
            lock.unlock();
        }
        behaviour.handedOver(this);
        return true;
    }

    private void acceptAnswer(Map<String, @Nullable Object> response) {
        Turn turn = currentTurn();
        String requestId = Json.text(response, "request_id");
        if (turn != null && requestId != null) {
            String error = "error".equals(response.get("subtype")) ? Json.text(response, "error") : null;
            turn.deliver(new Turn.Answered(requestId, Json.child(response, "response"), error));
        }
    }

    @Nullable
    Turn currentTurn() {
        lock.lock();
        try {
            return current;
        } finally {
            lock.unlock();
        }
    }

    /** What waits, to be taken into the running turn. */
    List<UserPrompt> takeWaiting() {
        lock.lock();
        try {
            List<UserPrompt> taken = List.copyOf(waiting);
            waiting.clear();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /** Take back a prompt that still waits. */
    boolean cancelWaiting(@Nullable String uuid) {
        lock.lock();
        try {
            return uuid != null && waiting.removeIf(prompt -> uuid.equals(prompt.uuid()));
        } finally {
            lock.unlock();
        }
    }

    /** The ids of what waits, as an interrupt's answer names them. */
    List<String> waitingUuids() {
        lock.lock();
        try {
            return waiting.stream()
                    .map(UserPrompt::uuid)
                    .filter(Objects::nonNull)
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /** The tokens of this process with those of one more turn. Called by the turn thread. */
    Usage addToTotal(Usage usage) {
        total = total.plus(usage);
        return total;
    }

    /** Block the calling thread for good. */
    static void park() throws InterruptedException {
        new CountDownLatch(1).await();
    }

    private void runTurns() {
        try {
            for (Turn turn = nextTurn(); turn != null; turn = nextTurn()) {
                boolean failed = turn.run();
                // Before the turn counts as over: the end of the input must not overtake what happens here.
                behaviour.idle(this);
                finish(failed);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable Turn nextTurn() throws InterruptedException {
        lock.lock();
        try {
            while (current == null && !ended) {
                changed.await();
            }
            return current;
        } finally {
            lock.unlock();
        }
    }

    private void finish(boolean failed) {
        lock.lock();
        try {
            lastFailed = failed;
            current = waiting.isEmpty() ? null : new Turn(this, new ArrayList<>(waiting));
            waiting.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Let everything that was accepted end; nobody is left to answer what the turns may ask. */
    private int drain() throws InterruptedException {
        lock.lock();
        try {
            while (current != null) {
                current.deliver(new Turn.NobodyAnswers());
                changed.await();
            }
            ended = true;
            changed.signalAll();
            return lastFailed ? 1 : 0;
        } finally {
            lock.unlock();
        }
    }

    private static String textOf(@Nullable Object content) {
        if (content instanceof String text) {
            return text;
        }
        StringBuilder text = new StringBuilder();
        if (content instanceof List<?> blocks) {
            for (Object block : blocks) {
                String piece = Json.text(Json.asObject(block), "text");
                if (piece != null) {
                    text.append(text.isEmpty() ? "" : "\n").append(piece);
                }
            }
        }
        return text.toString();
    }
}
