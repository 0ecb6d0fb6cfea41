package io.hotplex.server.internal.http;

/** What one holder has of a {@link ByteBudget}. Confined to one thread. */
final class HeldBytes {
    private final ByteBudget budget;
    private long held;

    HeldBytes(ByteBudget budget) {
        this.budget = budget;
    }

    /** Holds so many from now on, more or fewer than before; if there are not as many, all stays as it was. */
    boolean hold(long bytes) {
        if (bytes > held && !budget.take(bytes - held)) {
            return false;
        }
        if (bytes < held) {
            budget.giveBack(held - bytes);
        }
        held = bytes;
        return true;
    }
}
