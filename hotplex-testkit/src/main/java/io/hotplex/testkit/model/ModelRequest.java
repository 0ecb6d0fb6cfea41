package io.hotplex.testkit.model;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A request that the {@link FakeModelServer} got. Immutable.
 *
 * @param sequence 1, 2, 3 … per server
 * @param method the HTTP method
 * @param path the path with its query
 * @param status the status of the answer; 0 while there is none
 * @param model the model that was asked for, or empty
 * @param stream whether the answer was to be streamed
 * @param prompt the first 200 characters of what a person typed, or empty
 * @param tools the names of the tools that were offered
 * @param headers by lower-case name; credentials are masked
 * @param bytes the size of the body
 * @param body the body, when the server was told to keep bodies
 * @param took from the last byte of the request to the last byte of the answer; zero while it is being answered
 * @param aborted whether the client went away before the answer was complete
 */
public record ModelRequest(
        long sequence,
        String method,
        String path,
        int status,
        String model,
        boolean stream,
        String prompt,
        List<String> tools,
        Map<String, String> headers,
        long bytes,
        Optional<String> body,
        Duration took,
        boolean aborted) {
    /** Copies the collections. */
    public ModelRequest {
        tools = List.copyOf(tools);
        headers = Map.copyOf(headers);
    }
}
