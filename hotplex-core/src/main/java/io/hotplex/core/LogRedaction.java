package io.hotplex.core;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.core.internal.redact.Redaction;
import io.hotplex.core.internal.redact.Secrets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes secrets out of what a program logs: the values that it was told of, and what looks like a token. An engine that
 * it was given to tells it what it knows: its own secrets, and those in the environments of agents.
 *
 * <p>Thread-safe; guarded by one short lock, under which a log's text is looked at.
 */
public final class LogRedaction {
    /**
     * Thousands of sessions that each have keys of their own; beyond, what was not learned for longest is forgotten.
     */
    private static final int MOST_OF_AGENTS = 4_096;

    private final ReentrantLock lock = new ReentrantLock();

    /** Of the program itself, which has so many as its configuration says. Never forgotten. */
    @GuardedBy("lock")
    private final Set<String> own = new LinkedHashSet<>();

    /** Of agents; what was learned last comes last. */
    @GuardedBy("lock")
    private final Set<String> ofAgents = new LinkedHashSet<>();

    @GuardedBy("lock")
    private Redaction redaction = new Redaction(Secrets.of(List.of()));

    @GuardedBy("lock")
    private @Nullable IntConsumer counter;

    /** Taken out before anybody counted. */
    @GuardedBy("lock")
    private int uncounted;

    private volatile boolean on = true;

    /** Knows no values yet, and takes out what looks like a token. */
    public LogRedaction() {}

    /** Whether it does anything; at first it does. */
    public void enabled(boolean value) {
        on = value;
    }

    /** Learns values of the program that must not be shown. */
    public void learn(Collection<String> secrets) {
        lock.lock();
        try {
            if (own.addAll(secrets)) {
                ofAgents.removeAll(own);
                renew();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Learns the values of those of the program's variables whose names say that they are secret. */
    public void learn(Map<String, String> environment) {
        learn(secrets(environment));
    }

    /** Learns those of an agent's variables, until thousands of others were learned after them. */
    public void learnOfAgent(Map<String, String> environment) {
        lock.lock();
        try {
            boolean more = false;
            for (String secret : secrets(environment)) {
                if (!own.contains(secret)) {
                    more |= !ofAgents.remove(secret);
                    ofAgents.add(secret);
                }
            }
            if (more) {
                for (var oldest = ofAgents.iterator(); ofAgents.size() > MOST_OF_AGENTS; ) {
                    oldest.next();
                    oldest.remove();
                }
                renew();
            }
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void renew() {
        List<String> all = new ArrayList<>(own);
        all.addAll(ofAgents);
        redaction = new Redaction(Secrets.of(all));
    }

    private static List<String> secrets(Map<String, String> environment) {
        return environment.entrySet().stream()
                .filter(variable -> Secrets.isSecret(variable.getKey()))
                .map(Map.Entry::getValue)
                .toList();
    }

    /** Hears from now on how many secrets were taken out, and of those before at once. Must be quick. */
    public void counted(IntConsumer value) {
        lock.lock();
        try {
            counter = value;
            value.accept(uncounted);
            uncounted = 0;
        } finally {
            lock.unlock();
        }
    }

    /** The text without secrets; the same object when it has none. */
    public String text(String text) {
        if (!on) {
            return text;
        }
        lock.lock();
        try {
            String shown = redaction.text(text);
            count(redaction.taken());
            return shown;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void count(int taken) {
        if (counter == null) {
            uncounted += taken;
        } else if (taken > 0) {
            counter.accept(taken);
        }
    }
}
