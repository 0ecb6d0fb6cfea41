package io.hotplex.server.internal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.spi.ProcessLauncher.Probe;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuaranteeTest {
    private static final List<String> ALL = List.of("cgroup", "pid-namespace", "bubblewrap");

    /** Launcher's findings, configuration, what works here; then how bad it is and what the sentence says. */
    @ParameterizedTest(name = "{0} {1} strict={2} {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                "guardian|none|false|bubblewrap pid-namespace cgroup|OK|Agents are ended with everything they started,"
                        + " also when this JVM is killed; a process that deliberately hides from its markers can escape"
                        + " unless confinement is on: set confinement=bubblewrap.",
                "guardian|none|false|cgroup|OK|Agents are ended with everything they started, also when this JVM is"
                        + " killed; a process that deliberately hides from its markers can escape unless confinement is"
                        + " on: set confinement=cgroup.",
                "guardian|none|false|''|OK|Agents are ended with everything they started, also when this JVM is killed;"
                        + " a process that deliberately hides from its markers can escape unless confinement is on:"
                        + " install the package bubblewrap.",
                "''|none|false|pid-namespace|OK|Agents are ended with everything they started; a process that"
                        + " deliberately hides from its markers can escape unless confinement is on: set"
                        + " confinement=pid-namespace.",
                "!process-group|none|false|''|OK|Agents are ended with those descendants that can be seen; what detaches"
                        + " itself survives unless confinement is on: install the package bubblewrap.",
                "guardian|bubblewrap|false|bubblewrap|OK|Agents are ended with everything they started, whatever it does"
                        + " to get away, also when this JVM is killed; they write to their working directory and their"
                        + " own state alone, which the sessions of a provider share, and do not see the state"
                        + " directory.",
                "guardian|pid-namespace|true|pid-namespace|OK|Agents are ended with everything they started, whatever it"
                        + " does to get away, also when this JVM is killed.",
                "guardian|cgroup|false|cgroup|OK|Agents are ended with everything they started, unless it moves itself to"
                        + " another control group and hides from its markers; when this JVM is killed, what hides from its markers is ended by the next start.",
                "guardian|bubblewrap|true|cgroup|FAIL|No agent can be started: confinement bubblewrap is wanted and does"
                        + " not work here.",
                "guardian|bubblewrap|false|cgroup|WARN|Agents are ended with everything they started, also when this JVM"
                        + " is killed; a process that deliberately hides from its markers can escape unless confinement"
                        + " is on: set confinement=cgroup. Confinement bubblewrap is wanted, but does not work here; the"
                        + " best there is takes its place."
            })
    void followsFromWhatWasFound(
            String launcher, String wanted, boolean strict, String working, Check.Status status, String sentence) {
        List<Probe> found = new ArrayList<>();
        if (!launcher.isEmpty()) {
            found.add(new Probe(launcher.replace("!", ""), !launcher.startsWith("!"), ""));
        }
        List<Probe> confinements = ALL.stream()
                .map(name -> new Probe(name, List.of(working.split(" ", -1)).contains(name), ""))
                .toList();

        Check check = Guarantee.of(wanted, strict, found, confinements);

        assertThat(check.status()).isEqualTo(status);
        assertThat(check.detail()).isEqualTo(sentence);
    }
}
