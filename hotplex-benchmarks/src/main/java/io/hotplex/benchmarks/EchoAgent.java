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
            my $delta = '{"type":"stream_event","event":{"type":"content_block_delta","index":0,'
                . '"delta":{"type":"text_delta","text":"word "}},"session_id":"' . $id
                . '","parent_tool_use_id":null,"uuid":"u"}' . "\\n";
            while (<STDIN>) {
                if (/"type":"user"/) {
                    for (1 .. WORDS) {
                        print $delta;
                        select(undef, undef, undef, 0.002);
                    }
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
        return write(directory, 0);
    }

    /**
     * One that says so many words, one every two milliseconds, before it is done: so a turn takes as long as turns do.
     */
    static Path write(Path directory, int words) throws IOException {
        Path program = Files.writeString(
                directory.resolve("echo-agent-" + words), PROGRAM.replace("WORDS", Integer.toString(words)));
        return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    }
}
