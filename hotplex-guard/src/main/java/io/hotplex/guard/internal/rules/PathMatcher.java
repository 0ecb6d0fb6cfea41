package io.hotplex.guard.internal.rules;

import io.hotplex.guard.internal.places.Globs;
import io.hotplex.guard.internal.places.Place;
import io.hotplex.guard.internal.places.Places;
import java.util.List;
import java.util.Set;

/**
 * Matches files that tools name.
 *
 * @param in kinds of places
 * @param globs patterns of plain paths; {@code *} matches slashes too
 * @param reads whether it is for tools that read
 * @param writes whether it is for tools that write
 */
record PathMatcher(Set<Place> in, List<String> globs, boolean reads, boolean writes) implements Rule.Matcher {
    PathMatcher {
        in = Set.copyOf(in);
        globs = List.copyOf(globs);
    }

    boolean matches(String path, boolean write, Places places) {
        if (!(write ? writes : reads)) {
            return false;
        }
        return in.stream().anyMatch(place -> places.is(place, path))
                || !globs.isEmpty() && globs.stream().anyMatch(glob -> Globs.matches(glob, places.plain(path)));
    }
}
