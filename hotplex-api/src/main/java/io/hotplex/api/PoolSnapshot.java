package io.hotplex.api;

/**
 * The pool at one moment.
 *
 * @param sessions open sessions, with or without a process
 * @param processes agent processes that live
 * @param starting of those, not ready yet
 * @param busy of those, running a turn
 * @param idle of those, waiting for a prompt
 * @param waiting sessions that wait for a free process slot
 * @param maxProcesses the limit of {@code processes}
 */
public record PoolSnapshot(
        int sessions, int processes, int starting, int busy, int idle, int waiting, int maxProcesses) {}
