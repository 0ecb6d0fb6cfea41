// The connection to the gateway: one WebSocket, opened with a ticket for one use, opened again when it drops.

const FIRST_DELAY_MILLIS = 500;
const LONGEST_DELAY_MILLIS = 10_000;
/** How long an answer to a request may take. */
const REPLY_MILLIS = 30_000;

/** How long to wait before the next try; a little of it is chance, so that not all clients come back at once. */
export function delay(failures, chance = Math.random()) {
  const full = Math.min(LONGEST_DELAY_MILLIS, FIRST_DELAY_MILLIS * 2 ** Math.min(failures, 10));
  return Math.round(full * (0.75 + chance / 2));
}

export class Gateway {
  #listener;
  #token = null;
  #socket = null;
  #failures = 0;
  #timer = 0;
  #replies = new Map();
  #longest = Infinity;
  #next = 1;

  up = false;

  /**
   * @param listener link(up, text), unauthorized(text), hello(frame), attached(frame), records(list),
   *   reset(session, oldest), lost(session, text), problem(text)
   */
  constructor(listener) {
    this.#listener = listener;
  }

  connect(token) {
    this.close();
    this.#token = token;
    this.#failures = 0;
    void this.#open();
  }

  close() {
    this.#token = null;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
    this.#drop("not connected");
  }

  async #open() {
    const token = this.#token;
    this.#listener.link(false, "connecting …");
    let ticket;
    try {
      ticket = (await this.#http("POST", "v1/tickets")).ticket;
    } catch (error) {
      if (error instanceof Refused) {
        this.#token = null;
        this.#listener.link(false, "not connected");
        this.#listener.unauthorized("The server does not accept this token.");
        return;
      }
      this.#later();
      return;
    }
    if (this.#token !== token) {
      return; // signed out meanwhile
    }
    const url = new URL("ws/v2", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.hash = "";
    url.searchParams.set("ticket", ticket);
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    socket.onclose = () => {
      if (this.#socket === socket) {
        this.#drop("connection lost");
        this.#later();
      }
    };
  }

  #later() {
    if (this.#token !== null) {
      const millis = delay(this.#failures++);
      this.#listener.link(false, `offline, trying again in ${Math.ceil(millis / 1000)} s`);
      this.#timer = setTimeout(() => void this.#open(), millis);
    }
  }

  #drop(text) {
    this.#socket = null;
    this.up = false;
    for (const reply of this.#replies.values()) {
      reply.reject(new Error("The connection was lost before the server answered."));
    }
    this.#replies.clear();
    this.#listener.link(false, text);
  }

  #receive(frame) {
    const reply = this.#replies.get(frame.ref);
    switch (frame.type) {
      case "hello":
        this.up = true;
        this.#failures = 0;
        this.#longest = frame.limits?.message_bytes ?? Infinity;
        this.#listener.link(true, "connected");
        this.#listener.hello(frame);
        break;
      case "attached":
        this.#listener.attached(frame);
        reply?.resolve(frame);
        break;
      case "events":
        this.#listener.records(frame.events);
        break;
      case "reset":
        this.#listener.reset(frame.session, frame.oldest);
        break;
      case "error":
        if (reply) {
          reply.reject(Object.assign(new Error(frame.message), { retryable: frame.retryable }));
        } else if (frame.session) {
          this.#listener.lost(frame.session, frame.message); // and is not attached any more
        } else {
          this.#listener.problem(frame.message);
        }
        break;
      case "draining":
        this.#listener.link(true, "the server is stopping");
        break;
      default:
        reply?.resolve(frame);
    }
  }

  #request(frame) {
    return new Promise((resolve, reject) => {
      if (!this.up) {
        reject(new Error("There is no connection at the moment."));
        return;
      }
      const ref = String(this.#next++);
      const text = JSON.stringify({ ...frame, ref });
      if (new Blob([text]).size > this.#longest) {
        reject(new Error("This is longer than the server takes."));
        return;
      }
      const timer = setTimeout(() => {
        this.#replies.delete(ref);
        reject(new Error("The server did not answer in time."));
      }, REPLY_MILLIS);
      const settled = (settle) => (value) => {
        clearTimeout(timer);
        this.#replies.delete(ref);
        settle(value);
      };
      this.#replies.set(ref, { resolve: settled(resolve), reject: settled(reject) });
      this.#socket.send(text);
    });
  }

  async #http(method, path) {
    const response = await fetch(path, {
      method,
      headers: { Authorization: `Bearer ${this.#token}`, "Content-Type": "application/json" },
      body: method === "POST" ? "{}" : undefined,
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(REPLY_MILLIS),
    });
    if (response.status === 401 || response.status === 403) {
      throw new Refused("The server does not accept this token.");
    }
    if (!response.ok) {
      throw new Error(`The server answered with status ${response.status}.`);
    }
    return response.json();
  }

  async list() {
    return (await this.#http("GET", "v1/sessions")).sessions;
  }

  create(spec) {
    return this.#request({ type: "open", spec });
  }

  attach(session, after) {
    return this.#request({ type: "attach", session, after });
  }

  detach(session) {
    return this.#request({ type: "detach", session });
  }

  prompt(session, id, text) {
    return this.#request({ type: "prompt", session, id, text });
  }

  interrupt(session) {
    return this.#request({ type: "interrupt", session });
  }

  answer(session, request, content) {
    return this.#request({ type: "answer", session, request, ...content });
  }
}

class Refused extends Error {}
