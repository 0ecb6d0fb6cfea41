package io.hotplex.os;

import io.hotplex.api.spi.Executables;
import io.hotplex.api.spi.ProcessLauncher.Probe;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Process groups without native code: a wrapper program makes the group and becomes the agent, and a shell's
 * {@code kill} signals it. Immutable.
 *
 * <p>A wrapper needs a moment to make the group; until then there is only the process to signal. Where there is no
 * wrapper, ending a process ends the descendants that can be seen at that time.
 *
 * @param wrapper put before the command; empty when there is none
 */
record PortableGroup(List<String> wrapper) {
    private static final Logger log = LoggerFactory.getLogger(PortableGroup.class);
    private static final String STANDARD_PATH = "/usr/bin:/bin:/usr/sbin:/sbin";
    static final String PERL_GROUP = "setpgrp(0,0);exec{$ARGV[0]}@ARGV or exit 127";
    /** Parameter 0 is the signal, the others are groups. A shell's own kill is there even where no program kill is. */
    private static final String KILL_SCRIPT = "r=0; for g; do kill -s \"$0\" -- \"-$g\" || r=1; done; exit $r";

    private static final long KILL_LIMIT_SECONDS = 5;

    PortableGroup {
        wrapper = List.copyOf(wrapper);
    }

    /** Chooses the wrapper that this machine has. */
    static PortableGroup find() {
        return Executables.find("setsid", STANDARD_PATH)
                .map(setsid -> new PortableGroup(List.of(setsid.toString())))
                .or(() -> Executables.find("perl", STANDARD_PATH)
                        .map(perl -> new PortableGroup(List.of(perl.toString(), "-e", PERL_GROUP))))
                .orElseGet(() -> new PortableGroup(List.of()));
    }

    Probe probe() {
        return wrapper.isEmpty()
                ? new Probe(
                        "process-group",
                        false,
                        "neither setsid nor perl: descendants that detach themselves outlive their agent")
                : new Probe("process-group", true, wrapper.get(0));
    }

    /** The command line that runs a command in a group of its own, with the same pid. */
    List<String> wrap(List<String> command) {
        return Stream.concat(wrapper.stream(), command.stream()).toList();
    }

    /**
     * Asks all members to end. Blocks for a few milliseconds.
     *
     * @param group the group that the process is in, or that of its agent
     */
    void terminate(Process process, long group) {
        if (!signal("TERM", List.of(group))) {
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroy();
        }
    }

    /** Ends all members, also when the leader has ended. Blocks for a few milliseconds. */
    void kill(List<Process> processes) {
        List<ProcessHandle> seen = wrapper.isEmpty()
                ? processes.stream().flatMap(Process::descendants).toList()
                : List.of();
        signal("KILL", processes.stream().map(Process::pid).toList());
        processes.forEach(Process::destroyForcibly); // in case that there is no group yet
        seen.forEach(ProcessHandle::destroyForcibly);
    }

    /** Ends a group that an earlier JVM made. Blocks for a few milliseconds. */
    void killStale(int leader) {
        signal("KILL", List.of((long) leader));
    }

    /** @return whether all groups got the signal */
    private boolean signal(String signal, List<Long> groups) {
        if (wrapper.isEmpty() || groups.isEmpty()) {
            return false;
        }
        List<String> command = new ArrayList<>(List.of(StartPlan.SHELL, "-c", KILL_SCRIPT, signal));
        groups.forEach(group -> command.add(Long.toString(group)));
        try {
            Process kill = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            kill.getOutputStream().close();
            return kill.waitFor(KILL_LIMIT_SECONDS, TimeUnit.SECONDS) && kill.exitValue() == 0;
        } catch (IOException e) {
            log.warn("cannot run {} to signal process groups", StartPlan.SHELL, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }
}
