/**
 * Operating system processes behind the launcher contract of {@code io.hotplex.api.spi}; found by
 * {@link java.util.ServiceLoader} as {@link io.hotplex.os.OsLaunchers}.
 *
 * <h2>Three launchers</h2>
 *
 * <p>{@code posix-spawn} needs JNA (which must be allowed to load native code), a 64-bit system, and Linux with glibc
 * 2.34 or later, or macOS. {@code job-object} needs JNA and 64-bit Windows. {@code portable} needs nothing but the JDK,
 * and {@code setsid} or {@code perl} to make process groups. Kind {@code auto} takes the one of the system where it
 * works. Opening a launcher changes no system property and no signal handler. JNA may start {@code ldconfig} once when
 * it is loaded; an application that does not want that sets {@code jna.platform.library.path}, which is left alone here
 * since it changes what all users of JNA in the JVM find.
 *
 * <h2>Threads</h2>
 *
 * <p>{@code posix-spawn} has {@code ioThreads} daemon threads, {@code hotplex-io-1} and so on, however many processes
 * there are. A process belongs to one of them for its life; that thread reads its output, calls its listener, sends its
 * signals and reaps it. Writing to its input is tried on the calling thread first. {@code portable} has one control
 * thread and three threads for each process, {@code job-object} four. All calls to one listener come one after another,
 * with everything the earlier call did visible to the later one; {@code portable} makes them on more than one thread.
 *
 * <h2>What holds</h2>
 *
 * <ul>
 *   <li>A child is in a session and group of its own before its first instruction, has no descriptor but 0, 1 and 2,
 *       default signal handlers, no signal blocked ({@code portable} on JDK 17: SIGQUIT is), and no terminal.
 *   <li>Its environment is built from nothing; see {@link io.hotplex.api.spi.ProcessSpec}. Taken over without being
 *       asked for are PATH, HOME, USER, LOGNAME, SHELL, LANG, LC_*, TZ, TMPDIR, the proxy variables in both cases,
 *       SSL_CERT_FILE, SSL_CERT_DIR and NODE_EXTRA_CA_CERTS.
 *   <li>When the leader of a group ends, what is left of the group is killed at once. {@code posix-spawn} does it
 *       before it reaps the leader, so that no signal can reach a process that got the same id. {@code portable}
 *       cannot: the JDK reaps.
 *   <li>A descendant that leaves the group ({@code setsid}) is found by its marks when the leader has ended, and
 *       killed: a variable {@code HOTPLEX_<run>=<child>}, and on Linux a soft limit on file locks, which an emptied
 *       environment does not remove. A shell sets the limit before it becomes the program, so that nothing ever runs
 *       without it.
 *   <li>When the JVM is killed, a guardian does the same: {@code /bin/sh} with a script, at the other end of a pipe.
 *       When both are, the next launcher with the same state directory does.
 *   <li>Only own children are waited for, by id; processes of the application are not disturbed.
 *   <li>A line, the queue of input and the error output kept are bounded. An idle process costs about a kilobyte of
 *       heap and, with {@code posix-spawn}, four descriptors. A thread has one read buffer for all its processes.
 *   <li>After the end of a process, what its pipes still hold is handed over even if reading was stopped: the exit must
 *       come. More than a pipe holds, which is 1 MiB, is not read then, whatever others write who have the pipe. A
 *       listener that stops reading may still get the lines that were read with the one at hand, 256 KiB at most.
 *   <li>Error output is read at all times.
 * </ul>
 *
 * <h2>What does not</h2>
 *
 * <ul>
 *   <li>What a descendant does to escape on purpose is not prevented: one that becomes another process again and again,
 *       faster than it is looked for, can; so can one that removes both marks and the group. Confinement is for those.
 *   <li>{@code portable}: a wrapper makes the group, so that an interpreter that is missing shows as exit status 126 or
 *       127 and not as an error of the start; exit status 129 to 192 are reported as signals, since a {@link Process}
 *       does not tell them apart; without {@code setsid} and {@code perl} there are no groups, and descendants that are
 *       not seen at the time of the kill survive.
 *   <li>{@code job-object} was never run on Windows; its tests run under Wine, without JNA, and on other systems with
 *       stand-ins. It sends CTRL_BREAK for TERM only where the JVM has no console.
 *   <li>macOS was never run. There, {@code poll} stands in for {@code epoll}, ends of processes are looked for when a
 *       pipe closes and ten times a second for want of a pidfd, there is no second mark, and the pipes of a launch can
 *       be inherited by a child that other code of the JVM starts in the same instant.
 * </ul>
 */
@NullMarked
package io.hotplex.os;

import org.jspecify.annotations.NullMarked;
