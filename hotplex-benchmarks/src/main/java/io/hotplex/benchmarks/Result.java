package io.hotplex.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One comparison.
 *
 * @param measure what was compared
 * @param unit of both figures
 * @param subject the figure of HotPlex
 * @param baseline the figure of what it is compared with
 * @param goal what the design asks for, or {@code null} when the row only explains another
 * @param details further figures by name
 */
record Result(
        String measure,
        String unit,
        double subject,
        double baseline,
        @Nullable Goal goal,
        Map<String, Object> details) {
    Result {
        details = new LinkedHashMap<>(details);
    }

    /**
     * What the design asks for.
     *
     * @param text for people
     * @param met whether the figures reach it
     */
    record Goal(String text, boolean met) {}

    /** Subject divided by baseline. */
    double ratio() {
        return subject / baseline;
    }
}
