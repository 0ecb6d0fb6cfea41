package io.hotplex.server.internal.cli;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Session;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Answers what the agent asks: by asking the user, one question at a time, or by refusing where nobody can be asked.
 *
 * <p>The queue is guarded by the monitor; the session is called without it. One daemon thread reads lines; a line
 * answers the question that is on the screen then, so one that was withdrawn cannot swallow the next one's answer.
 */
final class Asker {
    /** For the user, and for the agent. */
    private static final String NO_TERMINAL =
            "there is no terminal to ask on: denied (see --allowed-tools, --permission-mode)";

    private static final String NOBODY = "Denied, because nobody can be asked here.";
    private static final String BY = "cli";

    private final Session session;
    private final View view;
    private final @Nullable InputStream terminal;

    @GuardedBy("this")
    private final Deque<Inquiry> waiting = new ArrayDeque<>();

    @GuardedBy("this")
    private boolean reading;

    /** Nothing can be typed any more. */
    @GuardedBy("this")
    private boolean ended;

    /** @param terminal where answers are typed, or {@code null} when nobody is there */
    Asker(Session session, View view, @Nullable InputStream terminal) {
        this.session = session;
        this.view = view;
        this.terminal = terminal;
    }

    /** Looks at an event; quick, never waits for the user. */
    void see(AgentEvent event) {
        if (event instanceof AgentEvent.PermissionRequested request) {
            if (nobody()) {
                view.notice(request.toolName() + " needs a permission, and " + NO_TERMINAL);
                permit(request.requestId(), PermissionAnswer.deny(NOBODY));
            } else {
                add(new Inquiry.Permission(request));
            }
        } else if (event instanceof AgentEvent.QuestionAsked asked) {
            if (nobody() || asked.questions().isEmpty()) {
                view.notice("the agent asks something, and there is no terminal to answer on: declined");
                reply(asked.requestId(), Map.of());
            } else {
                add(new Inquiry.Questions(asked));
            }
        } else if (event instanceof AgentEvent.PermissionResolved resolved) {
            remove(resolved.requestId());
        } else if (event instanceof AgentEvent.QuestionAnswered answered) {
            remove(answered.requestId());
        }
    }

    private synchronized boolean nobody() {
        return terminal == null || ended;
    }

    private void add(Inquiry inquiry) {
        synchronized (this) {
            waiting.add(inquiry);
            if (!reading) {
                reading = true;
                Thread thread = new Thread(this::read, "hotplex-cli-input");
                thread.setDaemon(true);
                thread.start();
            }
            if (waiting.size() > 1) {
                return;
            }
        }
        view.ask(inquiry.text());
    }

    private void remove(String requestId) {
        Inquiry next;
        synchronized (this) {
            Inquiry head = waiting.peek();
            waiting.removeIf(inquiry -> inquiry.requestId().equals(requestId));
            next = waiting.peek();
            if (next == null || next == head) {
                return;
            }
        }
        view.ask(next.text());
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(Objects.requireNonNull(terminal), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                line(line);
            }
        } catch (IOException e) {
            // as at the end of input
        }
        List<Inquiry> left;
        synchronized (this) {
            ended = true;
            left = List.copyOf(waiting);
        }
        for (Inquiry inquiry : left) {
            while (!inquiry.give("", this::permit, this::reply)) {} // an empty line to each of its questions
        }
    }

    private void line(String line) {
        Inquiry head;
        synchronized (this) {
            head = waiting.peek();
        }
        view.typed();
        if (head != null && !head.give(line.strip(), this::permit, this::reply)) {
            view.ask(head.text());
        }
    }

    private void permit(String requestId, PermissionAnswer answer) {
        settle(() -> session.answer(requestId, answer, BY));
    }

    private void reply(String requestId, Map<String, List<String>> answers) {
        settle(() -> session.answerQuestion(requestId, answers, BY));
    }

    private static void settle(Runnable call) {
        try {
            call.run();
        } catch (HotPlexException e) {
            boolean moot = e.code() == ErrorCode.REQUEST_NOT_FOUND || e.code() == ErrorCode.REQUEST_ALREADY_ANSWERED;
            if (!moot) {
                throw e;
            }
        }
    }
}
