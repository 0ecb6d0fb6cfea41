package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which turn runs, and whether it is over. Confined to its protocol's caller.
 *
 * <p>A turn is what answers one message of the user: one message of the assistant for each step of the model, all with
 * the prompt's id as their parent. OpenCode says <em>idle</em> more than once, also before the last message is
 * complete, and may say so late, when the next prompt is there already. So a turn is over when its prompt was
 * announced, the session is idle since then, and the newest of its messages is complete; {@code busy} takes back an
 * idle. Where the model could not even be asked there is an error and no message.
 *
 * <p>OpenCode adds messages of the user by itself, to go on after it shortened the conversation; those that come while
 * a turn runs belong to it. Somebody else may prompt the same conversation; that is a turn that nobody here asked for.
 */
final class TurnTracker {
    /** How many messages of the user are known again when OpenCode speaks of them late. */
    private static final int REMEMBERED = 1024;

    private final Map<String, Boolean> seen = new Bounded<>(REMEMBERED);
    private final Set<String> prompts = new HashSet<>();
    private @Nullable String turnId;
    private @Nullable String promptId;
    private boolean announced;
    private boolean idle;
    private boolean interrupting;
    private @Nullable JsonNode error;
    private @Nullable String newest;
    private @Nullable JsonNode newestInfo;

    /** A prompt of ours is handed over. */
    void prompt(String turn, String messageId) {
        begin(messageId);
        turnId = turn;
    }

    private void begin(String messageId) {
        prompts.clear();
        prompts.add(messageId);
        seen.put(messageId, true);
        promptId = messageId;
        turnId = null;
        announced = false;
        idle = false;
        interrupting = false;
        error = null;
        newest = null;
        newestInfo = null;
    }

    /** Whether a turn runs, asked for or not. */
    boolean running() {
        return promptId != null;
    }

    /** The turn that runs, or {@code null} for none, and for one that nobody here asked for. */
    @Nullable
    String turnId() {
        return turnId;
    }

    /** A message of the user is in the conversation. */
    void user(String id) {
        if (promptId == null) {
            return;
        }
        if (id.equals(promptId)) {
            announced = true;
        } else if (!seen.containsKey(id) && id.compareTo(promptId) > 0) {
            seen.put(id, true);
            prompts.add(id);
        }
    }

    /** Whether a message of the assistant belongs to the turn that runs. */
    boolean owns(@Nullable String parentId) {
        return parentId != null && prompts.contains(parentId);
    }

    /** A message of the assistant begins to answer something; returns whether that is a turn nobody here asked for. */
    boolean foreign(@Nullable String parentId, boolean complete) {
        if (promptId != null || parentId == null || complete || seen.containsKey(parentId)) {
            return false;
        }
        begin(parentId);
        announced = true;
        return true;
    }

    /** A message of the turn came, or more of it. */
    void assistant(String id, JsonNode info) {
        if (newest == null || id.compareTo(newest) >= 0) {
            newest = id;
            newestInfo = info;
        }
    }

    /** The session works. */
    void busy() {
        idle = false;
    }

    /** The session does nothing. */
    void idle() {
        idle = announced;
    }

    /** Something failed that is no message's own. */
    void failed(JsonNode what) {
        if (announced && error == null) {
            error = what;
            idle = false; // one that counts comes behind it
        }
    }

    /** The turn is to end. */
    void interrupt() {
        interrupting = true;
    }

    boolean interrupting() {
        return interrupting;
    }

    /** The newest message of the turn, or {@code null}. */
    @Nullable
    String newest() {
        return newest;
    }

    /** What the newest message of the turn says of itself, or {@code null}. */
    @Nullable
    JsonNode newestInfo() {
        return newestInfo;
    }

    /** Why the turn failed, or {@code null}. */
    @Nullable
    JsonNode error() {
        JsonNode own = newestInfo == null ? null : newestInfo.get("error");
        return own != null && own.isObject() ? own : newest == null ? error : null;
    }

    /** Whether the turn is over. */
    boolean over() {
        if (promptId == null || !idle) {
            return false;
        }
        return newestInfo == null
                ? error != null || interrupting
                : newestInfo.path("time").path("completed").isNumber();
    }

    /** The turn's end was told. */
    void ended() {
        promptId = null;
        turnId = null;
    }
}
