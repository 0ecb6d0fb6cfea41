package io.hotplex.api;

/**
 * Stable name of what went wrong. Wire protocols and metrics use {@link #name()}; the text of an error may change, its
 * code does not.
 */
public enum ErrorCode {
    /** An argument is malformed; the message names it. */
    INVALID_ARGUMENT(false),
    /** A configuration key is unknown or its value cannot be read; the message names the key. */
    CONFIG_INVALID(false),
    /** Options were given that exclude each other; the message names both. */
    OPTIONS_CONFLICT(false),
    /** The session id is empty, too long or has characters that are not allowed. */
    SESSION_ID_INVALID(false),
    /** No session has this id. */
    SESSION_NOT_FOUND(false),
    /** The session exists already with another specification. */
    SESSION_CONFLICT(false),
    /** Another engine, in this or another JVM, runs an agent for this session. */
    SESSION_IN_USE(true),
    /** The session was closed. */
    SESSION_CLOSED(false),
    /** The engine, or one owner, has as many sessions as it may have. */
    SESSION_LIMIT(true),
    /** The prompt has neither text nor attachment. */
    PROMPT_EMPTY(false),
    /** The prompt is larger than {@code prompt-max-bytes}. */
    PROMPT_TOO_LARGE(false),
    /** The guard blocked the prompt; the agent never saw it. */
    PROMPT_BLOCKED(false),
    /** The session's turn queue is full. */
    QUEUE_FULL(true),
    /** No turn of the session has this id, or it ended so long ago that it was forgotten. */
    TURN_NOT_FOUND(false),
    /** The working directory does not exist. */
    WORK_DIR_NOT_FOUND(false),
    /** The working directory is a file. */
    WORK_DIR_NOT_A_DIRECTORY(false),
    /** The working directory is relative. */
    WORK_DIR_NOT_ABSOLUTE(false),
    /** The working directory lies, after resolving links, outside of the allowed roots. */
    WORK_DIR_FORBIDDEN(false),
    /** No provider has this name; the message lists those that exist. */
    PROVIDER_UNKNOWN(false),
    /** The provider is known, but disabled or its agent is not installed. */
    PROVIDER_UNAVAILABLE(false),
    /** The agent or this provider cannot do what was asked. */
    NOT_SUPPORTED(false),
    /** No free process slot came up within the admission wait; the message carries the pool's snapshot. */
    POOL_EXHAUSTED(true),
    /** The engine is closed or closing. */
    ENGINE_CLOSED(false),
    /** The engine ended while the turn ran; the agent may have done a part of it. */
    ENGINE_RESTARTED(true),
    /** Another process uses the journal. */
    STATE_IN_USE(true),
    /** The journal cannot be read or written at the moment, for example because the disk is full. */
    JOURNAL_UNAVAILABLE(true),
    /** The journal was written by a newer version. */
    JOURNAL_INCOMPATIBLE(false),
    /** The agent's process could not be started. */
    AGENT_START_FAILED(true),
    /**
     * The confinement or a limit that was asked for cannot be had on this machine; the message says what to install.
     */
    CONFINEMENT_UNAVAILABLE(false),
    /** The agent's process did not get ready in time. */
    AGENT_START_TIMEOUT(true),
    /** The agent's process ended, or closed its output, while it owed an answer. */
    AGENT_CRASHED(true),
    /** The kernel killed the agent because its memory limit was reached. */
    AGENT_OUT_OF_MEMORY(true),
    /** The agent crashed too often in a row; starts are suspended for a while. */
    AGENT_CRASH_LOOP(true),
    /** The agent broke its protocol, for example by not reading its input. */
    AGENT_PROTOCOL(true),
    /** The agent's vendor rejected the credentials. */
    AUTHENTICATION_FAILED(false),
    /** The agent's vendor does not know the model. */
    MODEL_NOT_FOUND(false),
    /** The agent's vendor limits the rate of requests. */
    RATE_LIMITED(true),
    /** The agent's vendor is overloaded or failing. */
    VENDOR_UNAVAILABLE(true),
    /** The agent's vendor refused the request as invalid or too large. */
    VENDOR_REJECTED(false),
    /** The model declined to answer. */
    MODEL_REFUSED(false),
    /** The agent reached its own limit of steps, budget or retries. */
    AGENT_LIMIT(false),
    /** The agent reported a failure that has no code of its own. */
    AGENT_ERROR(true),
    /** The agent said nothing within the first-output timeout. */
    FIRST_OUTPUT_TIMEOUT(true),
    /** The turn did not end within its timeout. */
    TURN_TIMEOUT(true),
    /** No pending permission or question has this id. */
    REQUEST_NOT_FOUND(false),
    /** The permission or question was answered or withdrawn before. */
    REQUEST_ALREADY_ANSWERED(false),
    /** The gateway got no key, or one that it does not know. */
    UNAUTHENTICATED(false),
    /** The key may not do this, or the request comes from where it may not come from; the message says which. */
    FORBIDDEN(false),
    /** The gateway has nothing at this path. */
    ROUTE_NOT_FOUND(false),
    /** The gateway has this path, but not with this method. */
    METHOD_NOT_ALLOWED(false),
    /** The body of a request is not of a type that the gateway takes. */
    MEDIA_TYPE_UNSUPPORTED(false),
    /** A request, or a message of a connection, is larger than the gateway takes. */
    REQUEST_TOO_LARGE(false),
    /** A request did not arrive in time. */
    REQUEST_TIMEOUT(true),
    /** A key or an address sends more requests, or has more sessions, turns or connections than it may have. */
    TOO_MANY_REQUESTS(true),
    /** The gateway has more to do than it can hold, or is stopping. */
    SERVER_UNAVAILABLE(true),
    /** A defect in HotPlex or in an extension. */
    INTERNAL(false);

    private final boolean retryable;

    ErrorCode(boolean retryable) {
        this.retryable = retryable;
    }

    /** Whether the same request may succeed later without being changed. */
    public boolean retryable() {
        return retryable;
    }
}
