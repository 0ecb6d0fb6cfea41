package io.hotplex.hooks.internal.slack;

import io.hotplex.hooks.internal.delivery.HookJson;
import io.hotplex.hooks.internal.http.HookClient;
import io.hotplex.hooks.internal.http.Secret;
import io.hotplex.hooks.internal.slack.SlackTarget.SlackException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.jspecify.annotations.Nullable;

/** Slack's API, with the token of a bot: messages in threads, which can be changed. */
record SlackApi(HookClient client, Secret token, String channel) implements SlackTarget {
    private static final MediaType JSON = MediaType.get("application/json; charset=utf-8");
    private static final int OK = 200;

    /** An answer of Slack has some hundred bytes. */
    private static final int MAX_ANSWER = 64 << 10;

    /** What is wrong with the message, and will be with every repetition. */
    private static final Set<String> FOR_GOOD =
            Set.of("invalid_blocks", "invalid_blocks_format", "msg_too_long", "no_text");

    /** What is wrong with the message that it belongs to. */
    private static final Set<String> ANEW =
            Set.of("message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed");

    /** Slack answered. */
    private record Answer(int status, @Nullable Duration after, Map<String, @Nullable Object> body) {}

    @Override
    public @Nullable String write(
            String text, List<Map<String, Object>> blocks, @Nullable String thread, @Nullable String replaces)
            throws IOException, SlackException {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("channel", channel);
        body.put("text", text);
        body.put("blocks", blocks);
        if (replaces != null) {
            body.put("ts", replaces);
        } else if (thread != null) {
            body.put("thread_ts", thread);
        }
        Answer answer = call(replaces == null ? "chat.postMessage" : "chat.update", body);
        if (answer.status != OK) {
            throw new SlackException("Slack answered " + answer.status, answer.after, Kind.LATER);
        }
        if (!Boolean.TRUE.equals(answer.body.get("ok"))) {
            String error = String.valueOf(answer.body.get("error"));
            throw new SlackException("Slack says " + error, answer.after, kind(error));
        }
        return answer.body.get("ts") instanceof String name ? name : null;
    }

    private static Kind kind(String error) {
        return FOR_GOOD.contains(error) ? Kind.NEVER : ANEW.contains(error) ? Kind.ANEW : Kind.LATER;
    }

    private Answer call(String method, Map<String, Object> body) throws IOException {
        HttpUrl url = client.url().resolve(method);
        if (url == null) {
            throw new IOException("api-url is no base of URLs");
        }
        Request request = new Request.Builder()
                .url(url)
                .header("Authorization", "Bearer " + token.value())
                .post(RequestBody.create(HookJson.bytes(body), JSON))
                .build();
        return client.send(request, response -> {
            Duration after = HookClient.retryAfter(response.header("Retry-After"));
            String text = HookClient.excerpt(response, MAX_ANSWER);
            return new Answer(
                    response.code(),
                    after,
                    response.code() == OK ? HookJson.read(text.getBytes(StandardCharsets.UTF_8)) : Map.of());
        });
    }

    @Override
    public boolean changes() {
        return true;
    }

    @Override
    public void close() {
        client.close();
    }
}
