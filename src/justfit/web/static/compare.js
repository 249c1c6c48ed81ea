/** The page that compares networks of any studies. */

import { Lines } from "./chart.js";
import { byId, element, fillList, setOptions, setShown, setText } from "./dom.js";
import { allChosen, keep } from "./query.js";
import { Failure, ask, live } from "./store.js";
import { Table } from "./table.js";
import { count, difference, figure, interval, networkAddress, verdictTold } from "./words.js";

const chart = new Lines(byId("chart"));
const keyOf = (row) => `${row.study}:${row.number}`;
const runs = () => allChosen("run");
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
let studies = [];
let networksOf = null;

const table = new Table(byId("table"), {
  caption: "Networks compared", keyOf, isKept: true, columns: columns("figure"),
});

function columns(figureName) {
  return [
    {
      key: "name", name: "network", isHead: true, text: (row) => row.name,
      make: (row) => element("a", { href: networkAddress(row.study, row.number) }, row.name),
    },
    {
      key: "study", name: "study", text: (row) => row.study,
      make: (row) => element("a", { href: `/studies/${encodeURIComponent(row.study)}` }, row.study),
    },
    {
      key: "value", name: figureName, isNumber: true, value: (row) => row.value,
      text: (row) => interval(row) + (row.leaked ? " (leaked)" : ""),
    },
    { key: "difference", name: "from the best", isNumber: true, text: (row) => difference(row.difference), value: (row) => row.difference?.value ?? null },
    { key: "p", name: "p", isNumber: true, text: (row) => figure(row.p), value: (row) => row.p },
    { key: "verdict", name: "verdict", isShort: true, text: verdictOf },
    { key: "best_epoch", name: "best epoch", isNumber: true, text: (row) => count(row.best_epoch), value: (row) => row.best_epoch },
    { key: "parameters", name: "parameters", isNumber: true, text: (row) => count(row.parameters), value: (row) => row.parameters },
    {
      key: "remove", name: "remove", isFixed: true, text: () => "remove",
      make: (row) =>
        element("button", { type: "button", "aria-label": `Remove ${row.name} of ${row.study}`, onclick: () => remove(row) }, "Remove"),
    },
  ];
}

function verdictOf(row) {
  if (!row.same_rows) return "other rows: not comparable row by row";
  return verdictTold(row) || "–";
}

function remove(row) {
  change(runs().filter((each) => each !== keyOf(row)));
  setText(byId("message"), `${row.name} of ${row.study} removed.`);
  byId("study").focus();
}

function change(wanted) {
  keep({ run: [...new Set(wanted)] });
  soon();
}

async function drawChoices() {
  setOptions(byId("study"), studies.map((each) => [each.study, each.study]));
  const study = byId("study").value;
  byId("add-button").disabled = !study;
  if (!study || networksOf === study) return;
  networksOf = study;
  const { networks } = await ask(`/api/studies/${encodeURIComponent(study)}`);
  if (networksOf === study) setOptions(byId("network"), networks.map((each) => [String(each.number), `${each.number}. ${each.name}`]));
}

async function told(act) {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    setText(byId("message"), error.message);
  }
}

byId("study").addEventListener("input", () => told(drawChoices));
byId("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const run = `${byId("study").value}:${byId("network").value}`;
  const isThere = runs().includes(run);
  setText(byId("message"), isThere ? "That network is there already." : "Added.");
  if (!isThere) change([...runs(), run]);
});

const soon = live(
  (changed) => changed === null || runs().some((run) => run.startsWith(`${changed}:`)),
  async () => {
    ({ studies } = await ask("/api/studies"));
    networksOf = null;
    await drawChoices();
    const wanted = runs();
    for (const id of ["curves", "networks"]) setShown(byId(id), wanted.length > 0);
    if (!wanted.length) {
      setText(byId("message"), "Choose a study and a network of it, and add it; then another.");
      return fillList(byId("notes"), []);
    }
    const found = await ask(`/api/compare?${new URLSearchParams(wanted.map((run) => ["run", run]))}`);
    const names = new Map(found.networks.map((row) => [keyOf(row), row.name]));
    const isOneStudy = new Set(found.networks.map((row) => row.study)).size === 1;
    const curves = found.curves.curves.map((curve, place) => {
      const name = names.get(keyOf(curve)) ?? curve.name;
      return {
        ...curve, key: keyOf(curve), address: networkAddress(curve.study, curve.number),
        label: isOneStudy ? String(curve.number) : LETTERS[place % LETTERS.length], name: isOneStudy ? name : `${name} (${curve.study})`,
      };
    });
    table.setColumns(columns(found.figure));
    table.update(found.networks);
    fillList(byId("notes"), found.notes);
    chart.show({ name: found.curves.name, curves });
    if (byId("message").textContent.startsWith("Choose")) setText(byId("message"), "");
  },
);
