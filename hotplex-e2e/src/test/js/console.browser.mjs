// The page in a real browser, against a real server. Run by ConsoleIT; everything that it needs comes by environment.

import assert from "node:assert/strict";
import net from "node:net";
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../../package.json", import.meta.url))("playwright-core");

const { CONSOLE_HOST, CONSOLE_PORT, CONSOLE_TOKEN, CONSOLE_WORK, PROFILE, CONSOLE_SHOTS, CHROMIUM } = process.env;
const LIMIT = Number(process.env.CONSOLE_LIMIT ?? 30_000);

/** Lets the connection of the page be cut, which a server that is well never does. */
const cuttable = new Set();
const proxy = net.createServer((near) => {
  const far = net.connect(Number(CONSOLE_PORT), CONSOLE_HOST);
  for (const [one, other] of [[near, far], [far, near]]) {
    cuttable.add(one);
    one.pipe(other);
    one.on("error", () => other.destroy());
    one.on("close", () => {
      cuttable.delete(one);
      other.destroy();
    });
  }
});
await new Promise((listening) => proxy.listen(0, "127.0.0.1", listening));
const url = `http://127.0.0.1:${proxy.address().port}/`;

const context = await chromium.launchPersistentContext(PROFILE, {
  executablePath: CHROMIUM,
  viewport: { width: 1200, height: 900 },
  colorScheme: "light",
  // without the background services a browser on a closed network is quiet
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const complaints = [];
const failed = []; // what comes after a failure is tried all the same
let refusalsExpected = false;
const page = await context.newPage();
page.setDefaultTimeout(LIMIT);
page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
page.on("console", (message) => {
  if (message.type() === "error" && !refusalsExpected) {
    complaints.push(`console: ${message.text()}`);
  }
});
await page.exposeFunction("tellViolation", (text) => complaints.push(`policy: ${text}`));
await page.addInitScript(() => {
  addEventListener("securitypolicyviolation", (event) => window.tellViolation(`${event.violatedDirective} ${event.blockedURI}`));
});

const step = async (name, body) => {
  const from = Date.now();
  try {
    await body();
    console.log(`ok ${name} (${Date.now() - from} ms)`);
  } catch (error) {
    await page.screenshot({ path: `${CONSOLE_SHOTS}/failed.png` }).catch(() => {});
    console.log(`not ok ${name}: ${error.stack}`);
    failed.push(name);
  }
};
const shows = (text) => page.locator("#items").getByText(text).first().waitFor();
const ends = (count) => page.waitForFunction((n) => document.querySelectorAll(".item-end").length === n, count);
const transcript = () => page.locator("#items > li").allInnerTexts();
const ask = async (text) => {
  await page.locator("#prompt:enabled").waitFor();
  await page.keyboard.press("/");
  await page.locator("#prompt").fill(text);
  await page.keyboard.press("Enter");
};
const begin = async (id, provider) => {
  await page.locator("#title").click(); // out of the prompt
  await page.keyboard.press("n");
  await page.locator("#new-id").fill(id);
  await page.locator("#new-provider").selectOption(provider);
  await page.locator("#new-dir").fill(CONSOLE_WORK);
  await page.keyboard.press("Enter");
  await page.locator("#title", { hasText: id }).waitFor();
};

try {
  await step("a wrong token is refused", async () => {
    refusalsExpected = true;
    await page.goto(url);
    await page.locator("#token").fill("not-the-token-of-this-server");
    await page.keyboard.press("Enter");
    await page.getByText("does not accept this token").waitFor();
    refusalsExpected = false;
  });

  await step("the right one connects", async () => {
    await page.locator("#token").fill(CONSOLE_TOKEN);
    await page.keyboard.press("Enter");
    await page.locator("#link", { hasText: "connected" }).waitFor();
    assert.equal(page.url().includes(CONSOLE_TOKEN), false);
  });

  await step("a session is made and answers, by keyboard", async () => {
    await begin("tour", "demo");
    await ask("think about it");
    await page.locator(".item-thinking").waitFor();
    await shows("You said: think about it");
    await ends(1);
    await page.locator(".item-end", { hasText: "tokens" }).waitFor();
  });

  await step("a permission is asked for, and given by keyboard", async () => {
    await ask("use a tool");
    const allow = page.getByRole("button", { name: "Allow", exact: true });
    await allow.waitFor();
    await page.screenshot({ path: `${CONSOLE_SHOTS}/console.png` });
    await allow.focus();
    await page.keyboard.press("Enter");
    await shows("ListFiles was allowed");
    await page.locator(".item-text", { hasText: "a-file-of-the-work-directory" }).waitFor();
    await ends(2);
    await page.locator(".item-tool summary").last().click();
    await page.locator(".item-tool pre", { hasText: "a-file-of-the-work-directory" }).waitFor();
    await page.locator(".item-tool summary").last().click(); // as it will be after a reload
  });

  await step("a turn is interrupted", async () => {
    await ask("tell me more ".repeat(150));
    await page.locator(".said.live").waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".item-end", { hasText: "cancelled" }).waitFor();
    await page.locator("#interrupt").waitFor({ state: "hidden" });
  });

  await step("after a reload everything is there again", async () => {
    const before = await transcript();
    await page.reload();
    await page.locator("#link", { hasText: "connected" }).waitFor();
    await ends(3);
    assert.deepEqual(await transcript(), before);
  });

  await step("a connection that drops in mid-turn loses nothing", async () => {
    await ask("one two three four ".repeat(60));
    await page.locator(".said.live").waitFor();
    cuttable.forEach((socket) => socket.destroy());
    refusalsExpected = true;
    await page.locator("#link", { hasText: /trying again|lost/ }).waitFor();
    await page.locator("#link", { hasText: "connected" }).waitFor();
    refusalsExpected = false;
    await ends(4);
    const before = await transcript();
    await page.reload();
    await page.locator("#link", { hasText: "connected" }).waitFor();
    await ends(4);
    assert.deepEqual(await transcript(), before);
  });

  await step("what an agent writes is never markup", async () => {
    await begin("hostile", "scripted");
    const markup = `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script><a href="javascript:alert(1)">x</a>`;
    await ask(`${markup} \u202Ehidden\u202C`);
    await shows("<img src=x onerror=");
    await ends(1);
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.locator("#items img, #items script, #items a").count(), 0);
    await shows("‹U+202E›hidden");
  });

  await step("what is decided by shows what cannot be seen", async () => {
    await ask('ASK\nTOOL Bash {"command": "rm -rf \u202E/tmp/\u200Bharmless"}');
    await page.locator(".card pre", { hasText: "rm -rf ‹U+202E›/tmp/‹U+200B›harmless" }).waitFor();
    await page.getByRole("button", { name: "Deny" }).click();
    await shows("Bash was denied");
    await ends(2);
  });

  await step("a question is answered", async () => {
    await ask("QUESTION Shall <b>we</b> go on?");
    await page.getByLabel("Yes").check();
    await page.getByRole("button", { name: "Answer" }).click();
    await shows("Shall <b>we</b> go on? — Yes");
    await ends(3);
  });

  await step("a text of megabytes leaves the page alive", async () => {
    await ask("BIG 3000000");
    await ends(4);
    await shows("more characters");
    assert.ok((await page.locator("#items").innerText()).length < 400_000);
  });

  await step("another session can be looked at, and this one again", async () => {
    await page.locator("#sessions button", { hasText: "tour" }).click();
    await ends(4);
    await shows("ListFiles was allowed");
    await page.locator("#sessions button", { hasText: "hostile" }).click();
    await shows("Bash was denied");
  });

  await step("signing out forgets the token", async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.locator("#token-dialog[open]").waitFor();
    assert.equal(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage })), "{}");
  });

  assert.deepEqual(failed, []);
  assert.deepEqual(complaints, []);
  console.log("console: no errors, no violations of the policy");
} finally {
  await context.close();
  proxy.close();
  cuttable.forEach((socket) => socket.destroy());
}
