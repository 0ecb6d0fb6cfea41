package io.hotplex.guard.internal.match;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An expression of RE2, compiled when it is first needed: most of those of a set never are, and a program that runs for
 * a second should not compile all. Thread-safe: whoever compiles it twice gets the same.
 */
public final class Expression {
    private final String text;
    private volatile @Nullable Pattern pattern;

    public Expression(String text) {
        this.text = text;
    }

    /**
     * Compiles it now.
     *
     * @throws com.google.re2j.PatternSyntaxException when it is none
     */
    public Pattern compiled() {
        Pattern known = pattern;
        if (known == null) {
            known = Pattern.compile(text);
            pattern = known;
        }
        return known;
    }

    /** Whether it is all of a text. */
    public boolean matches(String input) {
        return compiled().matches(input);
    }

    /** Whether it is somewhere in a text. */
    public boolean isIn(CharSequence input) {
        Matcher matcher = compiled().matcher(input);
        return matcher.find();
    }

    @Override
    public String toString() {
        return text;
    }
}
