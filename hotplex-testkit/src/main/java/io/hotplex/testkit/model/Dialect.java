package io.hotplex.testkit.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Set;

/** How one vendor's API words what all of them have: the question, the reply, the error. Stateless. */
interface Dialect {
    /** The names of the tools that a request offers, in its order. */
    Set<String> offeredTools(JsonNode body);

    /** What a request asks. */
    AskedConversation asked(JsonNode body);

    /** The body of an error. */
    ObjectNode error(int status, String message);

    /** One reply, about to be written. */
    Reply reply(Answer answer, Script script, ReplyPlan plan, String model, ObjectNode usage, Pauses pauses);

    /** Writes one reply. Confined to the thread that handles the request. */
    interface Reply {
        /** In one piece. */
        void writeWhole() throws IOException;

        /**
         * As a stream of events.
         *
         * @throws IOException when the client went away, and after the connection was to be cut: the server then closes
         *     the connection without ending the answer
         */
        void stream() throws IOException, InterruptedException;
    }
}
