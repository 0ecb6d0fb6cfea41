package io.hotplex.os;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds marked processes with {@code ps}, for macOS, which has no {@code /proc}: by the variable alone, and only where
 * the system shows an environment (it hides those of its own programs). Confined to one thread.
 */
final class PsProcesses implements MarkedProcesses {
    /** Process id, group, state, then the command line with the environment behind it. */
    static final List<String> MACOS = List.of("/bin/ps", "-axwwE", "-o", "pid=,pgid=,stat=,command=");

    private static final Logger log = LoggerFactory.getLogger(PsProcesses.class);
    private static final Pattern LINE = Pattern.compile("\\s*(\\d{1,9})\\s+(\\d{1,9})\\s+(\\S+)\\s.*");

    private final List<String> command;
    private final Pattern mark;
    private final long self = ProcessHandle.current().pid();

    PsProcesses(RunMarker marker, List<String> command) {
        this.command = List.copyOf(command);
        this.mark = Pattern.compile(" " + marker.variable() + "=(\\d{1,18})(?: |$)");
    }

    @Override
    public List<Marked> find(long notBefore) {
        List<Marked> found = new ArrayList<>();
        try {
            Process ps = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            ps.getOutputStream().close();
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(ps.getInputStream(), StandardCharsets.ISO_8859_1))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    add(line, found);
                }
            }
        } catch (IOException e) {
            log.warn("cannot run {} to look for processes that left their group", command.get(0), e);
        }
        return found;
    }

    private void add(String line, List<Marked> found) {
        Matcher marked = mark.matcher(line);
        Matcher fields = LINE.matcher(line);
        if (marked.find() && fields.matches() && !fields.group(3).startsWith("Z")) {
            int pid = Integer.parseInt(fields.group(1));
            if (pid != self) {
                long child = Long.parseLong(marked.group(1));
                found.add(new Marked(pid, 0, Integer.parseInt(fields.group(2)), child, true));
            }
        }
    }

    @Override
    public boolean kill(Marked process) {
        return ProcessHandle.of(process.pid())
                .map(ProcessHandle::destroyForcibly)
                .orElse(false);
    }
}
