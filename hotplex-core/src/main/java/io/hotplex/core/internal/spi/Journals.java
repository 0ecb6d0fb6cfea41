package io.hotplex.core.internal.spi;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.JournalProvider;
import java.util.ServiceLoader;
import java.util.TreeSet;

/** Opens durable journals with the providers that {@link ServiceLoader} finds. */
public final class Journals {
    private Journals() {}

    /** @throws HotPlexException CONFIG_INVALID when there is no journal of this type, or as {@link JournalProvider} */
    public static Journal open(JournalConfig config) {
        TreeSet<String> known = new TreeSet<>();
        for (JournalProvider provider : ServiceLoader.load(JournalProvider.class)) {
            if (provider.types().contains(config.type())) {
                return provider.open(config);
            }
            known.addAll(provider.types());
        }
        known.add("memory");
        throw new HotPlexException(
                ErrorCode.CONFIG_INVALID,
                "journal: '" + config.type() + "' (expected: one of " + known
                        + "; sqlite and postgresql need hotplex-journal-jdbc)");
    }
}
