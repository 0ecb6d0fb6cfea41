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
    /** Thousands of sessions that each have keys of their own; beyond, what was learned first is forgotten. */
    private static final int MOST_VALUES = 4_096;

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Set<String> values = new LinkedHashSet<>();

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

    /** Learns values that must not be shown. */
    public void learn(Collection<String> secrets) {
        lock.lock();
        try {
            if (values.addAll(secrets)) {
                for (var oldest = values.iterator(); values.size() > MOST_VALUES; ) {
                    oldest.next();
                    oldest.remove();
                }
                redaction = new Redaction(Secrets.of(List.copyOf(values)));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Learns the values of those variables whose names say that they are secret. */
    public void learn(Map<String, String> environment) {
        List<String> secrets = new ArrayList<>();
        environment.forEach((name, value) -> {
            if (Secrets.isSecret(name)) {
                secrets.add(value);
            }
        });
        learn(secrets);
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
