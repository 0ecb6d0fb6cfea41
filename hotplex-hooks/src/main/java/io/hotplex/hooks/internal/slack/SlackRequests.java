package io.hotplex.hooks.internal.slack;

import io.hotplex.api.Approver;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.EventHookFactory.Surroundings;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.hooks.internal.delivery.HookJson;
import io.hotplex.hooks.internal.http.Secret;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Reads what Slack sends when somebody presses a button. It is believed if it is signed with the secret that Slack and
 * we share, within five minutes, and by a user who may answer. Immutable.
 */
public final class SlackRequests {
    /** As Slack advises: what is older may be a repetition by somebody who listened. */
    private static final Duration WINDOW = Duration.ofMinutes(5);

    private static final String VERSION = "v0";
    private static final String PAYLOAD = "payload=";

    private final Secret secret;
    private final Map<String, String> approvers;

    private SlackRequests(Secret secret, Map<String, String> approvers) {
        this.secret = secret;
        this.approvers = Map.copyOf(approvers);
    }

    /**
     * What a hook's settings say of it, or {@code null} when answers do not come from Slack.
     *
     * @throws HotPlexException CONFIG_INVALID
     */
    public static @Nullable SlackRequests of(HookConfig config, Surroundings surroundings) {
        Map<String, String> approvers = new LinkedHashMap<>();
        for (String pair : config.list("approvers", "")) {
            int equals = pair.indexOf('=');
            if (equals < 1 || equals == pair.length() - 1) {
                throw config.invalid(
                        "approvers", "Slack's ids of users and whose sessions they decide on: U012=ann, U345=*");
            }
            approvers.put(
                    pair.substring(0, equals).strip(),
                    pair.substring(equals + 1).strip());
        }
        Secret secret = Secret.of(config, "signing-secret", surroundings);
        if (secret == null && !approvers.isEmpty()) {
            throw config.invalid("approvers", "signing-secret-env or signing-secret-file as well");
        }
        return secret == null ? null : new SlackRequests(secret, approvers);
    }

    /** What somebody decided. */
    public record Decision(String session, String request, boolean allow, Approver approver) {}

    /**
     * @param timestamp of the header {@code X-Slack-Request-Timestamp}
     * @param signature of the header {@code X-Slack-Signature}
     * @throws HotPlexException UNAUTHENTICATED when it is not from Slack, or too old; FORBIDDEN when the user may not
     *     answer; INVALID_ARGUMENT when it is no answer
     */
    public Decision read(@Nullable String timestamp, @Nullable String signature, byte[] body, Clock clock) {
        verify(timestamp, signature, body, clock);
        String form = new String(body, StandardCharsets.UTF_8);
        if (!form.startsWith(PAYLOAD)) {
            throw malformed();
        }
        try {
            String json = URLDecoder.decode(form.substring(PAYLOAD.length()), StandardCharsets.UTF_8);
            return decision(HookJson.read(json.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException | IllegalArgumentException e) {
            throw malformed();
        }
    }

    private Decision decision(Map<String, @Nullable Object> payload) {
        if (!"block_actions".equals(payload.get("type"))
                || !(payload.get("user") instanceof Map<?, ?> user)
                || !(user.get("id") instanceof String id)
                || !(payload.get("actions") instanceof List<?> actions)
                || actions.size() != 1
                || !(actions.get(0) instanceof Map<?, ?> action)
                || !(action.get("value") instanceof String value)
                || value.indexOf(' ') < 1) {
            throw malformed();
        }
        String owner = approvers.get(id);
        if (owner == null) {
            throw new HotPlexException(
                    ErrorCode.FORBIDDEN, "the Slack user " + id + " may not answer (see approvers of the hook)");
        }
        Object kind = action.get("action_id");
        if (!"allow".equals(kind) && !"deny".equals(kind)) {
            throw malformed();
        }
        Object name = user.get("username");
        int space = value.indexOf(' ');
        return new Decision(
                value.substring(0, space),
                value.substring(space + 1),
                "allow".equals(kind),
                new Approver(name instanceof String known && !known.isBlank() ? known : id, "slack", owner));
    }

    /** What a button carries; ids of sessions have no spaces. */
    static String value(String session, String request) {
        return session + " " + request;
    }

    private void verify(@Nullable String timestamp, @Nullable String signature, byte[] body, Clock clock) {
        if (timestamp == null || signature == null || !timestamp.matches("[0-9]{1,12}")) {
            throw unsigned("is not signed");
        }
        long age = clock.instant().getEpochSecond() - Long.parseLong(timestamp);
        String wanted = VERSION + "=" + sign(secret.value(), timestamp, body);
        boolean same = MessageDigest.isEqual(
                wanted.getBytes(StandardCharsets.US_ASCII), signature.getBytes(StandardCharsets.UTF_8));
        if (!same) {
            throw unsigned("has a wrong signature");
        }
        if (Math.abs(age) > WINDOW.toSeconds()) {
            throw unsigned("is older than " + WINDOW.toMinutes() + " minutes, or from the future");
        }
    }

    static String sign(String secret, String timestamp, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            mac.update((VERSION + ":" + timestamp + ":").getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }

    private static HotPlexException unsigned(String what) {
        return new HotPlexException(
                ErrorCode.UNAUTHENTICATED, "the request " + what + " (expected: one from Slack, for this hook's app)");
    }

    private static HotPlexException malformed() {
        return new HotPlexException(
                ErrorCode.INVALID_ARGUMENT, "this is no answer to a permission request (expected: one of our buttons)");
    }
}
