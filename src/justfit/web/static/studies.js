/** The page of all studies. */

import { byId, element, fillList, setShown, setText, settled } from "./dom.js";
import { bind } from "./query.js";
import { ask, live } from "./store.js";
import { Table } from "./table.js";
import { SIGNS, count, figure, interval, moment, progressTold } from "./words.js";

let found = { studies: [], broken: [], store: "" };

const COLUMNS = [
  {
    key: "name", name: "study", isHead: true,
    text: (row) => row.study,
    make: (row) => {
      const link = element("a", { href: `/studies/${encodeURIComponent(row.study)}` }, row.name);
      const made = element("span", {}, link, element("span", { class: "quiet" }, row.id));
      return made;
    },
  },
  {
    key: "state", name: "state",
    text: (row) => JSON.stringify([row.state, row.state === "failed" ? row.error : null]),
    value: (row) => ["running", "failed", "unfinished", "done"].indexOf(row.state),
    make: (row) =>
      element(
        "span",
        {},
        element("span", { class: `mark ${row.state}` }, `${SIGNS[row.state] ?? ""} ${row.state}`),
        element("progress", { max: "1", value: "0", "aria-label": `Progress of ${row.name}`, hidden: true }),
        element("span", { class: "quiet" }, row.state === "failed" ? (row.error ?? "") : ""),
      ),
    refresh: (row, cell) => {
      if (row.state !== "running" || row.progress === null) return;
      const bar = cell.querySelector("progress");
      bar.hidden = false;
      if (bar.value !== row.progress) bar.value = row.progress;
      setText(cell.querySelector(".quiet"), progressTold(row.progress, row.seconds_left));
    },
  },
  { key: "data", name: "data", text: (row) => row.data },
  { key: "networks", name: "networks", isNumber: true, isDownFirst: true, text: (row) => count(row.networks), value: (row) => row.networks },
  {
    key: "runs", name: "runs", isNumber: true, isDownFirst: true, value: (row) => row.runs_trained,
    text: (row) => (row.runs_trained === row.runs_planned ? count(row.runs_trained) : `${count(row.runs_trained)} of ${count(row.runs_planned)}`),
  },
  { key: "chosen", name: "chosen", text: (row) => row.chosen ?? "–" },
  {
    key: "test", name: "test", isNumber: true, isDownFirst: true, value: (row) => row.test?.value ?? null,
    text: (row) => (row.test ? `${row.test.figure} ${figure(row.test.value)}\n${interval(row.test)}\n${row.test.seeds}\n${row.leaked}` : "–"),
    make: (row) => {
      if (!row.test) return document.createTextNode("–");
      const { figure: name, value, low, high, seeds } = row.test;
      const told = [name, low === null ? "" : `95% [${figure(low)}, ${figure(high)}]`, seeds > 1 ? `${seeds} seeds` : ""];
      return element(
        "span", {}, figure(value), element("span", { class: "quiet" }, told.filter(Boolean).join(", ")),
        row.leaked ? element("span", { class: "mark leaked" }, "! leaked") : null,
      );
    },
  },
  { key: "written", name: "written", isDownFirst: true, isNumber: true, text: (row) => moment(row.written), value: (row) => row.written },
];

const table = new Table(byId("table"), {
  caption: "Studies", columns: COLUMNS, keyOf: (row) => row.study, sort: "-written", isKept: true,
});

function draw() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const state = byId("state").value;
  const rows = found.studies.filter((row) => {
    const text = `${row.study} ${row.data} ${row.chosen ?? ""} ${row.leaked ? "leaked" : ""}`.toLowerCase();
    return (!state || row.state === state) && words.every((word) => text.includes(word));
  });
  table.update(rows);
  const all = found.studies.length;
  setText(table.empty, all ? "No study is like that." : "There are no studies yet: start one under Start.");
  setText(byId("count"), rows.length === all ? `${all} ${all === 1 ? "study" : "studies"}` : `${rows.length} of ${all} studies`);
}

bind(byId("search"), "search", settled(draw));
bind(byId("state"), "state", draw);

live(
  // Of a study's change the list shows state, progress and figures.
  () => true,
  async () => {
    found = await ask("/api/studies");
    setText(byId("store"), `In ${found.store}`);
    fillList(byId("broken-list"), found.broken.map((each) => `${each.folder}: ${each.error}`));
    setShown(byId("broken"), found.broken.length > 0);
    draw();
  },
);
