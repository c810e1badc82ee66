// node docs_page.mjs URL [PICTURES]: opens URL/docs/ in a headless Chromium with a strict eye. The page lists the
// operations, works by keyboard alone, asks no other host for anything, and breaks no rule of its own policy.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [url, pictures] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), "lantern-chromium-"));
// Descriptors 3 and 4 are the pipe of --remote-debugging-pipe: JSON messages, each ended by a zero byte.
const browser = spawn("chromium", [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe",
  `--user-data-dir=${profile}`, "about:blank"],
  { detached: true, stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });  // a process group of its own

let last = 0;
let rest = "";
const waiting = new Map();
const heard = [];
browser.stdio[4].on("data", (chunk) => {
  const messages = (rest + chunk).split("\0");
  rest = messages.pop();
  for (const message of messages.map((text) => JSON.parse(text))) {
    if (!message.id) heard.push(message);
    else if (message.error) waiting.get(message.id).reject(new Error(JSON.stringify(message.error)));
    else waiting.get(message.id).resolve(message.result);
  }
});
function ask(method, params = {}, sessionId = undefined) {
  const id = ++last;
  browser.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

const wrong = [];
function expect(holds, what) {
  if (!holds) wrong.push(what);
}

async function look() {
  const { targetId } = await ask("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await ask("Target.attachToTarget", { targetId, flatten: true });
  const page = (method, params) => ask(method, params, sessionId);
  const value = async (expression) =>
    (await page("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true })).result.value;
  const until = async (expression) => {
    for (const end = Date.now() + 120000; Date.now() < end;) {
      if (await value(expression)) return true;
      await value("new Promise((done) => setTimeout(done, 50))");
    }
    return false;
  };
  const press = async (key, code) => {
    const event = { key, code: key, windowsVirtualKeyCode: code, text: key === "Enter" ? "\r" : undefined };
    await page("Input.dispatchKeyEvent", { type: "keyDown", ...event });
    await page("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  };
  const picture = async (name, width) => {
    await page("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
    const wide = await value("document.documentElement.scrollWidth");
    expect(wide <= width, `at ${width} the page is ${wide} wide`);
    if (!pictures) return;
    const { data } = await page("Page.captureScreenshot", { format: "png" });
    writeFileSync(join(pictures, name), Buffer.from(data, "base64"));
  };
  for (const domain of ["Page", "Runtime", "Network", "Log"]) await page(`${domain}.enable`);
  await page("Page.navigate", { url: `${url}/docs/` });

  // 1. All operations are listed.
  const described = await (await fetch(`${url}/openapi.json`)).json();
  const methods = Object.values(described.paths).flatMap((path) => Object.keys(path)).length;
  expect(await until(`document.querySelectorAll(".opblock").length === ${methods}`),
    `${await value('document.querySelectorAll(".opblock").length')} of ${methods} operations are listed`);
  await picture("wide.png", 1280);
  await picture("narrow.png", 360);

  // 2. By keyboard alone: Tab reaches an operation, Enter opens it.
  const on = 'document.activeElement.closest(".opblock-summary") !== null';
  for (let steps = 0; steps < 40 && !(await value(on)); ++steps) await press("Tab", 9);
  expect(await value(on), "Tab reaches no operation");
  const outline = await value("getComputedStyle(document.activeElement).outlineStyle");
  expect(outline !== "none", "the focus is not to be seen");
  await press("Enter", 13);
  expect(await until('document.querySelectorAll(".opblock.is-open .responses-wrapper").length === 1'),
    "Enter opens no operation");
  await picture("opened.png", 1280);

  // 3. Nothing of other hosts, nothing against the policy, no error.
  for (const { method, params } of heard) {
    if (method === "Network.requestWillBeSent" && !/^(data:|about:)/.test(params.request.url))
      expect(params.request.url.startsWith(`${url}/`), `asked for ${params.request.url}`);
    if (method === "Log.entryAdded" && params.entry.level === "error") expect(false, params.entry.text);
    if (method === "Runtime.exceptionThrown") expect(false, JSON.stringify(params.exceptionDetails));
  }
}

const ended = new Promise((resolve) => browser.on("exit", resolve));
browser.on("error", (error) => { console.log(`chromium: ${error.message}`); process.exit(1); });
try {
  await look();
} catch (error) {
  wrong.push(String(error));
}
process.kill(-browser.pid, "SIGKILL");  // its helpers too, which would go on writing into the profile
await ended;
rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
for (const what of wrong) console.log(what);
process.exit(wrong.length === 0 ? 0 : 1);
