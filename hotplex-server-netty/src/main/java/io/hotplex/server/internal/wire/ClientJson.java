package io.hotplex.server.internal.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.io.IOException;

/** Reads what clients say, by whatever way: one JSON object. Thread-safe. */
public final class ClientJson {
    /** The connection limits what it takes in already, and an attachment is one long text. */
    private static final ObjectReader JSON = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .reader()
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private ClientJson() {}

    /** @throws HotPlexException INVALID_ARGUMENT when it is something else */
    public static ObjectNode object(String text) {
        return object(() -> JSON.readTree(text));
    }

    /** @throws HotPlexException INVALID_ARGUMENT when it is something else */
    public static ObjectNode object(byte[] utf8) {
        return object(() -> JSON.readTree(utf8));
    }

    private interface Source {
        JsonNode read() throws IOException;
    }

    private static ObjectNode object(Source source) {
        try {
            JsonNode node = source.read();
            if (node instanceof ObjectNode object) {
                return object;
            }
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT,
                    "invalid JSON payload: a JSON " + node.getNodeType() + " (expected: an object)");
        } catch (JsonProcessingException e) { // not its cause: that quotes what was read
            JsonLocation at = e.getLocation();
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT,
                    at == null
                            ? "invalid JSON payload: nested too deeply, or a number or name is too long"
                            : "invalid JSON payload (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")");
        } catch (IOException e) {
            throw new IllegalStateException("what is in memory can always be read", e);
        }
    }
}
