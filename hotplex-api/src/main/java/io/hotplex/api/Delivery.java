package io.hotplex.api;

/** What happens to a prompt that arrives while a turn runs. */
public enum Delivery {
    /** It waits for its turn. */
    QUEUE,
    /** It is handed to the agent at once, to be taken into the running turn; an agent that cannot do so queues it. */
    STEER,
    /** The running turn and all waiting ones are cancelled, then it runs. */
    INTERRUPT
}
