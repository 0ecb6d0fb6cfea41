package io.hotplex.testkit.agent;

import java.util.Locale;

/**
 * What the {@link ScriptedAgent} does wrong. On the command line and in prompts the names are in lower case with
 * hyphens, for example {@code half-line-then-exit}.
 *
 * <p>"Argument" is the optional argument of the fault; without one it takes the default that is named. Faults after
 * which the agent goes on are marked (goes on).
 */
public enum Fault {
    /** Nothing: the agent behaves. */
    NONE,
    /** Writes lines that no host knows to standard output. Argument: bytes in all, 16 MiB. (goes on) */
    FLOOD_STDOUT,
    /** Writes lines to standard error. Argument: bytes in all, 16 MiB. (goes on) */
    FLOOD_STDERR,
    /** Writes the first half of a line; then lives on, silent and deaf, even when its input ends. */
    HALF_LINE_THEN_SILENCE,
    /** Writes the first half of a line and exits. Argument: the exit status, 1. */
    HALF_LINE_THEN_EXIT,
    /** Writes a line with bytes that are no UTF-8. (goes on) */
    BAD_UTF8,
    /** Writes one very long line. Argument: its bytes, 65 MiB. (goes on) */
    OVERSIZE_LINE,
    /** Writes lines that are no JSON or not the JSON that is expected. (goes on) */
    GARBAGE,
    /** From here on heeds neither TERM, INT, HUP nor the end of its input; only KILL ends it. (goes on) */
    IGNORE_TERM,
    /**
     * Leaves an orphan behind: same process group, holds standard output and error open, lives ten minutes. Argument: a
     * marker in the orphan's command line, {@code hotplex-orphan}. (goes on)
     */
    GRANDCHILD,
    /** Like {@link #GRANDCHILD}, but the orphan leads a session and a process group of its own. (goes on) */
    SETSID_GRANDCHILD,
    /** Closes standard output and lives on; everything else works. */
    CLOSE_STDOUT,
    /** Closes standard input and lives on. */
    CLOSE_STDIN,
    /** Exits. Argument: the status, 1. At {@link FaultPoint#STARTING} this is an agent that always crashes. */
    EXIT,
    /** Dies by a signal that it sends to itself. Argument: the signal, {@code KILL}. */
    SIGNAL,
    /** From here on neither writes nor does anything, even when its input ends. */
    HANG,
    /** Waits before it goes on. Argument: milliseconds, 2000. (goes on) */
    SLOW_START,
    /** Does not know any session that it is told to resume. The point does not matter. */
    RESUME_FAILS,
    /** Says of any session id that it is taken. The point does not matter. */
    SESSION_TAKEN,
    /** Neither answers interrupts nor heeds them. The point does not matter. */
    IGNORE_INTERRUPT,
    /** From here on reads nothing from its input, so that the pipe fills up; what runs is brought to its end. */
    NEVER_READ,
    /** Has turns that nobody asked for, as after the end of a background task. Argument: how many, 3. (goes on) */
    UNASKED_TURNS;

    /** The name as it stands on the command line. */
    String flag() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Fault of(String flag) {
        return valueOf(flag.toUpperCase(Locale.ROOT).replace('-', '_'));
    }
}
