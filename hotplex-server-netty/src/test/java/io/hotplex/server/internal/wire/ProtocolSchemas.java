package io.hotplex.server.internal.wire;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The schemas of the documentation, for tests. */
public final class ProtocolSchemas {
    /** Where they are. */
    public static final Path DIRECTORY = Path.of("../docs/schema");

    private static final String BASE = "https://hotplex.invalid/";
    private static final SchemaRegistry REGISTRY = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12,
            builder -> builder.schemas(iri -> iri.startsWith(BASE) ? read(iri.substring(BASE.length())) : null));

    private ProtocolSchemas() {}

    /** What is wrong with a message, or an event, in the eyes of a schema: nothing, or a line for each fault. */
    public static List<String> faults(String schema, String json) {
        Schema loaded = REGISTRY.getSchema(SchemaLocation.of(BASE + schema + ".schema.json"));
        return loaded.validate(json, InputFormat.JSON).stream()
                .map(error -> error.getInstanceLocation() + ": " + error.getMessage() + " in " + json)
                .toList();
    }

    private static String read(String name) {
        try {
            return Files.readString(DIRECTORY.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
