package io.hotplex.hooks.internal.delivery;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookEvent;
import io.hotplex.api.spi.HookEvent.Severity;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Chooses what a hook is told, and gives it the form in which hooks see it. Immutable. */
final class EventFilter {
    /** What ends and what needs somebody; nothing that is only written while it happens. */
    static final String USUAL =
            "session_*,turn_*,permission_*,question_*,tool_denied,guard_*,process_exited,isolation_reduced,"
                    + "rate_limited";

    private final List<Pattern> events;
    private final List<Pattern> sessions;
    private final List<Pattern> providers;
    private final List<Pattern> owners;
    private final Severity severity;
    private final boolean content;

    private EventFilter(HookConfig config, String usual) {
        List<String> wanted = config.list("events", usual);
        events = patterns(wanted);
        for (String pattern : wanted) {
            if (EventSchema.types().stream().noneMatch(glob(pattern).asMatchPredicate())) {
                throw config.invalid("events", "names of events, with * for any characters; see docs/events.md");
            }
        }
        sessions = patterns(config.list("sessions", "*"));
        providers = patterns(config.list("providers", "*"));
        owners = patterns(config.list("owners", "*"));
        severity = Severity.valueOf(config.choice("severity", "debug", Set.of("debug", "info", "warning", "error"))
                .toUpperCase(Locale.ROOT));
        content = config.flag("content", false);
    }

    /** @throws io.hotplex.api.HotPlexException CONFIG_INVALID */
    static EventFilter of(HookConfig config) {
        return new EventFilter(config, USUAL);
    }

    private static List<Pattern> patterns(List<String> globs) {
        return globs.stream().map(EventFilter::glob).toList();
    }

    private static Pattern glob(String text) {
        List<String> parts = new ArrayList<>();
        for (String part : text.split("\\*", -1)) {
            parts.add(Pattern.quote(part));
        }
        return Pattern.compile(parts.stream().collect(Collectors.joining(".*")));
    }

    private static boolean any(List<Pattern> patterns, String text) {
        return patterns.stream().anyMatch(pattern -> pattern.matcher(text).matches());
    }

    /** Whether a hook is told anything of a session. */
    boolean follows(String session, String owner, String provider) {
        return any(sessions, session) && any(owners, owner) && any(providers, provider);
    }

    /** What a hook is told of a record, or {@code null} when that is nothing. */
    @Nullable
    HookEvent choose(EventRecord record, String owner, String provider, @Nullable String traceparent) {
        AgentEvent event = record.event();
        Severity found = Severities.of(event);
        if (found.compareTo(severity) < 0 || !any(events, event.type())) {
            return null;
        }
        EventRecord shown = content
                ? record
                : new EventRecord(
                        record.sessionId(),
                        record.firstOffset(),
                        record.offset(),
                        record.turnId(),
                        record.time(),
                        Redaction.withoutContent(event));
        return new HookEvent(idOf(record), shown, owner, provider, found, traceparent);
    }

    /** The time is part of it, since a session's id may be used again. */
    static String idOf(EventRecord record) {
        String name = record.sessionId() + '\n' + record.offset() + '\n' + record.time();
        return "evt_"
                + UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8))
                        .toString()
                        .replace("-", "");
    }
}
