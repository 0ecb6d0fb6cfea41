package io.hotplex.server.internal.config;

import io.hotplex.core.EngineConfig;
import io.hotplex.core.config.ConfigKey;
import io.hotplex.server.KeyConfig;
import io.hotplex.server.ServerConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Describes every setting, from the models themselves. */
public final class Description {
    private Description() {}

    /** What can be set, by what it is about. */
    public static Map<String, List<ConfigKey<?>>> sections() {
        Map<String, List<ConfigKey<?>>> sections = new LinkedHashMap<>();
        sections.put("Settings of the engine", EngineConfig.keys());
        sections.put("Settings of the server", ServerConfig.keys());
        sections.put("Settings of a key: server.keys.<name>.…", KeyConfig.keys());
        return sections;
    }

    /** A row of a table in Markdown. */
    public static String row(ConfigKey<?> key) {
        return "| " + code(key.name()) + " | " + key.type() + " | " + code(key.defaultText()) + " | "
                + key.description() + " |";
    }

    private static String code(String text) {
        return text.isEmpty() ? "" : "`" + text + "`";
    }

    /** All of it as tables. */
    public static String markdown() {
        StringBuilder text = new StringBuilder();
        sections().forEach((title, keys) -> {
            text.append("## ").append(title).append("\n\n| key | value | default | meaning |\n|---|---|---|---|\n");
            keys.forEach(key -> text.append(row(key)).append('\n'));
            text.append('\n');
        });
        return text.append("Settings of providers, `provider.<name>.…`: see docs/configuration.md.\n")
                .toString();
    }

    /** All of it for a terminal. */
    public static String text() {
        StringBuilder text = new StringBuilder();
        sections().forEach((title, keys) -> {
            text.append(title).append("\n\n");
            keys.forEach(key -> text.append("  ")
                    .append(key.name())
                    .append(" (")
                    .append(key.type())
                    .append(key.defaultText().isEmpty() ? ")" : ", default " + key.defaultText() + ")")
                    .append("\n      ")
                    .append(key.description())
                    .append('\n'));
            text.append('\n');
        });
        return text.toString();
    }
}
