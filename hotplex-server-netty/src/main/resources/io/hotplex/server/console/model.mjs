// What a session looks like: events come in, a list of items comes out. Pure: no page, no socket, no clock.

import { exact, prose } from "./text.mjs";

/** Items that are kept; older ones are in the journal. */
export const MAX_ITEMS = 2_000;

/** A session of which nothing is known yet. */
export function empty(id) {
  return {
    id,
    offset: 0,
    items: [],
    dropped: 0,
    byKey: new Map(),
    pending: [],
    turn: null,
    model: "",
    mode: "",
    tokens: 0,
    cost: 0,
    closed: false,
    gap: false,
    waiting: null,
    epoch: 0,
  };
}

/**
 * Takes one record in. The state is changed in place, since a stream has very many of them; what is returned tells
 * which items changed.
 *
 * @returns keys of items that are new or different
 */
export function apply(state, record) {
  const first = record.first_offset ?? record.offset;
  if (record.offset <= state.offset) {
    return []; // known already, by an earlier connection
  }
  if (state.offset > 0 && first > state.offset + 1) {
    state.gap = true;
  }
  state.offset = record.offset;
  const handler = Object.hasOwn(HANDLERS, record.type) ? HANDLERS[record.type] : null;
  const changed = handler ? handler(state, record.data ?? {}, record) : unknown(state, record);
  trim(state);
  return [...(changed ?? []), ...caughtUp(state)];
}

/**
 * A connection follows the session from here on. What it was at that offset counts once the events up to there were
 * seen: events that are not kept any more may have been missed, but not a request that still waits for an answer.
 */
export function attached(state, offset, snapshot) {
  state.waiting = { offset, snapshot };
  return caughtUp(state);
}

function caughtUp(state) {
  if (state.waiting === null || state.offset < state.waiting.offset) {
    return [];
  }
  const { snapshot } = state.waiting;
  state.waiting = null;
  state.closed ||= Boolean(snapshot.closed);
  state.model ||= snapshot.model ?? "";
  if (snapshot.running_turn && state.turn === null) {
    state.turn = { id: snapshot.running_turn };
  }
  return (snapshot.pending ?? [])
    .filter(({ data }) => !state.pending.includes(data.request_id))
    .flatMap(({ type, data }) => HANDLERS[type]?.(state, data, { turn: snapshot.running_turn }) ?? []);
}

/**
 * The session's journal does not go on where this view ends. Either it no longer has what lies between, and the view
 * goes on with the oldest that it has; or it is another journal, begun by a server that was started again, and the view
 * begins anew, which a new epoch tells.
 */
export function reset(state, oldest) {
  if (oldest <= state.offset) {
    const { epoch, waiting } = state;
    Object.assign(state, empty(state.id), { epoch: epoch + 1, waiting, offset: oldest - 1 });
    return notice(state, `anew-${oldest}`, "the server was started again: its events begin anew", "warn");
  }
  const missing = oldest - state.offset - 1;
  state.offset = Math.max(state.offset, oldest - 1);
  const changed =
    missing > 0 ? notice(state, `reset-${oldest}`, `${missing} older events are not kept any more`, "warn") : [];
  return [...changed, ...caughtUp(state)];
}

/** Whether a prompt would start at once. */
export function idle(state) {
  return state.turn === null;
}

function put(state, key, fresh) {
  let item = state.byKey.get(key);
  if (!item) {
    item = { key, ...fresh };
    state.byKey.set(key, item);
    state.items.push(item);
  }
  return item;
}

function notice(state, key, text, level = "info") {
  put(state, key, { kind: "notice", text: prose(text), level });
  return [key];
}

function trim(state) {
  while (state.items.length > MAX_ITEMS) {
    state.byKey.delete(state.items.shift().key);
    state.dropped++;
  }
}

function piece(kind) {
  return (state, data, record) => {
    const key = `${kind}-${data.message_id}-${data.block}`;
    const item = put(state, key, { kind, text: "", live: true, turn: record.turn, child: Boolean(data.parent_tool_id) });
    if (item.live) {
      item.text += prose(data.text);
    }
    return [key];
  };
}

function whole(kind) {
  return (state, data, record) => {
    const key = `${kind}-${data.message_id}-${data.block}`;
    const item = put(state, key, { kind, turn: record.turn, child: Boolean(data.parent_tool_id) });
    item.text = prose(data.text);
    item.live = false;
    return [key];
  };
}

function ended(outcome) {
  return (state, data, record) => {
    const changed = [];
    for (const item of state.items) {
      if (item.live && item.turn === record.turn) {
        item.live = false;
        item.abandoned = true; // the agent never said it as a whole
        changed.push(item.key);
      }
      if (item.kind === "tool" && item.status === "running" && item.turn === record.turn) {
        item.status = "stopped";
        changed.push(item.key);
      }
    }
    if (state.turn?.id === record.turn) {
      state.turn = null;
    }
    state.cost += data.cost_usd ?? 0;
    const key = `end-${record.turn ?? record.offset}`;
    put(state, key, {
      kind: "end",
      outcome,
      code: exact(data.code ?? data.rule_id ?? ""),
      text: prose(data.message ?? data.reason ?? ""),
      suggestions: (data.suggestions ?? []).map(prose),
      duration: data.duration_ms ?? data.limit_ms ?? null,
      tokens: data.usage ? total(data.usage) : 0,
      cost: data.cost_usd ?? null,
    });
    return [...changed, key];
  };
}

function total(tokens) {
  return (
    (tokens.input_tokens ?? 0) +
    (tokens.output_tokens ?? 0) +
    (tokens.cache_write_tokens ?? 0) +
    (tokens.cache_read_tokens ?? 0)
  );
}

function settle(state, requestId) {
  state.pending = state.pending.filter((id) => id !== requestId);
}

function started(word) {
  return (state, data, record) => {
    return notice(state, `process-${data.generation}`, `${word} · ${data.provider}, process ${data.generation}`);
  };
}

/** What a guard's rule says, in a line. */
function reason(finding) {
  return finding ? exact(`${finding.message} (${finding.rule_id}, ${finding.level})`) : "";
}

function unknown(state, record) {
  return notice(state, `unknown-${record.offset}`, `the agent said something new: ${record.type}`);
}

const HANDLERS = {
  session_started: started("a conversation begins"),
  session_resumed: started("the conversation goes on"),
  session_closed: (state, data, record) => {
    state.closed = true;
    state.turn = null;
    return notice(state, `closed-${record.offset}`, `the session is closed: ${data.reason}`, "warn");
  },
  process_exited: (state, data, record) =>
    data.expected
      ? notice(state, `exit-${record.offset}`, `the agent process ended: ${data.reason}`)
      : notice(state, `exit-${record.offset}`, `the agent process is gone: ${data.reason}`, "warn"),
  agent_session_changed: (state, data, record) =>
    notice(state, `agent-session-${record.offset}`, `the agent began another conversation: ${data.reason}`, "warn"),
  agent_info: (state, data) => {
    state.model = data.model ?? state.model;
    state.mode = data.permission_mode ?? state.mode;
  },
  turn_started: (state, data, record) => {
    state.turn = { id: record.turn, since: record.time };
    const key = `turn-${record.turn}`;
    const text = data.prompt === undefined ? null : exact(data.prompt);
    put(state, key, { kind: "prompt", turn: record.turn, text, origin: data.origin });
    return [key];
  },
  turn_completed: ended("completed"),
  turn_failed: ended("failed"),
  turn_cancelled: ended("cancelled"),
  turn_timed_out: ended("timed out"),
  turn_blocked: ended("blocked"),
  text_delta: piece("text"),
  text: whole("text"),
  thinking_delta: piece("thinking"),
  thinking: whole("thinking"),
  tool_started: (state, data, record) => {
    const key = `tool-${data.tool_id}`;
    const item = put(state, key, { kind: "tool", status: "running", turn: record.turn, progress: "", output: "" });
    Object.assign(item, {
      name: exact(data.name),
      title: exact(data.title ?? ""),
      what: data.kind ?? "other",
      input: data.input ?? {},
      child: Boolean(data.parent_tool_id),
    });
    return [key];
  },
  tool_progress: (state, data) => {
    const key = `tool-${data.tool_id}`;
    const item = state.byKey.get(key);
    if (item) {
      item.progress = exact(data.text);
      return [key];
    }
  },
  tool_completed: (state, data, record) => {
    const key = `tool-${data.tool_id}`;
    const item = put(state, key, { kind: "tool", name: exact(data.name ?? "tool"), input: {}, turn: record.turn });
    item.status = data.is_error ? "failed" : "done";
    item.output = exact(data.output);
    return [key];
  },
  tool_denied: (state, data, record) =>
    notice(state, `denied-${record.offset}`, `${exact(data.tool_name)} was denied: ${reason(data.finding)}`, "warn"),
  guard_bypassed: (state, data, record) =>
    notice(state, `guard-${record.offset}`, `the guard is off until ${data.until}, by ${data.by}: ${data.reason}`, "warn"),
  guard_restored: (state, data, record) =>
    notice(state, `guard-${record.offset}`, `the guard is on again, by ${data.by}`),
  permission_requested: (state, data, record) => {
    const key = `permission-${data.request_id}`;
    state.pending.push(data.request_id);
    put(state, key, {
      kind: "permission",
      requestId: data.request_id,
      tool: exact(data.tool_name),
      input: data.input ?? {},
      text: exact(data.description ?? ""),
      reason: reason(data.finding),
      turn: record.turn,
      resolution: null,
    });
    return [key];
  },
  permission_resolved: (state, data) => {
    const key = `permission-${data.request_id}`;
    settle(state, data.request_id);
    const item = state.byKey.get(key);
    if (item) {
      item.resolution = data.resolution;
      item.by = exact(data.by ?? "");
      item.message = exact(data.message ?? "");
      return [key];
    }
  },
  question_asked: (state, data, record) => {
    const key = `question-${data.request_id}`;
    state.pending.push(data.request_id);
    put(state, key, {
      kind: "question",
      requestId: data.request_id,
      turn: record.turn,
      questions: (data.questions ?? []).map((question) => ({
        // as it came: an answer is found by it
        key: question.question,
        question: exact(question.question),
        header: exact(question.header ?? ""),
        multiple: Boolean(question.multi_select),
        options: (question.options ?? []).map((option) => ({
          key: option.label,
          label: exact(option.label),
          description: exact(option.description ?? ""),
        })),
      })),
      answers: null,
    });
    return [key];
  },
  question_answered: (state, data) => {
    const key = `question-${data.request_id}`;
    settle(state, data.request_id);
    const item = state.byKey.get(key);
    if (item) {
      item.answers = data.answers ?? {};
      item.by = exact(data.by ?? "");
      return [key];
    }
  },
  retrying: (state, data, record) =>
    notice(
      state,
      `retry-${record.offset}`,
      `the agent tries again, ${data.attempt} of ${data.max_attempts}: ${data.reason}`,
      "warn",
    ),
  rate_limited: (state, data, record) =>
    data.status === "allowed"
      ? []
      : notice(state, `limit-${record.offset}`, `the vendor limits the rate: ${data.message || data.status}`, "warn"),
  compacted: (state, data, record) => notice(state, `compacted-${record.offset}`, "the agent shortened the conversation"),
  model_changed: (state, data, record) => {
    state.model = data.model;
    return notice(state, `model-${record.offset}`, `${data.model} answers from here on`);
  },
  permission_mode_changed: (state, data, record) => {
    state.mode = data.mode;
    return notice(state, `mode-${record.offset}`, `the permission mode is ${data.mode} from here on`);
  },
  usage: (state, data) => {
    state.tokens += total(data.tokens ?? {});
    state.model = data.model ?? state.model;
  },
  raw: () => [],
};
