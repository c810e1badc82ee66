// node validate.mjs FILE: lists what is wrong with an OpenAPI description, one line each; 1 when there is anything.
import { createConfig, lint } from "@redocly/openapi-core";

const config = await createConfig({
  extends: ["recommended-strict"],
  rules: {
    // Said by the installation, not by Lantern.
    "info-license": "off",
    "tag-description": "off",
    // Health has no answer of 4xx.
    "operation-4xx-response": "off",
    "no-invalid-media-type-examples": "error",
    "no-invalid-parameter-examples": "error",
    "no-invalid-schema-examples": "error",
    // A path of Lantern ends in a slash, and works without.
    "no-path-trailing-slash": "off",
    "operation-operationId": "error",
    "operation-operationId-url-safe": "error",
    "no-ambiguous-paths": "off", // a literal segment wins over {id}, and the specification allows it
  },
});
const problems = await lint({ ref: process.argv[2], config });
for (const problem of problems) {
  const place = problem.location.map((at) => at.pointer ?? "").join(", ");
  console.log(`${problem.severity} ${problem.ruleId} at ${place}: ${problem.message}`);
}
console.log(`${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
