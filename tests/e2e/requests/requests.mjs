// node requests.mjs FILE: sends requests to every operation of a running api, drawn from its own description, and holds
// each answer against that. FILE: {"url", "token", "bodies": {operation: [bodies that are right]}, "seed", "rounds",
// "unreached": [operations that cannot succeed here], "conditional": [operations whose parts depend on each other]}.
import { readFileSync } from "node:fs";
import http from "node:http";
import { Description } from "./answers.mjs";
import { fc, filled, Known, plain, requests } from "./drawn.mjs";

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const { hostname, port } = new URL(plan.url);

function send({ method, target, headers, body }) {
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, agent, method, path: target, headers, timeout: 180000 }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part)).on("error", reject).on("end", () =>
        resolve({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString() }));
    });
    request.on("error", reject).on("timeout", () => request.destroy(new Error("no answer within 180 s")));
    request.end(body);
  });
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
function curl({ method, target, headers, body }) {
  const shown = Object.entries(headers).map(([name, value]) =>
    ` -H ${quoted(`${name}: ${name === "Authorization" ? "Bearer ..." : value}`)}`).join("");
  const data = body === undefined ? "" : ` --data-binary ${quoted(body.toString().slice(0, 600))}`;
  return `curl -X ${method} ${quoted(plan.url + target)}${shown}${data}`;
}

// A drawn request as bytes. `fits`: its parameters are as described.
function written({ path, method, operation }, drawn) {
  const { caller, parameters, body } = filled(drawn, known, operation.tags[0]);
  const headers = {};
  const query = [];
  let target = path;
  let fits = true;
  for (const { name, in: place, value, fits: own } of parameters) {
    if (value === undefined) continue;
    const text = Buffer.from(typeof value === "object" ? JSON.stringify(value) : String(value)).toString(); // well-formed
    fits &&= own;
    if (place === "header") headers[name] = text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "?");
    else if (place === "query") query.push(`${encodeURIComponent(name)}=${encodeURIComponent(text)}`);
    else target = target.replace(`{${name}}`, encodeURIComponent(text === "" ? " " : text));
  }
  if (query.length) target += `?${query.join("&")}`;
  if (caller === "operator") headers.Authorization = `Bearer ${plan.token}`;
  else if (caller === "stranger") headers.Authorization = "Bearer nonsense";
  else if (caller !== "nobody") headers.Authorization = `Bearer ${caller}`;
  if (body) headers["Content-Type"] = body.type;
  const bytes = body && (body.bytes ?? Buffer.from(JSON.stringify(body.value)));
  if (bytes || method === "post" || method === "put") headers["Content-Length"] = bytes?.length ?? 0;
  return { request: { method: method.toUpperCase(), target, headers, body: bytes }, caller, fits };
}

// What the description promises beyond each answer's shape. Empty: it is kept.
function promise(entry, { request, caller, fits }, status) {
  const body = description.requested(entry, request.headers["Content-Type"], request.body?.toString());
  const good = status < 300;
  if (good && body === "violates") return "a body that is not as described was taken";
  const guarded = entry.operation.security.length > 0;
  if (good && guarded && ["nobody", "stranger"].includes(caller)) return "nobody may do this without a token";
  const whole = body === "fits" || (body === "none" && !entry.operation.requestBody);
  if (fits && whole && !plan.conditional.includes(entry.id) && caller === "operator" && [400, 413, 415].includes(status)) return "it was as described, and is refused";
  return "";
}

const known = new Known();
const answered = new Map(); // operation -> status -> count
async function examine(entry, drawn) {
  const sent = written(entry, drawn);
  const answer = await send(sent.request);
  const counts = answered.get(entry.id) ?? answered.set(entry.id, {}).get(entry.id);
  counts[answer.status] = (counts[answer.status] ?? 0) + 1;
  const wrong = (answer.status >= 500 && "a fault of the server") || description.complaint(entry, answer) ||
    (answer.text.includes("$argon2") && "the answer has a secret") || promise(entry, sent, answer.status);
  if (wrong) throw new Error(`${entry.id}: ${wrong}\n  ${curl(sent.request)}\n  ${answer.status} ${answer.text.slice(0, 600)}`);
  if (answer.status < 300 && answer.text) known.note(entry.id, entry.operation.tags[0], JSON.parse(answer.text));
}

// Methods that a path does not take are refused with those that it takes.
async function examineMethods(path, methods) {
  const target = path.replaceAll(/\{[^}]*\}/g, "x");
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((name) => !(name.toLowerCase() in methods))) {
    const { status, headers } = await send({ method, target, headers: { Authorization: `Bearer ${plan.token}` } });
    const allowed = (headers.allow ?? "").split(", ").filter((name) => !["HEAD", "OPTIONS"].includes(name)).sort().join();
    const described = Object.keys(methods).map((name) => name.toUpperCase()).sort().join();
    if (status !== 405 || allowed !== described)
      failures.push(`${method} ${path} answered ${status} and allows ${allowed}; described are ${described}`);
  }
}

const succeeded = ({ id }) => Object.keys(answered.get(id)).some((status) => status < 300);
// Where rules refused all that was drawn, plain requests go on until one succeeds: what it answers is examined, too.
async function insist(entry, seed) {
  if (failed.has(entry.id) || plan.unreached.includes(entry.id)) return;
  const drawn = plain(entry.operation, entry.id, description.at, plan.bodies[entry.id]);
  for (const one of fc.sample(drawn, { seed, numRuns: 300 })) {
    if (succeeded(entry)) return;
    await examine(entry, one);
  }
  failures.push(`${entry.id}: not one request succeeded, so little was tried`);
}

const description = new Description(JSON.parse((await send({ method: "GET", target: "/openapi.json", headers: {} })).text));
const operations = description.operations();
const failures = [];
const failed = new Set();
for (let round = 0; round < plan.rounds; ++round)
  for (const [n, entry] of operations.entries()) {
    if (failed.has(entry.id)) continue;
    const drawn = requests(entry.operation, entry.id, description.at, plan.bodies[entry.id]);
    const seed = plan.seed + 1000 * round + n;
    const run = await fc.check(fc.asyncProperty(drawn, (one) => examine(entry, one)), { seed, numRuns: 12, endOnFailure: true });
    if (!run.failed) continue;
    failed.add(entry.id);
    failures.push(run.errorInstance?.message ?? String(run.errorInstance));
  }
for (const [n, entry] of operations.entries()) await insist(entry, plan.seed + n).catch((error) => failures.push(error.message));
for (const [path, methods] of Object.entries(description.document.paths)) await examineMethods(path, methods);
for (const [id, counts] of answered)
  console.log(`${id}: ${Object.entries(counts).map(([status, count]) => `${status} x ${count}`).join(", ")}`);
for (const failure of failures) console.log(`\n${failure}`);
agent.destroy();
process.exit(failures.length === 0 ? 0 : 1);
