// What the description says of a request's body and of an answer.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../host/openapi/page/package.json", import.meta.url));
const Ajv = require("ajv/dist/2020").default;
const addFormats = require("ajv-formats").default;

const escaped = (name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));
const media = (type) => (type ?? "").split(";")[0].trim();

export class Description {
  #ajv = new Ajv({ strict: false, allErrors: true });
  // In a request a format is a remark: the aggregate says what is well-formed.
  #loose = new Ajv({ strict: false, validateFormats: false });
  #checks = new Map();

  constructor(document) {
    this.document = document;
    addFormats(this.#ajv);
    this.#ajv.addSchema(document, "api");
    this.#loose.addSchema(document, "api");
  }
  // What "#/components/…" leads to.
  at = (reference) => reference.slice(2).split("/").reduce((value, name) => value[name], this.document);
  #resolved(part) {
    return part.$ref ? [this.at(part.$ref), part.$ref.slice(1)] : [part, undefined];
  }
  // Empty: it fits.
  #violations(pointer, value, ajv = this.#ajv) {
    if (!this.#checks.has(pointer)) this.#checks.set(pointer, ajv.compile({ $ref: `api#${pointer}` }));
    const check = this.#checks.get(pointer);
    return check(value) ? "" : check.errors.map((error) => `${error.instancePath || "/"} ${error.message}`).join(", ");
  }
  operations() {
    return Object.entries(this.document.paths).flatMap(([path, methods]) => Object.entries(methods)
      .map(([method, operation]) => ({ path, method, operation, id: operation.operationId })));
  }
  // "fits", "violates", or "none" when there is no body, or one of another media type.
  requested({ path, method, operation }, type, text) {
    const content = operation.requestBody?.content?.[media(type)];
    if (!content || text === undefined) return "none";
    try {
      const schema = `/paths/${escaped(path)}/${method}/requestBody/content/${escaped(media(type))}/schema`;
      return this.#violations(schema, JSON.parse(text), this.#loose) ? "violates" : "fits";
    } catch {
      return "violates";
    }
  }
  // Empty: the answer is one of those that are described.
  complaint({ path, method, operation }, { status, headers, text }) {
    const described = operation.responses[status];
    if (!described) return `the status ${status} is not described`;
    const [response, place] = this.#resolved(described);
    for (const [name, header] of Object.entries(response.headers ?? {})) {
      const [of, at] = this.#resolved(header);
      const value = headers[name.toLowerCase()];
      if (value === undefined && of.required) return `the header ${name} is missing`;
      const typed = { integer: Number, boolean: JSON.parse }[of.schema?.type] ?? String;
      const wrong = value !== undefined && at && this.#violations(`${at}/schema`, typed(value));
      if (wrong) return `the header ${name} is ${value}: ${wrong}`;
    }
    if (!response.content) return text === "" ? "" : "there is a body, and none is described";
    const type = media(headers["content-type"]);
    if (!response.content[type]) return `a body of ${type || "no type"} is not described`;
    let value;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return `the body is no JSON: ${error.message}`;
    }
    const at = place ?? `/paths/${escaped(path)}/${method}/responses/${status}`;
    const wrong = this.#violations(`${at}/content/${escaped(type)}/schema`, value);
    return wrong && `the body is not as described: ${wrong}`;
  }
}
