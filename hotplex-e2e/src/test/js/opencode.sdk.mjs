// The flow of a program that uses OpenCode's SDK: node opencode.sdk.mjs v1|v2 URL KEY DIRECTORY PROMPT TOOL_PROMPT
// Prints one JSON object that tells what came of it.
import { createOpencodeClient as v1 } from "@opencode-ai/sdk"
import { createOpencodeClient as v2 } from "@opencode-ai/sdk/v2"

const [version, baseUrl, key, directory, prompt, toolPrompt] = process.argv.slice(2)
const second = version === "v2"
const headers = { authorization: "Basic " + Buffer.from("opencode:" + key).toString("base64") }
const client = (second ? v2 : v1)({ baseUrl, directory, headers, throwOnError: true })

/** One signature for both: path, query and body apart in the first, all together in the second. */
const call = (of, name, path = {}, body = undefined) =>
  of[name].call(of, second ? { ...path, ...body } : body ? { path, body } : { path })
const session = (id) => (second ? { sessionID: id } : { id })
const text = (message) => message.parts.filter((part) => part.type === "text").map((part) => part.text).join("")
const parts = (words) => ({ parts: [{ type: "text", text: words }] })

const seen = []
const waiting = []
const events = await client.event.subscribe()
const reading = (async () => {
  for await (const event of events.stream) {
    seen.push(event)
    waiting.filter((one) => one.wanted(event)).forEach((one) => one.found(event))
  }
})().catch(() => {})
const await_ = (wanted) =>
  new Promise((found) => {
    const known = seen.find(wanted)
    known ? found(known) : waiting.push({ wanted, found })
  })

const report = { version }
const created = (await call(client.session, "create", {}, { title: "sdk" })).data
report.listed = (await client.session.list()).data.some((one) => one.id === created.id)
report.providers = (await client.config.providers()).data.providers.map((one) => one.id)
report.agents = (await client.app.agents()).data.map((one) => one.name)
report.directory = (await client.path.get()).data.directory

report.answer = text((await call(client.session, "prompt", session(created.id), parts(prompt))).data)
await await_((event) => event.type === "session.idle")
report.deltas = seen.filter((event) => event.type === "message.part.delta").map((event) => event.properties.delta).join("")

const running = call(client.session, "prompt", session(created.id), parts(toolPrompt))
const asked = await await_((event) => event.type === "permission.asked")
report.permission = asked.properties.permission
if (second) {
  await client.permission.reply({ requestID: asked.properties.id, reply: "once" })
} else {
  await client.postSessionIdPermissionsPermissionId({
    path: { id: created.id, permissionID: asked.properties.id },
    body: { response: "once" },
  })
}
report.toolAnswer = text((await running).data)
report.tool = seen
  .filter((event) => event.type === "message.part.updated" && event.properties.part.type === "tool")
  .map((event) => event.properties.part.state.status)
  .at(-1)

const messages = (await call(client.session, "messages", session(created.id))).data
report.roles = messages.map((message) => message.info.role)
report.renamed = (await call(client.session, "update", session(created.id), { title: "other" })).data.title
report.status = Object.keys((await client.session.status()).data)
report.deleted = (await call(client.session, "delete", session(created.id))).data
await await_((event) => event.type === "session.deleted")
console.log(JSON.stringify(report))
process.exit(0)
