// What the page makes of events, without a browser. Run by ConsoleModulesIT.

import assert from "node:assert/strict";
import { test } from "node:test";

const modules = new URL("../../../../hotplex-server-netty/src/main/resources/io/hotplex/server/console/", import.meta.url);
const { apply, attached, empty, reset, MAX_ITEMS } = await import(new URL("model.mjs", modules));
const { blocks, cost, count, cut, duration, exact, prose, summary } = await import(new URL("text.mjs", modules));
const { delay, Gateway } = await import(new URL("gateway.mjs", modules));

/** A session that was told all this, one offset after the other. */
function after(...events) {
  const state = empty("s");
  const changed = events.map(([type, data, more], index) =>
    apply(state, { session: "s", offset: index + 1, turn: "t", time: "2026-01-01T00:00:00Z", type, data, ...more }),
  );
  return { state, changed };
}

test("deltas grow a block, and its whole text replaces them", () => {
  const { state, changed } = after(
    ["text_delta", { message_id: "m", block: 0, text: "Hel" }],
    ["text_delta", { message_id: "m", block: 0, text: "lo" }],
    ["text", { message_id: "m", block: 0, text: "Hello." }],
    ["text_delta", { message_id: "m", block: 1, text: "next" }],
  );

  assert.deepEqual(changed, [["text-m-0"], ["text-m-0"], ["text-m-0"], ["text-m-1"]]);
  assert.deepEqual(state.items.map((item) => [item.text, item.live]), [["Hello.", false], ["next", true]]);
});

test("what was seen before a reconnect is not taken in twice", () => {
  const { state } = after(["text_delta", { message_id: "m", block: 0, text: "one " }]);
  const again = { session: "s", offset: 1, turn: "t", type: "text_delta", data: { message_id: "m", block: 0, text: "one " } };
  const merged = { ...again, first_offset: 2, offset: 4, data: { message_id: "m", block: 0, text: "two" } };

  assert.deepEqual(apply(state, again), []);
  apply(state, merged);

  assert.equal(state.items[0].text, "one two");
  assert.equal(state.offset, 4);
  assert.equal(state.gap, false);
});

test("a hole between offsets is noticed, a reset tells how much is missing", () => {
  const { state } = after(["turn_started", { origin: "prompt" }]);
  apply(state, { session: "s", offset: 9, type: "compacted", data: {} });
  assert.equal(state.gap, true);

  const other = empty("s");
  assert.deepEqual(reset(other, 1), []);
  const [key] = reset(other, 41);
  assert.match(other.byKey.get(key).text, /40 older events/);
  apply(other, { session: "s", offset: 41, type: "compacted", data: {} });
  assert.equal(other.gap, false);
});

test("a server that was started again begins anew", () => {
  const { state } = after(["turn_started", { origin: "prompt" }], ["text", { message_id: "m", block: 0, text: "old" }]);
  attached(state, 1, {});
  reset(state, 1);
  apply(state, { session: "s", offset: 1, turn: "u", type: "text", data: { message_id: "m", block: 0, text: "new" } });

  assert.deepEqual([state.epoch, state.offset, state.turn, state.gap], [1, 1, null, false]);
  assert.deepEqual(state.items.map((item) => item.text), ["the server was started again: its events begin anew", "new"]);
});

test("the end of a turn ends what was live in it", () => {
  const { state } = after(
    ["turn_started", { origin: "prompt", client_id: "c", prompt: "do it" }],
    ["text_delta", { message_id: "m", block: 0, text: "half" }],
    ["tool_started", { tool_id: "1", name: "Bash", input: { command: "sleep 9" } }],
    ["turn_cancelled", { reason: "by the user", usage: { input_tokens: 3, output_tokens: 4 }, duration_ms: 1200 }],
  );

  const [prompt, text, tool, end] = state.items;
  assert.equal(state.turn, null);
  assert.equal(prompt.text, "do it");
  assert.deepEqual([text.live, text.abandoned, tool.status], [false, true, "stopped"]);
  assert.deepEqual([end.outcome, end.tokens, end.duration], ["cancelled", 7, 1200]);
});

test("every terminal event ends the turn", () => {
  for (const type of ["turn_completed", "turn_failed", "turn_cancelled", "turn_timed_out", "turn_blocked"]) {
    const { state } = after(["turn_started", { origin: "prompt" }], [type, { code: "X", message: "why" }]);
    assert.equal(state.turn, null, type);
    assert.equal(state.items.at(-1).kind, "end", type);
  }
});

test("what guards say is shown with their rule", () => {
  const finding = { rule_id: "force-push", category: "git", level: "high", message: "this cannot be\u202E undone" };
  const { state } = after(
    ["permission_requested", { request_id: "p", tool_name: "Bash", input: {}, description: "", finding }],
    ["permission_resolved", { request_id: "p", resolution: "denied", by: "me", message: "not on a Friday" }],
    ["tool_denied", { tool_id: "t", tool_name: "Bash", finding }],
    ["guard_bypassed", { by: "ops", reason: "a drill", until: "noon" }],
    ["guard_restored", { by: "ops" }],
    ["turn_blocked", { rule_id: "null_byte", category: "injection", level: "critical", message: "no", suggestions: ["s"] }],
  );
  const [asked, denied, off, on, blocked] = state.items;
  assert.equal(asked.reason, "this cannot be‹U+202E› undone (force-push, high)");
  assert.equal(asked.message, "not on a Friday");
  assert.match(denied.text, /^Bash was denied: this cannot .* \(force-push, high\)$/);
  assert.match(off.text, /off until noon, by ops: a drill/);
  assert.match(on.text, /on again, by ops/);
  assert.deepEqual([blocked.outcome, blocked.code, blocked.text, blocked.suggestions], ["blocked", "null_byte", "no", ["s"]]);
});

test("permissions and questions are pending until they are settled", () => {
  const { state } = after(
    ["permission_requested", { request_id: "p", tool_name: "Bash", input: {}, description: "" }],
    ["question_asked", { request_id: "q", questions: [{ question: "Which?", options: [{ label: "A" }] }] }],
    ["permission_resolved", { request_id: "p", resolution: "allowed", by: "me" }],
  );
  assert.deepEqual(state.pending, ["q"]);
  apply(state, { session: "s", offset: 4, type: "question_answered", data: { request_id: "q", answers: { "Which?": ["A"] } } });
  assert.deepEqual(state.pending, []);
  assert.deepEqual(state.items.map((item) => item.resolution ?? item.answers["Which?"][0]), ["allowed", "A"]);
});

test("what waits for an answer is there though its events are not kept any more", () => {
  const state = empty("s");
  const pending = [{ type: "permission_requested", data: { request_id: "p", tool_name: "Bash", input: {} } }];
  assert.deepEqual(attached(state, 50, { running_turn: "t9", pending }), []);
  reset(state, 50);
  const changed = apply(state, { session: "s", offset: 50, turn: "t9", type: "usage", data: {} });

  assert.deepEqual(changed, ["permission-p"]);
  assert.deepEqual([state.pending, state.turn.id], [["p"], "t9"]);
  attached(state, 50, { running_turn: "t9", pending });
  assert.deepEqual(state.pending, ["p"]);
});

test("types that are not known yet are told, not thrown", () => {
  const { state } = after(["brand_new", { x: 1 }], ["raw", { kind: "k", line: "{}" }], ["toString", {}]);
  assert.match(state.items[0].text, /brand_new/);
});

test("old items go when there are too many", () => {
  const events = Array.from({ length: MAX_ITEMS + 5 }, (_, i) => ["text", { message_id: `m${i}`, block: 0, text: "x" }]);
  const { state } = after(...events);
  assert.equal(state.items.length, MAX_ITEMS);
  assert.equal(state.byKey.size, MAX_ITEMS);
  assert.equal(state.dropped, 5);
});

test("nothing can turn the order of letters around, and what is decided by shows every character", () => {
  assert.equal(prose("a\u202Eb"), "a‹U+202E›b");
  assert.equal(prose("שלום\u200F مرحبا"), "שלום\u200F مرحبا");
  assert.equal(exact("rm\u200B -rf\u2066 /\u0007\r\n\tx"), "rm‹U+200B› -rf‹U+2066› /‹U+0007›\n\tx");
  const { state } = after(["permission_requested", { request_id: "p", tool_name: "Ba\u202Esh", input: {}, description: "\u2067" }]);
  assert.equal(state.items[0].tool, "Ba‹U+202E›sh");
  assert.equal(state.items[0].text, "‹U+2067›");
});

test("long texts are cut between characters", () => {
  assert.deepEqual(cut("abc", 3), { shown: "abc", more: 0 });
  assert.deepEqual(cut("ab😀c", 3), { shown: "ab", more: 3 });
});

test("a few marks of Markdown are known, the rest stays as it is", () => {
  const found = blocks("# Top\n\nsome `code` and **bold**\n- one\n2. two\n```js\nlet a = `x`;\n```\n<img src=x onerror=alert(1)>");
  assert.deepEqual(found.map((block) => block.type), ["heading", "paragraph", "item", "item", "code", "paragraph"]);
  assert.deepEqual(found[1].spans.map((span) => [span.type, span.text]),
    [["text", "some "], ["code", "code"], ["text", " and "], ["strong", "bold"]]);
  assert.equal(found[4].text, "let a = `x`;");
  assert.equal(found[5].spans[0].text, "<img src=x onerror=alert(1)>");
  assert.equal(blocks("```\nnever closed")[0].text, "never closed");
  const indented = blocks("do this:\n\n    npm install\n    claude\n\nand then");
  assert.deepEqual(indented.map((block) => [block.type, block.text]),
    [["paragraph", undefined], ["code", "npm install\nclaude"], ["paragraph", undefined]]);
  assert.deepEqual(blocks("- one\n\n    more of one").map((block) => block.type), ["item", "paragraph"]);
});

test("taking Markdown apart takes no longer than the text is long", { timeout: 10_000 }, () => {
  for (const text of ["`".repeat(100_000), "**".repeat(50_000), "- ".repeat(50_000), "a\n".repeat(50_000)]) {
    assert.ok(blocks(text).length > 0);
  }
});

test("figures are short", () => {
  assert.deepEqual([duration(420), duration(12_000), duration(200_000)], ["0.4 s", "12 s", "3 min 20 s"]);
  assert.deepEqual([count(812), count(3_421), count(56_000), count(1_200_000)], ["812", "3.4k", "56k", "1.2M"]);
  assert.deepEqual([cost(0.0042), cost(1.2)], ["$0.0042", "$1.20"]);
  assert.equal(summary({ command: "ls -l\nrm -rf /" }), "ls -l");
  assert.equal(summary({ other: 1 }), "");
});

test("tries to connect become rarer, up to a limit", () => {
  assert.deepEqual([0, 1, 2, 9, 99].map((failures) => delay(failures, 0.5)), [500, 1_000, 2_000, 10_000, 10_000]);
  assert.ok(delay(0, 0) < delay(0, 1));
});

test("a session that the server cannot go on telling of is lost, and it alone", async () => {
  let socket;
  globalThis.location ??= new URL("http://127.0.0.1/");
  globalThis.fetch = async () => ({ ok: true, status: 201, json: async () => ({ ticket: "t" }) });
  const made = new Promise((resolve) => {
    globalThis.WebSocket = class {
      constructor() {
        socket = this;
        resolve();
      }
      close() {}
    };
  });
  const told = [];
  const gateway = new Gateway({
    link() {},
    hello() {},
    lost: (session, text) => told.push(["lost", session, text]),
    problem: (text) => told.push(["problem", text]),
  });
  gateway.connect("token");
  await made;
  const say = (frame) => socket.onmessage({ data: JSON.stringify(frame) });
  say({ type: "hello" });
  say({ type: "error", session: "s2", code: "JOURNAL_UNAVAILABLE", message: "no answer", retryable: true });
  say({ type: "error", code: "REQUEST_INVALID", message: "not JSON" });
  assert.deepEqual(told, [["lost", "s2", "no answer"], ["problem", "not JSON"]]);
  gateway.close();
});
