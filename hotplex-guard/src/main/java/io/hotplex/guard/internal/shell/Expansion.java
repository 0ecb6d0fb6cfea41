package io.hotplex.guard.internal.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a shell makes of a word before a program gets it: braces, variables, splitting. While a word is read, what is
 * special in it is marked by control characters, which commands do not have: they are taken out first.
 */
final class Expansion {
    /** A quote began here; the word is one, although it may be empty. */
    static final char QUOTED = '\u0002';

    private static final char SPLIT = '\u0003';
    private static final char OPEN = '\u0004';
    private static final char COMMA = '\u0005';
    private static final char CLOSE = '\u0006';
    private static final String UNKNOWN = String.valueOf(Word.UNKNOWN);

    /** Variables that every shell has, as far as they are of use here: the home directory is {@code ~}. */
    private static final Map<String, String> SPECIAL = Map.ofEntries(
            Map.entry("HOME", "~"),
            Map.entry("PWD", "."),
            Map.entry("IFS", " "),
            Map.entry("TMPDIR", "/tmp"),
            Map.entry("SHELL", "/bin/sh"),
            Map.entry("BASH", "/bin/bash"),
            Map.entry("#", "0"),
            Map.entry("?", "0"),
            Map.entry("$", "0"),
            Map.entry("RANDOM", "0"),
            Map.entry("UID", "0"));

    private Expansion() {}

    /** A text without the characters that mark what is special. */
    static String withoutMarkers(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != 0 && c <= CLOSE) {
                return text.replaceAll("[\u0001-\u0006]", " ");
            }
        }
        return text;
    }

    static boolean isName(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!(c == '_' || Character.isLetter(c) || i > 0 && Character.isDigit(c))) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    static String special(String name) {
        return SPECIAL.getOrDefault(name, UNKNOWN);
    }

    /** An unquoted character of a word. */
    static char mark(char c) {
        return c == '{' ? OPEN : c == '}' ? CLOSE : c == ',' ? COMMA : c;
    }

    /** Puts a value into a word; outside of quotes blanks in it split the word. */
    static void value(String value, StringBuilder out, boolean quoted) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            out.append(!quoted && (c == ' ' || c == '\t' || c == '\n') ? SPLIT : c);
        }
    }

    /** The word as it is when nothing may split it. */
    static String plain(String raw) {
        StringBuilder out = new StringBuilder(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c != QUOTED) {
                out.append(c == SPLIT ? ' ' : c == OPEN ? '{' : c == CLOSE ? '}' : c == COMMA ? ',' : c);
            }
        }
        return out.toString();
    }

    /** The words that a word becomes. */
    static List<Word> words(String raw, Budget budget) {
        List<String> braced = new ArrayList<>();
        if (raw.indexOf(OPEN) >= 0) {
            braces(raw, braced, budget, 0);
        } else {
            braced.add(raw);
        }
        List<Word> words = new ArrayList<>(braced.size());
        for (String one : braced) {
            if (one.indexOf(SPLIT) < 0) {
                words.add(new Word(plain(one)));
                continue;
            }
            for (String part : one.split(String.valueOf(SPLIT), -1)) {
                if (!part.isEmpty()) {
                    words.add(new Word(plain(part)));
                }
            }
        }
        return words;
    }

    private static void braces(String raw, List<String> out, Budget budget, int depth) {
        int open = raw.indexOf(OPEN);
        int close = open < 0 ? -1 : closing(raw, open);
        if (out.size() >= Budget.MAX_EXPANSIONS || depth > 16) {
            budget.exhaust();
            return;
        }
        if (close < 0) {
            out.add(raw);
            return;
        }
        List<String> parts = parts(raw.substring(open + 1, close));
        String head = raw.substring(0, open);
        String tail = raw.substring(close + 1);
        if (parts.size() < 2) {
            braces(head + '{' + raw.substring(open + 1, close) + '}' + tail, out, budget, depth + 1);
            return;
        }
        for (String part : parts) {
            braces(head + part + tail, out, budget, depth + 1);
        }
    }

    private static int closing(String raw, int open) {
        int depth = 0;
        for (int i = open; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == OPEN) {
                depth++;
            } else if (c == CLOSE && --depth == 0) {
                return i;
            }
        }
        return -1;
    }

    private static List<String> parts(String inside) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int from = 0;
        for (int i = 0; i < inside.length(); i++) {
            char c = inside.charAt(i);
            if (c == OPEN) {
                depth++;
            } else if (c == CLOSE) {
                depth--;
            } else if (c == COMMA && depth == 0) {
                parts.add(inside.substring(from, i));
                from = i + 1;
            }
        }
        parts.add(inside.substring(from));
        return parts;
    }

    /** What stands in {@code ${…}}. */
    static String parameter(String inside, ShellReader reader) {
        int end = 0;
        while (end < inside.length() && (Character.isLetterOrDigit(inside.charAt(end)) || inside.charAt(end) == '_')) {
            end++;
        }
        if (end == 0) { // ${#x}, ${!x} and the like
            return inside.startsWith("#") ? "0" : UNKNOWN;
        }
        String value = reader.variable(inside.substring(0, end));
        String rest = inside.substring(end);
        if (rest.isEmpty() || rest.startsWith("[")) {
            return value;
        }
        boolean unset = value.equals(UNKNOWN) || value.isEmpty();
        String operand = rest.startsWith(":") && rest.length() > 1 ? rest.substring(1) : rest;
        return switch (operand.charAt(0)) {
            case '-', '=' -> unset ? plainText(operand.substring(1), reader) : value;
            case '+' -> plainText(operand.substring(1), reader);
            case '?' -> value;
            case '/' -> unset ? UNKNOWN : replaced(value, operand);
            case '#', '%', '^', ',' -> unset || operand.charAt(0) == '#' || operand.charAt(0) == '%' ? UNKNOWN : value;
            default -> unset ? UNKNOWN : part(value, operand);
        };
    }

    private static String plainText(String text, ShellReader reader) {
        if (text.startsWith("$")) {
            String name = text.substring(1).replaceAll("[{}]", "");
            return isName(name) ? reader.variable(name) : UNKNOWN;
        }
        return text.replaceAll("[\"']", "");
    }

    private static String replaced(String value, String operand) {
        boolean all = operand.startsWith("//");
        String[] sides = operand.substring(all ? 2 : 1).split("/", 2);
        if (sides[0].isEmpty() || sides[0].indexOf('*') >= 0 || value.length() > Budget.MAX_VALUE / 8) {
            return UNKNOWN;
        }
        String by = sides.length < 2 ? "" : sides[1];
        if (by.length() > 8) {
            return UNKNOWN;
        }
        if (all) {
            return value.replace(sides[0], by);
        }
        int found = value.indexOf(sides[0]);
        return found < 0 ? value : value.substring(0, found) + by + value.substring(found + sides[0].length());
    }

    /** {@code offset} or {@code offset:length}. */
    private static String part(String value, String operand) {
        String[] numbers = operand.split(":", -1);
        try {
            int from = Math.min(value.length(), Integer.parseInt(numbers[0].strip()));
            int to = numbers.length < 2 ? value.length() : from + Integer.parseInt(numbers[1].strip());
            return from < 0 || to < from ? UNKNOWN : value.substring(from, Math.min(value.length(), to));
        } catch (NumberFormatException e) {
            return UNKNOWN;
        }
    }
}
