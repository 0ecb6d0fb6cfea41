package io.hotplex.hooks.internal.slack;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.HookEvent;
import io.hotplex.hooks.internal.slack.SlackTarget.SlackException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells Slack of turns: each is one message that changes with it, in a thread per session. An incoming webhook, whose
 * messages cannot change, is told of ends that somebody should look at alone.
 *
 * <p>Guarded by its monitor.
 */
final class SlackHook implements EventHook {
    /** Beyond it what came before is not shown of the oldest turn when something more comes of it. */
    private static final int REMEMBERED = 10_000;

    private final SlackTarget target;
    private final boolean buttons;

    @GuardedBy("this")
    private final Map<String, Card> cards = new LinkedHashMap<>();

    /** All but its {@code close} is guarded by this. */
    private final Places places;

    /** @param buttons whether answers come back from Slack */
    SlackHook(SlackTarget target, Places places, boolean buttons) {
        this.target = target;
        this.places = places;
        this.buttons = buttons;
    }

    @Override
    public synchronized Delivery deliver(List<HookEvent> events) {
        Set<String> touched = new LinkedHashSet<>();
        for (HookEvent event : events) {
            String turn = event.record().turnId();
            if (turn != null) {
                card(turn, event).take(event.record());
                touched.add(turn);
            }
        }
        try {
            for (String turn : touched) {
                show(turn);
            }
            for (HookEvent event : events) {
                if (event.record().event() instanceof AgentEvent.SessionClosed closed) {
                    close(event, closed.reason());
                }
            }
            for (String turn : touched) { // not before: what cannot be shown brings the whole batch again
                if (last(events, turn)) {
                    forget(turn);
                }
            }
            return Delivery.DONE;
        } catch (SlackException e) {
            return e.kind() == SlackException.Kind.NEVER ? new Refused(reason(e)) : new Retry(reason(e), e.after());
        } catch (IOException e) {
            return Delivery.retry("no answer: " + e.getClass().getSimpleName());
        }
    }

    private static String reason(SlackException e) {
        return String.valueOf(e.getMessage());
    }

    private static boolean last(List<HookEvent> events, String turn) {
        return events.stream()
                .anyMatch(event ->
                        turn.equals(event.record().turnId()) && event.record().event() instanceof AgentEvent.Terminal);
    }

    @GuardedBy("this")
    private Card card(String turn, HookEvent event) {
        Card card = cards.get(turn);
        if (card == null) {
            card = new Card(event);
            card.message = target.changes() ? places.ofTurn(turn) : null;
            card.resumed = card.message != null; // of a turn that began before a restart
            cards.put(turn, card);
            if (cards.size() > REMEMBERED) {
                cards.remove(cards.keySet().iterator().next());
            }
        }
        return card;
    }

    @GuardedBy("this")
    private void show(String turn) throws IOException, SlackException {
        Card card = cards.get(turn);
        if (card == null || !card.changed) {
            return;
        }
        if (target.changes()) {
            write(turn, card);
        } else if (card.noteworthy()) {
            target.write(card.text(), card.blocks(false), null, null);
        }
        card.changed = false;
    }

    @GuardedBy("this")
    private void forget(String turn) {
        cards.remove(turn);
        if (target.changes()) {
            places.forgetTurn(turn);
        }
    }

    @GuardedBy("this")
    private void write(String turn, Card card) throws IOException, SlackException {
        // requests outlast an engine, and their buttons are in a message whose requests nobody here knows
        boolean apart = buttons && card.resumed && card.endedWithEngine();
        String replaces = apart ? null : card.message;
        String thread = places.ofSession(card.session());
        try {
            if (thread == null && replaces == null) {
                thread = begin(card);
            }
            card.message = target.write(card.text(), card.blocks(buttons), thread, replaces);
        } catch (SlackException e) {
            if (e.kind() == SlackException.Kind.ANEW) { // somebody deleted it, or it is another bot's
                if (replaces == null) {
                    places.forgetSession(card.session());
                } else {
                    card.message = null;
                    places.forgetTurn(turn);
                }
            }
            throw e;
        }
        if (card.message != null) {
            places.turn(turn, card.message);
        }
    }

    /** A session's first message, which the others answer. */
    @GuardedBy("this")
    private @Nullable String begin(Card card) throws IOException, SlackException {
        String thread = head(title(card.session(), card.owner()), null);
        if (thread != null) {
            places.session(card.session(), thread);
        }
        return thread;
    }

    /** The first message of a session that is over says so; one that has its id later is another. */
    @GuardedBy("this")
    private void close(HookEvent event, String reason) throws IOException, SlackException {
        String session = event.record().sessionId();
        String thread = target.changes() ? places.ofSession(session) : null;
        if (thread == null) {
            return; // nothing was told of it, or nothing can be changed
        }
        try {
            head(title(session, event.owner()) + " was closed: " + reason, thread);
        } catch (SlackException e) {
            if (e.kind() != SlackException.Kind.ANEW) {
                throw e;
            } // else somebody deleted it, so that there is nothing to be said any more
        }
        places.forgetSession(session);
    }

    private static String title(String session, String owner) {
        return "Session " + session + " of " + owner;
    }

    @GuardedBy("this")
    private @Nullable String head(String text, @Nullable String replaces) throws IOException, SlackException {
        return target.write(text, List.of(Card.section(Card.escaped(text))), null, replaces);
    }

    @Override
    public void close() {
        target.close();
        places.close();
    }
}
