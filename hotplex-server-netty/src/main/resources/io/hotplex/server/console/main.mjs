// The page: puts token, connection, sessions and the shown session together.

import { delay, Gateway } from "./gateway.mjs";
import * as model from "./model.mjs";
import { cost, count, exact } from "./text.mjs";
import { h, ItemList } from "./view.mjs";

const TOKEN = "hotplex.token";
const LIST_EVERY_MILLIS = 5_000;

const $ = (id) => document.getElementById(id);

const states = new Map(); // of the sessions that were looked at, by id
let sessions = [];
let shown = null; // id
let dirty = new Set();
let frame = 0;
let providers = [];
let failures = 0; // to go on with the one that is shown, in a row
let listed = ""; // what the list of sessions says of the one that is shown

const items = new ItemList($("items"), {
  allow: (request) => answer(request, { allow: true, scope: "once" }),
  always: (request) => answer(request, { allow: true, scope: "session" }),
  deny: (request) => answer(request, { allow: false, message: "Denied by the user." }),
  answer: (request, answers) => answer(request, { answers }),
  decline: (request) => answer(request, { answers: {} }),
});

const gateway = new Gateway({
  link(up, text) {
    $("link").textContent = text;
    $("link").className = `link ${up ? "up" : "down"}`;
    composer();
  },
  unauthorized(text) {
    sessionStorage.removeItem(TOKEN);
    askForToken(text);
  },
  hello(hello) {
    providers = hello.providers ?? [];
    problem("");
    void refresh();
    if (shown) {
      attach(shown);
    }
  },
  attached(frame) {
    changed(frame.session, (state) => model.attached(state, frame.offset, frame.snapshot));
  },
  records(records) {
    for (const record of records) {
      changed(record.session, (state) => model.apply(state, record));
      if (record.session === shown) {
        announce(record);
      }
    }
  },
  reset(session, oldest) {
    changed(session, (state) => model.reset(state, oldest));
  },
  lost(session, text) {
    if (session === shown) {
      problem(text);
      attachLater(session);
    }
  },
  problem,
});

function changed(session, change) {
  const state = states.get(session);
  if (state) {
    const keys = change(state);
    if (session === shown) {
      keys.forEach((key) => dirty.add(key));
      schedule();
    }
  }
}

// --- what is shown -------------------------------------------------------------------------------------------------

function show(id) {
  if (shown === id) {
    return;
  }
  if (shown && gateway.up) {
    gateway.detach(shown).catch(() => {}); // it may have ended by itself
  }
  shown = id;
  if (!states.has(id)) {
    states.set(id, model.empty(id));
  }
  const state = states.get(id);
  items.clear();
  dirty = new Set(state.items.map((item) => item.key));
  if (gateway.up) {
    attach(id);
  }
  history.replaceState(null, "", `#${encodeURIComponent(id)}`);
  problem("");
  paint();
  $("scroll").scrollTop = $("scroll").scrollHeight;
  listSessions();
}

async function attach(id) {
  try {
    await gateway.attach(id, states.get(id).offset);
    failures = 0;
  } catch (error) {
    if (id === shown) {
      problem(error.message);
      if (error.retryable) {
        attachLater(id);
      }
    }
  }
}

/** The server cannot tell more of the session at the moment. A connection that is lost meanwhile attaches by itself. */
function attachLater(id) {
  setTimeout(() => {
    if (id === shown && gateway.up) {
      problem("");
      void attach(id);
    }
  }, delay(failures++));
}

/** At most once per frame, however many events come. */
function schedule() {
  frame ||= requestAnimationFrame(paint);
}

function paint() {
  cancelAnimationFrame(frame);
  frame = 0;
  const state = states.get(shown);
  $("welcome").hidden = Boolean(state);
  if (!state) {
    return;
  }
  const follows = atEnd();
  items.update(state, dirty);
  dirty = new Set();
  if (follows) {
    $("scroll").scrollTop = $("scroll").scrollHeight;
  }
  $("newest").hidden = atEnd();
  $("older").hidden = state.dropped === 0;
  $("older").textContent = `${state.dropped} older entries are not shown`;
  $("title").textContent = exact(state.id);
  $("facts").textContent = [
    exact(state.model),
    state.tokens ? `${count(state.tokens)} tokens` : "",
    state.cost ? cost(state.cost) : "",
  ].filter(Boolean).join(" · ");
  composer();
  const status = `${model.idle(state)} ${state.pending.length}`;
  if (status !== listed) {
    listed = status;
    listSessions();
  }
}

function atEnd() {
  const scroll = $("scroll");
  return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 48;
}

function composer() {
  const state = states.get(shown);
  const usable = Boolean(state) && !state.closed && gateway.up;
  const running = Boolean(state?.turn);
  $("prompt").disabled = !usable;
  $("prompt").placeholder = state?.closed ? "This session is closed" : running ? "Ask the next question" : "Ask the agent";
  $("send").disabled = !usable || $("prompt").value.trim() === "";
  $("send").textContent = running ? "Queue" : "Send";
  $("interrupt").hidden = !running;
  $("interrupt").disabled = !usable;
}

/** For those who cannot see it. */
function announce(record) {
  const words = {
    permission_requested: () => `The agent asks for a permission: ${exact(record.data.tool_name)}`,
    question_asked: () => "The agent asks a question",
    turn_completed: () => "The agent answered",
    turn_failed: () => "The turn failed",
    turn_cancelled: () => "The turn was interrupted",
    turn_timed_out: () => "The turn timed out",
    turn_blocked: () => "The prompt was blocked",
  }[record.type];
  if (words) {
    $("say").textContent = words();
  }
}

function problem(text) {
  $("problem").textContent = text;
}

// --- sessions ------------------------------------------------------------------------------------------------------

async function refresh() {
  try {
    sessions = await gateway.list();
    listSessions();
  } catch (error) {
    problem(error.message);
  }
}

function listSessions() {
  const focused = document.activeElement?.closest("#sessions button")?.dataset.id;
  const known = sessions.some((session) => session.id === shown) || !shown ? sessions : [{ id: shown }, ...sessions];
  $("sessions").replaceChildren(...known.map(entry));
  $("no-sessions").hidden = known.length > 0;
  if (focused) {
    [...$("sessions").querySelectorAll("button")].find((button) => button.dataset.id === focused)?.focus();
  }
}

function entry(session) {
  const state = session.id === shown ? states.get(session.id) : undefined;
  const busy = state ? !model.idle(state) : Boolean(session.running_turn);
  const [look, word] =
    state?.pending.length > 0 ? ["asks", "asks"]
    : busy ? ["busy", "works"]
    : session.state === "ready" ? ["ready", "ready"]
    : ["", session.closed ? "closed" : "rests"];
  return h(
    "li",
    null,
    h(
      "button",
      { type: "button", "data-id": session.id, "aria-current": session.id === shown ? "true" : null,
        onclick: () => show(session.id) },
      h("span", { class: `dot ${look}`, "aria-hidden": "true" }),
      h("span", { class: "name", dir: "auto" }, exact(session.id)),
      h("span", { class: "sub" }, [exact(session.provider ?? ""), word].filter(Boolean).join(" · ")),
    ),
  );
}

// --- what the user does --------------------------------------------------------------------------------------------

async function answer(request, content) {
  try {
    await gateway.answer(shown, request, content);
  } catch (error) {
    problem(error.message);
  }
}

async function send(text) {
  try {
    problem("");
    await gateway.prompt(shown, crypto.randomUUID(), text);
  } catch (error) {
    problem(error.message);
    $("prompt").value ||= text;
    composer();
  }
}

async function interrupt() {
  const state = states.get(shown);
  if (state?.turn) {
    try {
      await gateway.interrupt(shown);
    } catch (error) {
      problem(error.message);
    }
  }
}

function askForToken(text = "") {
  $("token-error").textContent = text;
  if (!$("token-dialog").open) {
    $("token-dialog").showModal();
  }
}

function askForSession() {
  $("new-error").textContent = "";
  $("new-id").value = `talk-${Math.random().toString(36).slice(2, 7)}`;
  $("new-provider").replaceChildren(...providers.map((name) => h("option", { value: name }, exact(name))));
  $("new-dialog").showModal();
  $("new-id").select();
}

$("token-dialog").addEventListener("cancel", (event) => event.preventDefault()); // without a token there is nothing
$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = $("token").value.trim();
  $("token").value = "";
  if (token !== "") {
    store(TOKEN, token);
    $("token-dialog").close();
    gateway.connect(token);
  }
});

$("new-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const spec = { id: $("new-id").value.trim(), provider: $("new-provider").value };
  const directory = $("new-dir").value.trim();
  try {
    await gateway.create(directory === "" ? spec : { ...spec, work_dir: directory });
    $("new-dialog").close();
    show(spec.id);
    void refresh();
    $("prompt").focus();
  } catch (error) {
    $("new-error").textContent = error.message;
  }
});
$("new-cancel").addEventListener("click", () => $("new-dialog").close());
$("new").addEventListener("click", askForSession);
$("welcome-new").addEventListener("click", askForSession);

$("forget").addEventListener("click", () => {
  gateway.close();
  sessionStorage.clear();
  location.replace(location.pathname);
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("prompt").value;
  if (text.trim() !== "" && !$("send").disabled) {
    $("prompt").value = "";
    composer();
    void send(text);
  }
});
$("prompt").addEventListener("input", composer);
$("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});
$("interrupt").addEventListener("click", () => void interrupt());
$("newest").addEventListener("click", () => ($("scroll").scrollTop = $("scroll").scrollHeight));
$("scroll").addEventListener("scroll", () => ($("newest").hidden = atEnd()));

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const writing = event.target.matches("input, textarea, select");
  if (event.key === "Escape") {
    void interrupt();
  } else if (event.key === "/" && !writing && !$("prompt").disabled) {
    event.preventDefault();
    $("prompt").focus();
  } else if (event.key === "n" && !writing && gateway.up) {
    event.preventDefault();
    askForSession();
  }
});

setInterval(() => {
  if (gateway.up && !document.hidden) {
    void refresh();
  }
}, LIST_EVERY_MILLIS);

function stored(key, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function store(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // full or forbidden: then a reload asks again
  }
}

// --- start ---------------------------------------------------------------------------------------------------------

const token = stored(TOKEN, null);
if (token) {
  gateway.connect(token);
} else {
  askForToken();
}
if (location.hash.length > 1) {
  show(decodeURIComponent(location.hash.slice(1)));
}
