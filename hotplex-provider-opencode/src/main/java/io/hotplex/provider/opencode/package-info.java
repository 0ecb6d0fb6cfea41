/**
 * OpenCode, driven over the HTTP interface of a server process that many sessions share.
 *
 * <p>Two halves that meet in lines of JSON. The <em>protocol</em> ({@code OpenCodeProtocol} and what it is made of) is
 * a state machine without I/O: it says which requests are to be made and makes events of what comes. The
 * <em>transport</em> ({@code Servers}, {@code OpenCodeServer}, {@code SessionView}) keeps the processes, makes the
 * requests, reads the one stream of events of a server, and gives each session what is its own. {@code Lines} has the
 * form of the lines.
 */
@NullMarked
package io.hotplex.provider.opencode;

import org.jspecify.annotations.NullMarked;
