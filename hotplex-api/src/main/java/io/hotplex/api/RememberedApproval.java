package io.hotplex.api;

/**
 * A tool call that somebody allowed for good.
 *
 * @param owner for whose sessions
 * @param id names it, for forgetting; a hash of the call, of which nothing else is kept
 * @param tool the tool's name
 * @param by who allowed it
 * @param at when, ISO-8601
 */
public record RememberedApproval(String owner, String id, String tool, String by, String at) {}
