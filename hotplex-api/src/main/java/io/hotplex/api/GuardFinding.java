package io.hotplex.api;

/**
 * What a guard found.
 *
 * @param ruleId which rule says so
 * @param category what kind of danger, for example {@code file_delete}
 * @param level how bad: {@code critical}, {@code high} or {@code moderate}
 * @param message what is wrong and what to do instead; never has the text that was looked at
 */
public record GuardFinding(String ruleId, String category, String level, String message) {
    long weight() {
        return 96 + Values.bytes(ruleId, category, level, message);
    }
}
