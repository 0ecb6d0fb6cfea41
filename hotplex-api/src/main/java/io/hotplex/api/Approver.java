package io.hotplex.api;

import java.util.Objects;

/**
 * A person, or a program that speaks for one, who answers what agents ask.
 *
 * <p>Whoever carries answers from elsewhere, such as a chat or a ticket system, makes one of these after it has made
 * sure who speaks and whose sessions they may decide for, and gives it to {@link Session#answer(String,
 * PermissionAnswer, Approver)}: the one call that all answers come through.
 *
 * @param name who it is where the answer came from, for example a key's name or a chat user
 * @param channel where the answer came from, for example {@code slack}; empty for the gateway's own protocols
 * @param owner whose sessions they may answer for; {@link #EVERYBODY} for all
 */
public record Approver(String name, String channel, String owner) {
    /** An owner that stands for all owners. */
    public static final String EVERYBODY = "*";

    public Approver {
        Objects.requireNonNull(channel, "channel");
        if (name.isBlank() || owner.isBlank()) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "approver: name and owner must not be blank");
        }
    }

    /** @throws HotPlexException FORBIDDEN when the session is somebody else's */
    void check(SessionSpec session) {
        if (!owner.equals(EVERYBODY) && !owner.equals(session.owner())) {
            throw new HotPlexException(
                    ErrorCode.FORBIDDEN,
                    "'" + label() + "' may answer for '" + owner + "', not for this session's owner");
        }
    }

    /** As the record of a decision tells it, for example {@code slack:alice}. */
    public String label() {
        return channel.isEmpty() ? name : channel + ":" + name;
    }
}
