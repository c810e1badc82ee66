// From an operation of the description to requests for it: such as fit, such as lie at an edge, and such as are wrong.
import { createRequire } from "node:module";

export const fc = createRequire(new URL("../../../host/openapi/page/package.json", import.meta.url))("fast-check");

// Values that answers and requests held, by the name of their field: ids that exist, cursors of pages, tokens.
export class Known {
  #values = new Map(); // name -> operation -> the last few
  #kinds = new Map(); // operation -> its tag

  note(operation, tag, value) {
    this.#kinds.set(operation, tag);
    this.#note(operation, value);
  }
  #note(operation, value) {
    if (Array.isArray(value)) for (const item of value) this.#note(operation, item);
    if (value === null || typeof value !== "object") return;
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === "string" || typeof member === "number") this.#keep(name, operation, member);
      else this.#note(operation, member);
      if (typeof member !== "string" || !/^(next|previous)$/.test(name)) continue;
      const cursor = new URL(member, "http://page").searchParams.get("cursor");
      this.#keep(`cursor of ${operation}`, operation, cursor);
    }
  }
  #keep(name, operation, value) {
    if (!this.#values.has(name)) this.#values.set(name, new Map());
    const by = this.#values.get(name);
    const few = by.get(operation) ?? [];
    by.set(operation, few.includes(value) ? few : [...few.slice(-14), value]);
  }
  // Half of the time from answers about the same kind of thing. undefined: there is none.
  pick(name, n, tag) {
    const by = this.#values.get(name) ?? this.#values.get(name.replace(/^.*_(id)$/, "$1"));
    if (!by) return undefined;
    const akin = [...by].filter(([operation]) => this.#kinds.get(operation) === tag);
    const from = n % 2 && akin.length ? akin : [...by];
    const [, few] = from[(n >> 1) % from.length];
    return few[Math.floor((n >> 1) / from.length) % few.length];
  }
}

// Stands in a drawn request for what is known when it is sent.
class Hole {
  constructor(name, n, otherwise) {
    Object.assign(this, { name, n, otherwise });
  }
}
export function filled(value, known, tag) {
  if (value instanceof Hole) return known.pick(value.name, value.n, tag) ?? value.otherwise;
  if (Array.isArray(value)) return value.map((item) => filled(item, known, tag));
  if (value === null || typeof value !== "object" || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, filled(member, known, tag)]));
}
const hole = (name, otherwise) => fc.tuple(fc.nat(400), otherwise).map(([n, value]) => new Hole(name, n, value));

const kOdd = [
  null, true, 0, -1, 1.5, 1e308, 9007199254740993, "", " ", "0", "-1", "\u0000", "a\u0000b", "\ud800", "\r\nX: y", "%00",
  "a".repeat(300), "é".repeat(5000), [], {}, [[[]]], { a: { b: null } }, "'; drop table users; --", "../../etc/passwd",
  "<script>", "%s%n", "\u202e", "😀", "2026-13-45T25:61:61Z", "9223372036854775807", "9223372036854775808", "NaN"];
const odd = fc.oneof(fc.constantFrom(...kOdd), fc.string({ unit: "binary", maxLength: 20 }), fc.jsonValue({ maxDepth: 2 }));

function text(schema) {
  const number = fc.nat(99999);
  if (schema.format === "email") return number.map((n) => `drawn${n}@example.com`);
  if (schema.format === "uuid") return fc.uuid();
  if (schema.format === "date-time")
    return fc.date({ min: new Date("1970-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString());
  if (schema.format === "date") return text({ format: "date-time" }).map((time) => time.slice(0, 10));
  if (schema.pattern) return fc.stringMatching(new RegExp(schema.pattern));
  const minLength = schema.minLength ?? 0;
  return fc.string({ unit: "grapheme", minLength, maxLength: Math.min(schema.maxLength ?? 40, minLength + 40) });
}

// The example, and others like it, which a rule of uniqueness does not refuse.
function alike(schema, example) {
  if (schema.pattern || (schema.format && schema.format !== "email")) return fc.constant(example);
  const [, before, after] = /^([^@]*)(.*)$/s.exec(example);
  return fc.oneof(fc.constant(example), fc.nat(99999).map((n) => `${before}${n}${after}`));
}

// What fits the schema. `at` finds what a reference leads to; who is plain keeps to the examples.
function fitting(schema, at, example, name, plain = false) {
  if (schema.$ref) return fitting(at(schema.$ref), at, example, name, plain);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => fitting(one, at, example, name, plain)));
  const type = [schema.type].flat()[0];
  const own = { minimum: schema.minimum ?? -1000, maximum: schema.maximum ?? 1000 };
  switch (type) {
    case "string": {
      if (plain && typeof example === "string") return alike(schema, example);
      const choices = [{ weight: 1, arbitrary: text(schema) }];
      if (typeof example === "string") choices.push({ weight: 4, arbitrary: alike(schema, example) });
      if (name) choices.push({ weight: 1, arbitrary: hole(name, text(schema)) });
      return fc.oneof(...choices);
    }
    case "integer": return fc.oneof(fc.integer({ min: own.minimum, max: own.maximum }), fc.constant(own.minimum));
    case "number": return fc.double({ min: own.minimum, max: own.maximum, noNaN: true });
    case "boolean": return fc.boolean();
    case "null": return fc.constant(null);
    case "array": return fc.array(fitting(schema.items ?? {}, at, example?.[0], undefined, plain), { maxLength: 3 });
    case "object": {
      if (!schema.properties) return fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
      const members = Object.entries(schema.properties)
        .map(([own, of]) => [own, fitting(of, at, (example ?? schema.examples?.[0])?.[own], own, plain)]);
      return fc.record(Object.fromEntries(members), { requiredKeys: schema.required ?? [] });
    }
    default: return fc.jsonValue({ maxDepth: 1 });
  }
}

// Values where schemas, and those who check them, end.
function edges(schema, at) {
  if (schema.$ref) return edges(at(schema.$ref), at);
  const values = [];
  const type = [schema.type].flat()[0];
  if (type === "string")
    for (const length of [schema.minLength ?? 0, 1, 2, 3, 7, 8, 100, 101, 255, 256, 1000, 1001, schema.maxLength ?? 4000])
      values.push("x".repeat(length), "é".repeat(length), " ".repeat(length));
  if (type === "integer")
    values.push(schema.minimum ?? 0, (schema.minimum ?? 0) - 1, schema.maximum ?? 2 ** 53, (schema.maximum ?? 2 ** 53) + 1);
  if (schema.enum) values.push(...schema.enum, String(schema.enum[0]).toUpperCase());
  return values.length ? fc.constantFrom(...values) : fitting(schema, at);
}

const spoilt = (value) => fc.tuple(value, fc.nat(), odd, fc.integer({ min: 0, max: 5 })).map(([body, n, strange, way]) => {
  if (body === null || typeof body !== "object" || Array.isArray(body)) return strange;
  const names = Object.keys(body);
  const name = names[n % names.length] ?? "nothing";
  if (way === 0) return strange;
  if (way === 1) return Object.fromEntries(Object.entries(body).filter(([own]) => own !== name));
  if (way === 2) return { ...body, unheard_of: strange };
  return { ...body, [name]: strange };
});

const kBroken = ["", " ", "{", "}", "[]", "null", '"text"', "{}}", '{"a":', '{"a":1,}', '{"a":01}', '{"a":1e999}', "{'a':1}",
  '{"a":"\\ud800"}', '{"a":1,"a":2}', '\ufeff{}', "[".repeat(3000), '{"a":'.repeat(500) + "1" + "}".repeat(500),
  `{"a":"${"x".repeat(1_100_000)}"}`];
const broken = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...kBroken).map((own) => Buffer.from(own)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) });
const otherMedia = fc.constantFrom("text/plain", "application/xml", "application/json; charset=latin1", ";;;", "application/jsonp");

// {type, value} or {type, bytes}; undefined: none.
function bodies(operation, at, prepared) {
  const content = operation.requestBody?.content;
  if (!content) return fc.constant(undefined);
  const choices = Object.entries(content).flatMap(([type, { schema, example }]) => {
    const of = schema.$ref ? at(schema.$ref) : schema;
    const fits = fitting(schema, at, example);
    const ours = prepared?.length ? fc.constantFrom(...prepared) : fits;
    const edge = of.properties
      ? fc.record(Object.fromEntries(Object.entries(of.properties).map(([name, own]) => [name, edges(own, at)])))
      : edges(of, at);
    const like = of.properties && example ? fc.tuple(fc.constant(example), edge, fc.nat()).map(([whole, part, n]) => {
      const name = Object.keys(part)[n % Object.keys(part).length];
      return { ...whole, [name]: part[name] };
    }) : edge;
    const typed = (arbitrary) => arbitrary.map((value) => ({ type, value }));
    return [
      { weight: 5, arbitrary: typed(fits) }, { weight: 3, arbitrary: typed(ours) }, { weight: 2, arbitrary: typed(edge) },
      { weight: 2, arbitrary: typed(like) }, { weight: 4, arbitrary: typed(spoilt(ours)) },
      { weight: 1, arbitrary: broken.map((bytes) => ({ type, bytes })) },
      { weight: 1, arbitrary: fc.tuple(fits, otherMedia).map(([value, other]) => ({ type: other, value })) }];
  });
  return fc.oneof(...choices, { weight: 1, arbitrary: fc.constant(undefined) });
}

// [{name, in, value, fits}], some of those that are described, and now and then one that is not.
function parameters(operation, id, at) {
  const drawn = (operation.parameters ?? []).map((parameter) => {
    const { name, schema } = parameter;
    const as = { name, in: parameter.in };
    const known = name === "cursor" ? `cursor of ${id}` : name;
    const fits = fitting(schema, at, parameter.example ?? schema.examples?.[0], known);
    const there = hole(known, name === "cursor" ? fc.constant(undefined) : fits);
    const honest = { cursor: there, id: fc.oneof({ weight: 5, arbitrary: there }, { weight: 1, arbitrary: fits }) }[name] ?? fits;
    const of = fc.oneof(
      // A cursor belongs to one listing: which, the description cannot say.
      { weight: parameter.in === "path" ? 12 : 6, arbitrary: honest.map((value) => ({ ...as, value, fits: name !== "cursor" })) },
      { weight: 1, arbitrary: edges(schema, at).map((value) => ({ ...as, value, fits: false })) },
      { weight: 1, arbitrary: odd.map((value) => ({ ...as, value, fits: false })) });
    if (parameter.in === "path") return of;
    return fc.option(of, { nil: undefined, freq: 2 });
  });
  const stranger = fc.constantFrom({ name: "unheard_of", in: "query", value: "1", fits: false },
    { name: "X-Request-Id", in: "header", value: "y".repeat(500), fits: false },
    { name: "traceparent", in: "header", value: "00-zz", fits: false },
    { name: "X-Correlation-Id", in: "header", value: "ä", fits: false });
  return fc.tuple(...drawn, fc.option(stranger, { nil: undefined, freq: 9 })).map((all) => all.filter(Boolean));
}

const callers = fc.oneof({ weight: 14, arbitrary: fc.constant("operator") }, { weight: 2, arbitrary: hole("token", fc.constant("x.y.z")) },
  { weight: 1, arbitrary: fc.constant("nobody") }, { weight: 1, arbitrary: fc.constant("stranger") });

// As somebody would who has read the description: what must be, and nothing else.
export function plain(operation, id, at, prepared) {
  const needed = { ...operation, parameters: (operation.parameters ?? []).filter((parameter) => parameter.in === "path") };
  const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const body = !type ? fc.constant(undefined)
    : (prepared ? fc.constantFrom(...prepared) : fitting(content.schema, at, content.example, undefined, true))
      .map((value) => ({ type, value }));
  const anyToken = operation.security[0]?.bearer.length === 0; // for oneself, too
  const caller = anyToken ? fc.oneof(fc.constant("operator"), hole("token", fc.constant("none"))) : fc.constant("operator");
  return fc.record({ caller, parameters: parameters(needed, id, at), body });
}

// `prepared`: bodies that are known to be right.
export function requests(operation, id, at, prepared) {
  const any = fc.record({
    caller: callers,
    parameters: parameters(operation, id, at),
    body: bodies(operation, at, prepared),
  });
  return fc.oneof({ weight: 1, arbitrary: plain(operation, id, at, prepared) }, { weight: 2, arbitrary: any });
}
