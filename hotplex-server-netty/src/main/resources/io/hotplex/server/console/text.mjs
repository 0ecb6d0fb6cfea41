// Text of agents, made fit to be looked at. Pure functions.

/** Longest text that a block shows; the journal has the rest. */
export const MAX_SHOWN = 100_000;

const OVERRIDES = /[\u202A-\u202E\u2066-\u2069]/g;
const INVISIBLE = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/g;

function named(character) {
  return `‹U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}›`;
}

/** Prose: letters of any script, but nothing that makes a line read in another order than it is written. */
export function prose(text) {
  return String(text ?? "").replace(OVERRIDES, named);
}

/** What somebody decides by, such as a command: every character that cannot be seen is named. */
export function exact(text) {
  return String(text ?? "").replace(/\r\n/g, "\n").replace(INVISIBLE, named);
}

/** The beginning of a text, and how many characters are left out. */
export function cut(text, limit = MAX_SHOWN) {
  if (text.length <= limit) {
    return { shown: text, more: 0 };
  }
  // not through the middle of a pair
  const end = /[\uD800-\uDBFF]/.test(text[limit - 1]) ? limit - 1 : limit;
  return { shown: text.slice(0, end), more: text.length - end };
}

/** Durations for people: 0.4 s, 12 s, 3 min 20 s. */
export function duration(millis) {
  if (millis < 9_950) {
    return `${(millis / 1000).toFixed(1)} s`;
  }
  const seconds = Math.round(millis / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Numbers of tokens: 812, 3.4k, 1.2M. */
export function count(number) {
  if (number < 1_000) {
    return String(number);
  }
  return number < 999_500 ? `${(number / 1_000).toFixed(number < 9_950 ? 1 : 0)}k` : `${(number / 1e6).toFixed(1)}M`;
}

/** Costs: $0.0042, $1.20. */
export function cost(dollars) {
  return `$${dollars.toFixed(dollars < 0.1 ? 4 : 2)}`;
}

/** The line that says in short what a tool is called with. */
export function summary(input) {
  if (!input || typeof input !== "object") {
    return "";
  }
  for (const key of ["command", "file_path", "path", "pattern", "url", "query", "description", "prompt"]) {
    if (typeof input[key] === "string" && input[key] !== "") {
      return cut(exact(input[key].split("\n", 1)[0]), 200).shown;
    }
  }
  return "";
}

/**
 * Takes the few marks of Markdown apart that agents write all the time: fenced code, headings, lists, `code` and
 * **strong**. What it does not know stays as it is written.
 *
 * @returns blocks: {type: "code"|"heading"|"item"|"paragraph", text, spans}
 */
export function blocks(text) {
  const found = [];
  let open = null;
  let paragraph = [];
  const flush = () => {
    if (paragraph.length > 0) {
      found.push({ type: "paragraph", spans: spans(paragraph.join("\n")) });
      paragraph = [];
    }
  };
  let indented = false; // whether code may begin by being indented: behind an empty line, and not in a list
  for (const line of text.split("\n")) {
    const fence = /^\s*(`{3,}|~{3,})\s*([\w+#.-]*)[^`]*$/.exec(line);
    if (open) {
      if (fence && fence[2] === "" && fence[1].startsWith(open.fence)) {
        found.push({ type: "code", language: open.language, text: open.lines.join("\n") });
        open = null;
      } else {
        open.lines.push(line);
      }
    } else if (indented && /^( {4}|\t)/.test(line)) {
      const last = found.at(-1);
      const code = line.replace(/^( {4}|\t)/, "");
      if (last?.indented) {
        last.text += `\n${code}`;
      } else {
        found.push({ type: "code", language: "", indented: true, text: code });
      }
      continue; // the next line may belong to it
    } else if (fence) {
      flush();
      open = { fence: fence[1], language: fence[2], lines: [] };
    } else if (/^#{1,6}\s/.test(line)) {
      flush();
      found.push({ type: "heading", spans: spans(line.replace(/^#+\s+/, "")) });
    } else if (/^\s*([-*]|\d{1,3}[.)])\s+/.test(line)) {
      flush();
      const [, indent, mark, rest] = /^(\s*)([-*]|\d{1,3}[.)])\s+(.*)$/.exec(line);
      const bullet = /\d/.test(mark) ? mark : "•";
      found.push({ type: "item", depth: Math.min(3, indent.length >> 1), bullet, spans: spans(rest) });
    } else if (line.trim() === "") {
      flush();
    } else {
      paragraph.push(line);
    }
    indented = !open && line.trim() === "" && found.at(-1)?.type !== "item";
  }
  if (open) {
    found.push({ type: "code", language: open.language, text: open.lines.join("\n") });
  }
  flush();
  return found;
}

/** Inline marks: {type: "text"|"code"|"strong", text}. */
export function spans(text) {
  const found = [];
  let rest = text;
  while (rest !== "") {
    const match = /`([^`\n]+)`|\*\*([^*\n]+)\*\*/.exec(rest);
    if (!match) {
      found.push({ type: "text", text: rest });
      break;
    }
    if (match.index > 0) {
      found.push({ type: "text", text: rest.slice(0, match.index) });
    }
    found.push(match[1] !== undefined ? { type: "code", text: match[1] } : { type: "strong", text: match[2] });
    rest = rest.slice(match.index + match[0].length);
  }
  return found;
}
