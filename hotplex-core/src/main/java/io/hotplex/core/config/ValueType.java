package io.hotplex.core.config;

import io.hotplex.api.spi.ProviderConfig;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the values of a configuration key are read, checked and written. Immutable.
 *
 * @param name what documentation calls the type
 * @param expected what an error says was expected
 * @param parser reads a text; throws IllegalArgumentException for one that it cannot read
 * @param range accepts the values that are allowed
 * @param printer the inverse of the parser
 */
public record ValueType<T>(
        String name, String expected, Function<String, T> parser, Predicate<T> range, Function<T, String> printer) {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,15})\\s*(B|KiB|MiB|GiB)?");

    private static final String NONE = "none";

    /** Longer waits are surely a mistake, and their nanoseconds must not overflow a long. */
    private static final Duration LONGEST = Duration.ofDays(365);

    public static ValueType<String> text(String expected, Pattern pattern) {
        return text(expected, pattern.asMatchPredicate());
    }

    /** Text that {@code valid} takes. */
    public static ValueType<String> text(String expected, Predicate<String> valid) {
        return new ValueType<>("text", expected, text -> text, valid, text -> text);
    }

    public static ValueType<String> choice(String... options) {
        String expected = String.join(", ", options);
        return new ValueType<>(
                "one of " + expected, "one of " + expected, text -> text, List.of(options)::contains, text -> text);
    }

    public static ValueType<Boolean> flag() {
        return new ValueType<>(
                "flag", "true or false", ValueType::parseFlag, value -> true, value -> Boolean.toString(value));
    }

    /** A positive number that may have a fraction, such as {@code 0.5}. */
    public static ValueType<Double> amount(double min, double max) {
        return new ValueType<>(
                "amount",
                "a number such as 0.5 or 2, from " + printAmount(min) + " to " + printAmount(max),
                Double::valueOf,
                number -> number >= min && number <= max,
                ValueType::printAmount);
    }

    /** What {@code type} reads, or {@code none}, which is empty. */
    public static <T> ValueType<Optional<T>> orNone(ValueType<T> type) {
        return new ValueType<>(
                type.name + " or none",
                "none, or " + type.expected,
                text -> text.equals(NONE) ? Optional.empty() : Optional.of(type.parser.apply(text)),
                value -> value.isEmpty() || type.range.test(value.get()),
                value -> value.map(type.printer).orElse(NONE));
    }

    public static ValueType<Integer> count(int min, int max) {
        return new ValueType<>(
                "number",
                "a whole number from " + min + " to " + max,
                Integer::valueOf,
                number -> number >= min && number <= max,
                String::valueOf);
    }

    public static ValueType<Long> size(long min, long max) {
        return new ValueType<>(
                "size",
                "a size such as 65536, 16KiB, 64MiB or 1GiB, from " + printSize(min) + " to " + printSize(max),
                ValueType::parseSize,
                bytes -> bytes >= min && bytes <= max,
                ValueType::printSize);
    }

    public static ValueType<Duration> duration() {
        return new ValueType<>(
                "duration",
                "a duration such as 500ms, 30s, 10m or 2h, from 1ms to 365d",
                ValueType::parseDuration,
                duration -> duration.compareTo(Duration.ofMillis(1)) >= 0 && duration.compareTo(LONGEST) <= 0,
                ValueType::printDuration);
    }

    public static ValueType<Path> path() {
        return new ValueType<>(
                "path",
                "an absolute path; ~/ is the home directory",
                ValueType::parsePath,
                Path::isAbsolute,
                Path::toString);
    }

    /** A comma-separated list of what {@code item} reads. */
    public static <T> ValueType<List<T>> listOf(ValueType<T> item) {
        return new ValueType<>(
                "list of " + item.name,
                "a comma-separated list, each item " + item.expected,
                text -> Arrays.stream(text.split(",", -1))
                        .map(String::strip)
                        .filter(part -> !part.isEmpty())
                        .map(item.parser)
                        .toList(),
                list -> list.stream().allMatch(item.range),
                list -> String.join(",", list.stream().map(item.printer).toList()));
    }

    private static boolean parseFlag(String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException("flag: " + text);
        }
        return text.equals("true");
    }

    private static String printAmount(double amount) {
        return BigDecimal.valueOf(amount).stripTrailingZeros().toPlainString();
    }

    private static long parseSize(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("size: " + text);
        }
        String unit = matcher.group(2);
        int shift = unit == null ? 0 : 10 * List.of("B", "KiB", "MiB", "GiB").indexOf(unit);
        long amount = Long.parseLong(matcher.group(1));
        return amount > Long.MAX_VALUE >> shift ? Long.MAX_VALUE : amount << shift;
    }

    private static String printSize(long bytes) {
        int unit = 0;
        long amount = bytes;
        while (unit < 3 && amount >= 1024 && amount % 1024 == 0) {
            amount /= 1024;
            unit++;
        }
        return amount + List.of("", "KiB", "MiB", "GiB").get(unit);
    }

    private static Duration parseDuration(String text) {
        Duration duration = ProviderConfig.parseDuration(text);
        if (duration == null) {
            throw new IllegalArgumentException("duration: " + text);
        }
        return duration;
    }

    private static String printDuration(Duration duration) {
        long millis = duration.toMillis();
        if (millis % 1000 != 0) {
            return String.format(Locale.ROOT, "%dms", millis);
        }
        long seconds = millis / 1000;
        if (seconds % 3600 == 0) {
            return seconds / 3600 + "h";
        }
        return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    private static Path parsePath(String text) {
        return text.startsWith("~/") ? Path.of(System.getProperty("user.home"), text.substring(2)) : Path.of(text);
    }
}
