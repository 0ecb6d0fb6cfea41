// OpenCode's page for browsers, with the gateway behind it: the page comes from OpenCode's own server, all else from the
// gateway. Run by WebPageIT; everything that it needs comes by environment.

import { once } from "node:events"
import http from "node:http"
import { createRequire } from "node:module"

const { chromium } = createRequire(new URL("../../../package.json", import.meta.url))("playwright-core")

const { GATEWAY, PAGE, KEY, WORK, PROFILE, SHOTS, CHROMIUM, PROMPT, ANSWER, TOOL_PROMPT, TOOL_ANSWER } = process.env
const LIMIT = 30_000
/** The page asks for a session at once when it takes a prompt; it has this long, and so many tries. */
const TAKEN = 5_000
const TRIES = 6
const authorization = "Basic " + Buffer.from("opencode:" + KEY).toString("base64")
const told = []

/** A file of the page, or the page itself under whatever path. */
const isPage = (request) =>
  request.method === "GET" &&
  ((request.headers.accept ?? "").includes("text/html") ||
    /^\/(assets\/|_|favicon|apple-touch-icon|site\.webmanifest|social-share|oc-theme)/.test(request.url) ||
    /\.(js|css|svg|png|ico|woff2?|webmanifest|aac|mp3|wasm)(\?|$)/.test(request.url))

const proxy = http.createServer((request, response) => {
  const page = isPage(request)
  if (request.method === "POST" && /^\/session(\/[^/]+\/prompt_async)?(\?|$)/.test(request.url)) proxy.emit("said")
  const target = new URL(request.url, page ? PAGE : GATEWAY)
  const { origin, referer, ...headers } = request.headers
  const onward = http.request(
    target,
    { method: request.method, headers: { ...headers, host: target.host, authorization } },
    (answer) => {
      if (!page && answer.statusCode >= 400) told.push(`${answer.statusCode} ${request.method} ${request.url}`)
      response.writeHead(answer.statusCode, answer.headers)
      answer.pipe(response)
      answer.on("error", () => response.destroy())
    },
  )
  onward.on("error", () => response.destroy())
  response.on("close", () => onward.destroy())
  request.pipe(onward)
})
await new Promise((listening) => proxy.listen(0, "127.0.0.1", listening))
const url = `http://127.0.0.1:${proxy.address().port}`

const context = await chromium.launchPersistentContext(PROFILE, {
  executablePath: CHROMIUM,
  viewport: { width: 1200, height: 900 },
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
})
const page = await context.newPage()
page.setDefaultTimeout(LIMIT)
page.on("pageerror", (error) => told.push("error of the page: " + error.message))
const editor = page.locator("[contenteditable=true]").first()
/** As long as the page does not know its models and agents it drops what is sent, and the text stays. */
const say = async (text) => {
  await editor.click()
  await page.keyboard.type(text)
  for (let i = 0; i < TRIES; i++) {
    const taken = once(proxy, "said", { signal: AbortSignal.timeout(TAKEN) }).then(() => true, () => false)
    await page.keyboard.press("Enter")
    if (await taken) return
  }
  throw new Error("the page does not take a prompt")
}
const shows = (text) => page.getByText(text, { exact: false }).last().waitFor()

let step = "opens"
try {
  await page.goto(`${url}/${Buffer.from(WORK).toString("base64url")}/session`)
  await editor.waitFor()
  step = "shows an answer"
  await say(PROMPT)
  await shows(ANSWER)
  await page.screenshot({ path: `${SHOTS}/answer.png` })
  step = "asks for a permission"
  await say(TOOL_PROMPT)
  await page.getByRole("button", { name: "Allow once" }).click()
  step = "shows what came of it"
  await shows(TOOL_ANSWER)
  await page.screenshot({ path: `${SHOTS}/tool.png` })
  step = "shows it again when it is loaded anew"
  await page.reload()
  await shows(ANSWER)
  console.log("all of it works")
} catch (error) {
  await page.screenshot({ path: `${SHOTS}/failed.png` }).catch(() => {})
  console.log(`it no longer ${step}: ${error.message}\n${(await page.locator("body").innerText()).slice(0, 4000)}`)
  process.exitCode = 1
} finally {
  console.log(told.join("\n"))
  await context.close()
  proxy.closeAllConnections()
  proxy.close()
}
