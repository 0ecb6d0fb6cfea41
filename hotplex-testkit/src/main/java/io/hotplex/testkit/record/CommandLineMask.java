package io.hotplex.testkit.record;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Hides what a command line tells about credentials. */
final class CommandLineMask {
    static final String MASKED = "<masked>";

    private static final Pattern SECRET_FLAG = Pattern.compile(
            "--?[\\w-]*(key|token|secret|password|passwd|credential|auth)[\\w-]*", Pattern.CASE_INSENSITIVE);
    private static final Pattern SECRET_ASSIGNMENT = Pattern.compile(
            "([\\w-]*(?:key|token|secret|password|passwd|credential|auth)[\\w-]*)=.*",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    private static final Pattern SECRET_VALUE =
            Pattern.compile("\\b(sk-[\\w-]{8,}|gh[pousr]_\\w{16,}|xox[abp]-[\\w-]{8,}|eyJ[\\w-]{8,}\\.[\\w.-]+)");

    private CommandLineMask() {}

    static List<String> mask(List<String> command) {
        List<String> masked = new ArrayList<>();
        boolean hideNext = false;
        for (String argument : command) {
            masked.add(hideNext ? MASKED : maskOne(argument));
            hideNext = !hideNext && SECRET_FLAG.matcher(argument).matches();
        }
        return masked;
    }

    private static String maskOne(String argument) {
        String flag = SECRET_ASSIGNMENT.matcher(argument).replaceFirst("$1=" + MASKED);
        return SECRET_VALUE.matcher(flag).replaceAll(MASKED);
    }
}
