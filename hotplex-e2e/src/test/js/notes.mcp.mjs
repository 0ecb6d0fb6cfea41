// An MCP server on standard input and output: node notes.mcp.mjs. It writes a note into the work directory, or finds one.
import { createInterface } from "node:readline"
import { existsSync, writeFileSync } from "node:fs"

const input = { type: "object", properties: { path: { type: "string" } }, required: ["path"] }
const run = {
  save: ({ path }) => {
    writeFileSync(path, "")
    return `saved ${path}`
  },
  find: ({ path }) => (existsSync(path) ? `found ${path}` : `no ${path} anywhere`),
}
const methods = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "notes", version: "1" },
  }),
  ping: () => ({}),
  "tools/list": () => ({
    tools: Object.keys(run).map((name) => ({ name, description: `${name} a note`, inputSchema: input })),
  }),
  "tools/call": ({ name, arguments: given }) => ({ content: [{ type: "text", text: run[name](given) }] }),
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line)
  if (id === undefined) continue
  const known = methods[method]
  const answer = known ? { result: known(params) } : { error: { code: -32601, message: `no ${method}` } }
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, ...answer }) + "\n")
}
