package io.hotplex.api;

import java.util.Objects;

/**
 * Something that goes with a prompt, for example an image.
 *
 * @param name a file name for people; may be empty
 * @param mediaType RFC 6838 type, for example {@code image/png}
 * @param data the bytes; the array is copied in and out
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out
public record Attachment(String name, String mediaType, byte[] data) {
    public Attachment {
        Objects.requireNonNull(name, "name");
        if (!mediaType.matches("[\\w.+-]+/[\\w.+-]+")) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, "mediaType: '" + mediaType + "' (expected: type/subtype)");
        }
        data = data.clone();
    }

    @Override
    public byte[] data() {
        return data.clone();
    }

    /** Size of the data in bytes. */
    public int size() {
        return data.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Attachment a
                && name.equals(a.name)
                && mediaType.equals(a.mediaType)
                && java.util.Arrays.equals(data, a.data);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, mediaType, java.util.Arrays.hashCode(data));
    }

    @Override
    public String toString() {
        return "Attachment[" + name + ", " + mediaType + ", " + data.length + " bytes]";
    }
}
