/** The HTTP interface, read from its OpenAPI description. */

import { byId, element, setText, showProblem } from "./dom.js";
import { Failure, ask } from "./store.js";

let whole = null;

/** What a ``$ref`` of the description means. */
function resolved(schema) {
  if (!schema?.$ref) return schema ?? {};
  const path = schema.$ref.replace(/^#\//, "").split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return path.reduce((found, part) => found?.[part], whole) ?? {};
}

/** A schema in a few words. */
function typeOf(given, depth = 0) {
  const schema = resolved(given);
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return several.map((each) => typeOf(each, depth)).join(" or ");
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const types = [schema.type ?? "anything"].flat();
  return types
    .map((type) => {
      if (type === "array") return depth > 3 ? "list" : `list of (${typeOf(schema.items, depth + 1)})`;
      if (type === "object" && schema.title) return schema.title;
      return type === "string" && schema.format ? `${type}, ${schema.format}` : type;
    })
    .join(" or ");
}

/** The keys of an object and of what stands in it. */
function keysOf(given, depth = 0) {
  let schema = resolved(given);
  const several = (schema.oneOf ?? schema.anyOf ?? []).map((each) => keysOf(each, depth)).filter(Boolean);
  if (several.length && depth <= 4) {
    const parts = several.flatMap((each, place) => [element("p", {}, place ? "or" : several.length > 1 ? "either" : ""), each]);
    return element("div", {}, ...parts);
  }
  while (schema.type === "array" || schema.type?.includes?.("array")) schema = resolved(schema.items);
  const properties = Object.entries(schema.properties ?? {});
  if (!properties.length || depth > 4) return null;
  const items = properties.map(([name, each]) => {
    const needed = schema.required?.includes(name) ? "" : ", may be missing";
    const said = resolved(each).description;
    return element("li", {}, element("code", {}, name), `: ${typeOf(each)}${depth ? "" : needed}`, said ? ` – ${said}` : null, keysOf(each, depth + 1));
  });
  return element("ul", {}, ...items);
}

function content(title, given) {
  return Object.entries(given ?? {}).flatMap(([kind, { schema }]) => [
    element("p", {}, element("strong", {}, title), ` ${kind}: ${typeOf(schema)}`),
    keysOf(schema),
  ]);
}

function parameters(list) {
  if (!list?.length) return [];
  const items = list.map(resolved).map((each) =>
    element("li", {}, element("code", {}, each.name), ` (${each.in}): ${typeOf(each.schema)}${each.required ? "" : ", may be missing"}`, each.description ? ` – ${each.description}` : null),
  );
  return [element("p", {}, element("strong", {}, "Parameters")), element("ul", {}, ...items)];
}

function operation(path, method, shared, each) {
  const body = resolved(each.requestBody);
  const answers = Object.entries(each.responses ?? {}).map(([status, given]) => {
    const response = resolved(given);
    return element("li", {}, element("code", {}, status), ` ${response.description ?? ""}`, ...content("", response.content));
  });
  return element(
    "section", {},
    element("h2", {}, element("code", {}, `${method.toUpperCase()} ${path}`)),
    each.summary ? element("p", {}, each.summary) : null,
    each.description ? element("p", {}, each.description) : null,
    ...parameters([...(shared ?? []), ...(each.parameters ?? [])]),
    ...content("Body", body.content),
    answers.length ? element("details", {}, element("summary", {}, `Answers of ${method.toUpperCase()} ${path}`), element("ul", {}, ...answers)) : null,
  );
}

try {
  whole = await ask("/openapi.json");
  setText(byId("about"), [whole.info?.title, whole.info?.version, whole.info?.description].filter(Boolean).join(" · "));
  const methods = ["get", "post", "put", "patch", "delete"];
  const made = Object.entries(whole.paths).flatMap(([path, given]) =>
    methods.filter((method) => given[method]).map((method) => operation(path, method, given.parameters, given[method])),
  );
  byId("paths").replaceChildren(...made);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  showProblem(error.message);
}
