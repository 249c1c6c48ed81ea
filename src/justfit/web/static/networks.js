/** Columns of tables of networks. */

import { element } from "./dom.js";
import { count, difference, duration, figure, fitTold, interval, networkAddress, setting, verdictTold } from "./words.js";

/** The figure that a study chooses by, the less the better; null where there is none yet. */
export function rankOf({ metric, select }, row) {
  const isMoreBetter = select?.endsWith("metric") && metric === "accuracy";
  return row?.figure ? (isMoreBetter ? -1 : 1) * row.figure.value : null;
}

/**
 * Columns of the networks of one study.
 * @param {{study: string, metric: string, select: string}} found the study
 * @param {string[]} fields the settings that differ in it
 * @param {Set<number>} checked the numbers of networks that are
 * @param {(number: number, isChecked: boolean) => void} check
 */
export function networkColumns({ study, metric, select }, fields, checked, check) {
  const number = (key, name, text, value = (row) => row[key]) => ({ key, name, isNumber: true, text, value });
  return [
    {
      key: "check", name: "draw", isFixed: true, text: (row) => `draw ${row.number}`,
      make: (row) =>
        element("input", {
          type: "checkbox", "aria-label": `Draw network ${row.number}, ${row.name}`,
          onchange: (event) => check(row.number, event.target.checked),
        }),
      refresh: (row, cell) => {
        cell.firstChild.checked = checked.has(row.number);
      },
    },
    number("number", "no.", (row) => String(row.number)),
    {
      key: "name", name: "network", isHead: true, text: (row) => row.name,
      make: (row) => element("a", { href: networkAddress(study, row.number) }, row.name),
    },
    { key: "stages", name: "stages", text: (row) => row.stages.join(", ") },
    // Networks whose runs lack stand last: they have no figure yet.
    { key: "rank", name: select ?? "figure", isNumber: true, text: (row) => interval(row.figure), value: (row) => rankOf({ metric, select }, row) },
    number("metric", metric ?? "metric", (row) => figure(row.metric)),
    number("difference", "from the best", (row) => difference(row.difference), (row) => row.difference?.value ?? null),
    { key: "verdict", name: "verdict", isShort: true, text: (row) => verdictTold(row) || "–" },
    { key: "fit", name: "fit", isShort: true, text: (row) => fitTold(row.fit) },
    number("best_epoch", "best epoch", (row) => count(row.best_epoch)),
    number("parameters", "parameters", (row) => count(row.parameters)),
    number("updates", "updates", (row) => count(row.updates)),
    number("seconds", "time", (row) => duration(row.seconds)),
    {
      ...number("runs", "runs", (row) => (row.runs_trained === row.runs_planned ? count(row.runs_trained) : `${count(row.runs_trained)} of ${count(row.runs_planned)}`)),
      value: (row) => row.runs_trained,
    },
    { key: "left", name: "left after", isNumber: true, text: (row) => (row.left === null ? "–" : `epoch ${row.left}`), value: (row) => row.left },
    ...fields.map((field) => ({
      key: `setting-${field}`, name: field.replaceAll("_", " "),
      text: (row) => (field in row.settings ? setting(row.settings[field]) : "–"),
      value: (row) => (typeof row.settings[field] === "number" ? row.settings[field] : setting(row.settings[field])),
    })),
  ];
}
