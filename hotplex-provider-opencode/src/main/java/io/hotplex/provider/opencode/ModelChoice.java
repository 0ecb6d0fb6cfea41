package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.spi.ProtocolSink;
import org.jspecify.annotations.Nullable;

/**
 * Which model is asked. Confined to its protocol's caller.
 *
 * <p>It is named with every prompt as soon as it is known: without a name OpenCode asks the one that was asked last in
 * the conversation, also when that does not exist.
 */
final class ModelChoice {
    private @Nullable String name;
    private @Nullable String told;

    /** @param wanted {@code provider/model}, a model's name alone, or {@code null} for OpenCode's own choice */
    ModelChoice(@Nullable String wanted) {
        name = wanted;
    }

    /** The model, as {@code provider/model} where it is known that well, or {@code null}. */
    @Nullable
    String name() {
        return name;
    }

    /** OpenCode's configuration names a model. */
    void configured(@Nullable String model) {
        if (name == null && model != null && model.contains("/")) {
            name = model;
        }
    }

    /** Whether the model's provider has to be looked up. */
    boolean incomplete() {
        return name != null && !name.contains("/");
    }

    /** The model is this one from here on. */
    void is(String now, ProtocolSink sink) {
        name = now;
        tell(now, sink);
    }

    /** A message names the model that it comes from. */
    void answers(JsonNode info, ProtocolSink sink) {
        String now = nameOf(info);
        if (now != null) {
            name = name == null ? now : name;
            tell(now, sink);
        }
    }

    private void tell(String now, ProtocolSink sink) {
        if (told != null && !told.equals(now)) {
            sink.event(new AgentEvent.ModelChanged(told, now));
        }
        told = now;
    }

    /** {@code provider/model} of a message, or {@code null}. */
    static @Nullable String nameOf(JsonNode info) {
        String provider = OpenCodeJson.text(info, "providerID");
        String model = OpenCodeJson.text(info, "modelID");
        return provider == null || model == null ? null : provider + "/" + model;
    }

    /** Puts it into a prompt. */
    void write(ObjectNode prompt) {
        String now = name;
        if (now != null && now.contains("/")) {
            int slash = now.indexOf('/');
            prompt.putObject("model")
                    .put("providerID", OpenCodeJson.clean(now.substring(0, slash)))
                    .put("modelID", OpenCodeJson.clean(now.substring(slash + 1)));
        }
    }

    /**
     * The full name of a model that OpenCode has, or {@code null}.
     *
     * @param catalog what {@code GET /config/providers} answered
     * @param wanted a full name, or a model's name that only one provider has
     */
    static @Nullable String find(@Nullable JsonNode catalog, String wanted) {
        String found = null;
        for (JsonNode provider : catalog == null ? OpenCodeJson.object() : catalog.path("providers")) {
            String id = OpenCodeJson.text(provider, "id", "");
            JsonNode models = provider.path("models");
            if (wanted.startsWith(id + "/") && models.has(wanted.substring(id.length() + 1))) {
                return wanted;
            }
            if (models.has(wanted)) {
                if (found != null) {
                    return null;
                }
                found = id + "/" + wanted;
            }
        }
        return found;
    }
}
