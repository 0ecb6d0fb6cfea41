package io.hotplex.provider.opencode;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.hotplex.api.spi.AgentLine;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Whom an event is for, read without reading all of it. Immutable.
 *
 * @param type its type; empty when it cannot be told
 * @param sessionId the conversation that it speaks of, or {@code null}
 * @param parentId for {@code session.created} the conversation that began this one, or {@code null}
 * @param directory for the end of an instance its directory, or {@code null}
 */
record EventAddress(
        String type,
        @Nullable String sessionId,
        @Nullable String parentId,
        @Nullable String directory) {
    static EventAddress of(AgentLine line) {
        Reader reader = new Reader();
        try (JsonParser parser = OpenCodeJson.parser(line.bytes(), line.offset(), line.length())) {
            reader.read(parser);
        } catch (IOException e) {
            // what was read before it has to do: a line that was cut ends like this
        }
        return new EventAddress(reader.type, reader.sessionId, reader.parentId, reader.directory);
    }

    private static final class Reader {
        private String type = "";
        private @Nullable String sessionId;
        private @Nullable String parentId;
        private @Nullable String directory;

        void read(JsonParser parser) throws IOException {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    boolean payload = parser.currentName().equals("payload");
                    if (parser.nextToken() == JsonToken.START_OBJECT && payload) {
                        payload(parser);
                    } else {
                        parser.skipChildren();
                    }
                }
            }
        }

        private void payload(JsonParser parser) throws IOException {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (field.equals("type") && value == JsonToken.VALUE_STRING) {
                    type = parser.getText();
                } else if (field.equals("properties") && value == JsonToken.START_OBJECT) {
                    properties(parser);
                } else {
                    parser.skipChildren();
                }
            }
        }

        private void properties(JsonParser parser) throws IOException {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (value == JsonToken.VALUE_STRING && field.equals("sessionID")) {
                    sessionId = parser.getText();
                } else if (value == JsonToken.VALUE_STRING && field.equals("directory")) {
                    directory = parser.getText();
                } else if (value == JsonToken.START_OBJECT && (field.equals("info") || field.equals("part"))) {
                    inner(parser);
                } else {
                    parser.skipChildren();
                }
            }
        }

        /** Of a message or part the conversation, of a conversation who began it. */
        private void inner(JsonParser parser) throws IOException {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (value == JsonToken.VALUE_STRING && field.equals("parentID")) {
                    parentId = parser.getText();
                } else if (value == JsonToken.VALUE_STRING && field.equals("sessionID") && sessionId == null) {
                    sessionId = parser.getText();
                } else {
                    parser.skipChildren();
                }
            }
        }
    }
}
