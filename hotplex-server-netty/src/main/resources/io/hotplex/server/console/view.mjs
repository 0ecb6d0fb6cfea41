// Shows the items of a session. What comes from agents gets into the page as text nodes, never as markup.

import { blocks, cost, count, cut, duration, exact, summary } from "./text.mjs";

/** An element with attributes and children; strings become text nodes, what is null is left out. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * Keeps a list in step with items. Live text grows in place; everything else is made anew when it changed.
 *
 * @param list the element that shows them
 * @param actions what buttons do: allow, deny, always, answer, decline
 */
export class ItemList {
  constructor(list, actions) {
    this.list = list;
    this.actions = actions;
    this.shown = new Map();
    this.epoch = 0;
  }

  clear() {
    this.list.replaceChildren();
    this.shown.clear();
  }

  /** Brings some items up to date, and takes those away that the state no longer has. */
  update(state, keys) {
    if (this.epoch !== state.epoch) {
      this.clear();
      this.epoch = state.epoch;
    }
    for (const key of keys) {
      const item = state.byKey.get(key);
      if (item) {
        this.show(item);
      }
    }
    while (this.list.childElementCount > state.items.length) {
      const oldest = this.list.firstElementChild;
      this.shown.delete(oldest.dataset.key);
      oldest.remove();
    }
  }

  show(item) {
    const known = this.shown.get(item.key);
    if (known?.grow && item.live) {
      known.grow(item);
      return;
    }
    const made = RENDERERS[item.kind](item, this.actions);
    made.element.classList.add(`item-${item.kind}`);
    made.element.classList.toggle("child", Boolean(item.child));
    made.element.dataset.key = item.key;
    if (known) {
      const focused = known.element.contains(document.activeElement);
      const open = known.element.querySelector("details")?.open;
      const details = made.element.querySelector("details");
      if (details && open !== undefined && !known.grow) {
        details.open = open; // what was open while it was written closes with its end
      }
      known.element.replaceWith(made.element);
      if (focused) {
        (made.element.querySelector("summary") ?? document.getElementById("prompt")).focus();
      }
    } else {
      this.list.append(made.element);
    }
    this.shown.set(item.key, made);
  }
}

/** Text that is still being written: one text node that grows, up to what is shown at all. */
function growing(element, item) {
  const node = document.createTextNode("");
  element.append(node);
  let taken = 0;
  const grow = (now) => {
    const { shown } = cut(now.text);
    if (shown.length > taken) {
      node.appendData(shown.slice(taken));
      taken = shown.length;
    }
  };
  grow(item);
  return grow;
}

function remainder(more) {
  return more > 0 ? h("p", { class: "hint" }, `… and ${more.toLocaleString("en")} more characters`) : null;
}

function spoken(text) {
  const { shown, more } = cut(text);
  return [...blocks(shown).map(block), remainder(more)];
}

function block(found) {
  if (found.type === "code") {
    return h("pre", { class: "code" }, h("code", null, found.text));
  }
  if (found.type === "item") {
    return h("div", { class: `item d${found.depth}` }, h("span", null, found.bullet), h("span", null, spans(found)));
  }
  return h(found.type === "heading" ? "div" : "p", { class: found.type }, spans(found));
}

function spans(found) {
  return found.spans.map((span) =>
    span.type === "text" ? span.text : h(span.type === "code" ? "code" : "strong", null, span.text),
  );
}

function plain(text) {
  const { shown, more } = cut(text);
  return [h("pre", { tabindex: "0" }, shown), remainder(more)];
}

function json(value) {
  return exact(JSON.stringify(value, null, 2));
}

const MARKS = { running: "●", done: "✓", failed: "✗", stopped: "◌" };

const RENDERERS = {
  prompt(item) {
    const bubble =
      item.text !== null
        ? h("div", { class: "bubble", dir: "auto" }, cut(item.text, 4_000).shown)
        : h("div", { class: "bubble unknown" }, item.origin === "agent" ? "the agent goes on by itself" : "a prompt");
    return { element: h("li", null, bubble) };
  },

  text(item) {
    if (item.live) {
      const said = h("div", { class: "said live", dir: "auto" });
      const grow = growing(said, item);
      return { element: h("li", null, said), grow };
    }
    const said = h("div", { class: "said", dir: "auto" }, spoken(item.text));
    said.classList.toggle("abandoned", Boolean(item.abandoned));
    return { element: h("li", null, said) };
  },

  thinking(item) {
    const said = h("div", { class: "said", dir: "auto" });
    const details = h("details", { open: Boolean(item.live) }, h("summary", null, "Thinking"), said);
    if (item.live) {
      const grow = growing(said, item);
      return { element: h("li", null, details), grow };
    }
    const { shown, more } = cut(item.text);
    said.append(shown, ...[remainder(more)].filter(Boolean));
    return { element: h("li", null, details) };
  },

  tool(item) {
    const what = summary(item.input) || item.title || "";
    const details = h(
      "details",
      null,
      h(
        "summary",
        null,
        h("span", { class: `mark-${item.status}`, title: item.status, role: "img", "aria-label": item.status },
          MARKS[item.status]),
        h("span", { class: "name" }, cut(item.name, 100).shown),
        h("span", { class: "what" }, what),
      ),
      h(
        "div",
        { class: "body" },
        h("h3", null, "Input"),
        plain(json(item.input)),
        item.output ? [h("h3", null, "Output"), plain(item.output)] : null,
        !item.output && item.progress ? [h("h3", null, "So far"), plain(item.progress)] : null,
      ),
    );
    return { element: h("li", null, details) };
  },

  permission(item, actions) {
    if (item.resolution) {
      const mark = { allowed: "✓", denied: "✗" }[item.resolution] ?? "◌";
      return {
        element: h(
          "li",
          { class: "settled" },
          h("span", { class: `mark-${item.resolution}`, "aria-hidden": "true" }, mark),
          ` ${cut(item.tool, 100).shown} was ${item.resolution}`,
          item.message ? h("p", { class: "hint", dir: "auto" }, cut(item.message, 500).shown) : null,
        ),
      };
    }
    const card = h(
      "div",
      { class: "card", role: "group", "aria-label": `Permission for ${item.tool}` },
      h("p", null, "The agent wants to use ", h("strong", null, cut(item.tool, 100).shown)),
      item.text ? h("p", null, cut(item.text, 2_000).shown) : null,
      item.reason ? h("p", { class: "reason", dir: "auto" }, cut(item.reason, 500).shown) : null,
      plain(typeof item.input.command === "string" ? exact(item.input.command) : json(item.input)),
      h(
        "div",
        { class: "row" },
        h("button", { type: "button", class: "primary", onclick: () => actions.allow(item.requestId) }, "Allow"),
        h("button", { type: "button", onclick: () => actions.always(item.requestId) }, "Allow for this session"),
        h("button", { type: "button", class: "danger", onclick: () => actions.deny(item.requestId) }, "Deny"),
      ),
    );
    return { element: h("li", null, card) };
  },

  question(item, actions) {
    if (item.answers) {
      const said = item.questions.map((question) => {
        const given = [item.answers[question.key] ?? []].flat();
        return `${question.question} — ${given.length > 0 ? exact(given.join(", ")) : "no answer"}`;
      });
      return { element: h("li", { class: "settled" }, said.map((line) => h("p", { dir: "auto" }, line))) };
    }
    const form = h(
      "form",
      { class: "card", onsubmit: (event) => {
        event.preventDefault();
        actions.answer(item.requestId, answers(event.target, item.questions));
      } },
      item.questions.map((question, index) =>
        h(
          "fieldset",
          null,
          h("legend", { dir: "auto" }, question.question),
          question.options.map((option, at) =>
            h(
              "label",
              null,
              h("input", { type: question.multiple ? "checkbox" : "radio", name: `q${index}`, value: String(at) }),
              h("span", { dir: "auto" }, option.label, " ", h("small", null, option.description)),
            ),
          ),
          question.options.length === 0 ? h("input", { type: "text", name: `q${index}`, "aria-label": "Answer" }) : null,
        ),
      ),
      h(
        "div",
        { class: "row" },
        h("button", { type: "submit", class: "primary" }, "Answer"),
        h("button", { type: "button", onclick: () => actions.decline(item.requestId) }, "Decline"),
      ),
    );
    return { element: h("li", null, form) };
  },

  notice(item) {
    return { element: h("li", { class: item.level }, h("span", { dir: "auto" }, cut(item.text, 500).shown)) };
  },

  end(item) {
    const good = item.outcome === "completed";
    const facts = [
      good ? null : item.outcome,
      item.code || null,
      item.duration === null ? null : duration(item.duration),
      item.tokens ? `${count(item.tokens)} tokens` : null,
      item.cost ? cost(item.cost) : null,
    ].filter(Boolean);
    const bad = !good && item.outcome !== "cancelled";
    return {
      element: h(
        "li",
        { class: bad ? "bad" : null },
        h("span", { class: "mark-end" }, good ? "✓" : item.outcome === "cancelled" ? "◌" : "✗"),
        facts.join(" · "),
        item.text ? h("p", { dir: "auto" }, cut(item.text, 2_000).shown) : null,
        item.suggestions.length > 0 ? h("p", { class: "hint" }, item.suggestions.join(" ")) : null,
      ),
    };
  },
};

/** What was chosen or written, by question. */
function answers(form, questions) {
  const given = {};
  questions.forEach((question, index) => {
    const chosen = [...form.elements]
      .filter((input) => input.name === `q${index}`)
      .filter((input) => input.type === "text" || input.checked)
      .map((input) => (input.type === "text" ? input.value : question.options[Number(input.value)].key));
    if (chosen.length > 0) {
      given[question.key] = chosen;
    }
  });
  return given;
}
