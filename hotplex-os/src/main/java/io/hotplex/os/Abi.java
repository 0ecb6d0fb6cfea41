package io.hotplex.os;

/**
 * Numbers of the C library that differ between systems. Those of macOS are taken from its headers and were never run.
 *
 * @param spawnFlags {@code posix_spawn} flags for a new session, and on macOS for closing every descriptor not named
 * @param nonBlocking O_NONBLOCK
 * @param duplicateAbove F_DUPFD_CLOEXEC
 * @param tryAgain EAGAIN
 * @param leaveWaitable WNOWAIT
 */
record Abi(int spawnFlags, int nonBlocking, int duplicateAbove, int tryAgain, int leaveWaitable) {
    /** Whether this is macOS. Asked without JNA, which may be missing. */
    static final boolean MAC = System.getProperty("os.name", "").startsWith("Mac");

    /** Whether this is Windows, which has none of the numbers here. */
    static final boolean WINDOWS = System.getProperty("os.name", "").startsWith("Windows");

    private static final Abi LINUX = new Abi(0x80, 0x800, 1030, 11, 0x0100_0000);
    private static final Abi MACOS = new Abi(0x400 | 0x4000, 0x4, 67, 35, 0x20);

    /** The system that this JVM runs on. */
    static final Abi CURRENT = MAC ? MACOS : LINUX;
}
