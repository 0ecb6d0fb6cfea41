package io.hotplex.server.internal.cli;

import io.hotplex.api.ErrorCode;

/** The program's exit codes; they are part of its interface. */
final class ExitCode {
    static final int OK = 0;
    /** The turn ended otherwise than with an answer. */
    static final int FAILED = 1;
    /** The command line, the configuration or the prompt is wrong. */
    static final int USAGE = 2;
    /** This machine cannot do it. */
    static final int NOT_ABLE = 3;
    /** The user interrupted; 128 and the number of the signal, as shells do. */
    static final int INTERRUPTED = 130;
    /** Somebody else told it to end, and it could not do what it was started for; 128 and the number of SIGTERM. */
    static final int TERMINATED = 143;

    private ExitCode() {}

    /** The exit code of a refusal. */
    static int of(ErrorCode code) {
        return switch (code) {
            case INVALID_ARGUMENT,
                    CONFIG_INVALID,
                    OPTIONS_CONFLICT,
                    SESSION_ID_INVALID,
                    PROMPT_EMPTY,
                    PROMPT_TOO_LARGE,
                    WORK_DIR_NOT_FOUND,
                    WORK_DIR_NOT_A_DIRECTORY,
                    WORK_DIR_NOT_ABSOLUTE,
                    WORK_DIR_FORBIDDEN,
                    PROVIDER_UNKNOWN,
                    NOT_SUPPORTED -> USAGE;
            case PROVIDER_UNAVAILABLE -> NOT_ABLE;
            default -> FAILED;
        };
    }
}
