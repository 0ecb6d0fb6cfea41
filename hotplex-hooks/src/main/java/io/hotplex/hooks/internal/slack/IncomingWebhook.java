package io.hotplex.hooks.internal.slack;

import io.hotplex.hooks.internal.delivery.HookJson;
import io.hotplex.hooks.internal.http.HookClient;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.jspecify.annotations.Nullable;

/** An incoming webhook of Slack: one channel, and messages that stay as they are. */
record IncomingWebhook(HookClient client) implements SlackTarget {
    private static final MediaType JSON = MediaType.get("application/json; charset=utf-8");
    private static final int OK = 200;
    private static final int BAD_REQUEST = 400;

    @Override
    public @Nullable String write(
            String text, List<Map<String, Object>> blocks, @Nullable String thread, @Nullable String replaces)
            throws IOException, SlackException {
        Request request = new Request.Builder()
                .url(client.url())
                .post(RequestBody.create(HookJson.bytes(Map.of("text", text, "blocks", blocks)), JSON))
                .build();
        Optional<SlackException> failure = client.send(request, response -> {
            int status = response.code();
            return status == OK
                    ? Optional.empty()
                    : Optional.of(new SlackException(
                            "Slack answered " + status,
                            HookClient.retryAfter(response.header("Retry-After")),
                            status == BAD_REQUEST ? SlackException.Kind.NEVER : SlackException.Kind.LATER));
        });
        if (failure.isPresent()) {
            throw failure.get();
        }
        return null;
    }

    @Override
    public boolean changes() {
        return false;
    }

    @Override
    public void close() {
        client.close();
    }
}
