package io.hotplex.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * An agent that costs next to nothing: a Perl loop in Claude's dialect, which answers a prompt at once with one
 * {@code result} line. What is measured against it is our side of a turn, and both sides of a comparison pay for it.
 */
final class EchoAgent {
    private static final String PROGRAM = """
            #!/usr/bin/perl
            $| = 1;
            my ($id) = map { /^--session-id=(.*)/ ? $1 : () } @ARGV;
            $id = '' unless defined $id;
            my $result = '{"type":"result","subtype":"success","is_error":false,"duration_ms":1,"num_turns":1,'
                . '"result":"ok","stop_reason":"end_turn","session_id":"' . $id . '","total_cost_usd":0,'
                . '"usage":{"input_tokens":1,"output_tokens":1},"permission_denials":[]}' . "\\n";
            while (<STDIN>) {
                if (/"type":"user"/) {
                    print $result;
                } elsif (/"type":"control_request"/ && /"request_id":"([^"]*)"/) {
                    print '{"type":"control_response","response":{"subtype":"success","request_id":"' . $1
                        . '","response":{"version":"0.0.0"}}}' . "\\n";
                }
            }
            """;

    private EchoAgent() {}

    /** Writes the program into a directory and returns its path. */
    static Path write(Path directory) throws IOException {
        Path program = Files.writeString(directory.resolve("echo-agent"), PROGRAM);
        return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    }
}
