/** The page of one study. */

import { Lines } from "./chart.js";
import { byId, element, facts, fill, fillList, setOptions, setShown, setText, settled, showProblem } from "./dom.js";
import { networkColumns, rankOf } from "./networks.js";
import { bind, chosen, keep } from "./query.js";
import { Failure, ask, live, send } from "./store.js";
import { Table } from "./table.js";
import { SIGNS, count, figureOptions, networkAddress, progressTold, setting, testFigures } from "./words.js";

let { study } = byId("study").dataset;
const address = () => `/api/studies/${encodeURIComponent(study)}`;
const checked = new Set(chosen("networks").split(",").filter((each) => /^\d+$/.test(each)).map(Number));
const chart = new Lines(byId("chart"));
let found = null;
let state = null;

const table = new Table(byId("table"), {
  caption: "Networks", columns: networkColumns({ study }, [], checked, check), keyOf: (row) => String(row.number), isKept: true,
  sort: "rank", marked: (row) => row.name === found?.chosen?.name, empty: "No network is like that.",
});

function check(number, isChecked) {
  if (isChecked) checked.add(number);
  else checked.delete(number);
  keep({ networks: [...checked].sort((one, other) => one - other).join(",") });
  drawNetworks();
  soon();
}

function drawHead() {
  if (state !== null && state !== found.state) setText(byId("message"), ""); // what was to happen has happened
  ({ state } = found);
  document.title = `${found.name} · justfit`;
  setText(byId("title"), found.name);
  const marks = [[found.state, `${SIGNS[found.state] ?? ""} ${found.state}`], ["", `data: ${found.data}`], ["", found.id]];
  if (found.leaked) marks.push(["leaked", "! leaked: test rows validated"]);
  fill(byId("marks"), JSON.stringify(marks), () => marks.map(([kind, text]) => element("span", { class: `mark ${kind}` }, text)));
  setText(byId("protocol"), found.protocol);
  for (const [id, isShown] of [["stop", found.can_stop], ["resume", found.can_resume]]) setShown(byId(id), isShown);
  byId("try").href = `/try?study=${encodeURIComponent(study)}`;
  byId("report").href = `/studies/${encodeURIComponent(study)}/report`;
  setShown(byId("try"), found.state === "done");
  setShown(byId("report"), found.networks.some((each) => each.figure) || Boolean(found.test));
  const isTold = found.progress !== null && found.state !== "done";
  setShown(byId("progress"), isTold);
  if (isTold) {
    if (byId("bar").value !== found.progress) byId("bar").value = found.progress;
    const told = progressTold(found.progress, found.state === "running" ? found.seconds_left : null);
    setText(byId("left"), told);
    // Read aloud once in a tenth, not four times a second.
    const tenth = String(Math.floor(10 * found.progress));
    if (byId("left-told").dataset.tenth !== tenth) {
      byId("left-told").dataset.tenth = tenth;
      setText(byId("left-told"), told);
    }
  }
  fillList(byId("warnings"), found.error ? [found.error, ...found.warnings] : found.warnings);
}

function drawOutcome() {
  const { chosen: taken, test, rows } = found;
  setShown(byId("outcome"), Boolean(taken));
  fill(byId("outcome-facts"), JSON.stringify([taken, test, rows]), () => {
    if (!taken) return [];
    const network = found.networks.find((each) => each.name === taken.name);
    const name = network ? element("a", { href: networkAddress(study, network.number) }, taken.name) : taken.name;
    const figures = testFigures(test, found.leaked).filter(([, , isOfClass]) => !isOfClass).map(([key, each]) => [`test ${key}`, each]);
    const counts = Object.entries(rows ?? {}).map(([key, each]) => [`${key} rows`, count(each)]);
    const made = facts([["chosen", name], ["epochs", taken.epochs], ...figures, ...counts, ["why", taken.reason]]);
    if (taken.reason) made.lastElementChild.classList.add("wide");
    return [made];
  });
}

function drawSteps() {
  const steps = found.stages.map((stage) => {
    const total = stage.networks.length;
    const networks = `${stage.name}: ${total} ${total === 1 ? "network" : "networks"}`;
    return [networks, stage.state, stage.choice ? `took ${stage.choice.name}. ${stage.choice.reason}` : ""];
  });
  fill(byId("steps"), JSON.stringify(steps), () =>
    steps.map(([networks, state, choice]) =>
      element("li", {}, `${networks} `, element("span", { class: `mark ${state}` }, state), choice ? element("div", { class: "quiet" }, choice) : null),
    ),
  );
  fillList(byId("decisions"), found.decisions);
  fillList(byId("notes-list"), found.notes);
  setShown(byId("notes"), found.notes.length > 0);
}

function drawNetworks() {
  if (!found) return;
  const fields = [...new Set(found.networks.flatMap((each) => Object.keys(each.settings)))];
  setOptions(byId("stage"), [["", "all"], ...found.stages.map((each) => [each.name, each.name])], chosen("stage"));
  setOptions(byId("group"), [["", "nothing"], ["fit", "fit"], ...fields.map((each) => [each, each.replaceAll("_", " ")])], chosen("group"));
  table.setColumns(networkColumns(found, fields, checked, check));
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const stage = byId("stage").value;
  const rows = found.networks.filter((row) => {
    const settings = Object.entries(row.settings).map(([key, value]) => `${key} ${setting(value)}`);
    const text = [row.name, ...row.stages, row.fit?.kind ?? "", ...settings].join(" ").toLowerCase();
    return (!stage || row.stages.includes(stage)) && words.every((word) => text.includes(word));
  });
  const group = byId("group").value;
  const groupOf = {
    "": null,
    fit: (row) => `fit: ${row.fit?.kind ?? "not known"}`,
  }[group] ?? ((row) => `${group.replaceAll("_", " ")}: ${setting(row.settings[group])}`);
  table.update(rows, group ? groupOf : null);
  const all = found.networks.length;
  setText(byId("count"), `${rows.length === all ? all : `${rows.length} of ${all}`} ${all === 1 ? "network" : "networks"}, ${checked.size} checked`);
  const numbers = [...checked].filter((number) => found.networks.some((each) => each.number === number));
  const query = numbers.map((number) => `run=${encodeURIComponent(study)}:${number}`).join("&");
  byId("compare").href = `/compare?${query}`;
  setShown(byId("compare"), numbers.length > 1);
  setShown(byId("clear"), numbers.length > 0);
}

async function drawCurves() {
  setOptions(byId("figure"), figureOptions(found.metric), byId("figure").value || chosen("figure") || found.select);
  const query = new URLSearchParams({ figure: byId("figure").value });
  if (checked.size) query.set("networks", [...checked].join(","));
  const { name, curves } = await ask(`${address()}/curves?${query}`);
  // Of many the best have colours.
  const ranks = new Map(found.networks.map((row) => [row.number, rankOf(found, row) ?? Infinity]));
  const drawn = curves.toSorted((one, other) => ranks.get(one.number) - ranks.get(other.number) || one.number - other.number).map((curve) => ({
    ...curve, key: String(curve.number), label: String(curve.number), address: networkAddress(study, curve.number),
  }));
  const leaked = found.leaked ? " (leaked)" : "";
  chart.show({ name: name + leaked, curves: drawn });
  const isFew = !checked.size && curves.length < found.networks.length;
  const bands = curves.some((curve) => curve.low) ? "Bands: 95% of the mean over runs." : "";
  setText(byId("drawn"), [isFew ? `The best ${curves.length}; check networks below to draw those.` : "", bands].filter(Boolean).join(" "));
}

async function act(name) {
  const button = byId(name);
  button.disabled = true;
  try {
    setText(byId("message"), (await send(`${address()}/${name}`)).message);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    showProblem(error.message);
  } finally {
    button.disabled = false;
    soon();
  }
}

for (const name of ["stop", "resume"]) byId(name).addEventListener("click", () => act(name));
byId("clear").addEventListener("click", () => {
  checked.clear();
  keep({ networks: "" });
  drawNetworks();
  byId("search").focus();
  soon();
});
bind(byId("search"), "search", settled(drawNetworks));
for (const id of ["stage", "group", "figure"]) {
  byId(id).addEventListener("input", () => {
    keep({ [id]: id === "figure" && byId(id).value === found?.select ? "" : byId(id).value });
    if (id === "figure") soon();
    else drawNetworks();
  });
}

const soon = live(
  (changed) => changed === study,
  async () => {
    found = await ask(address());
    for (const draw of [drawHead, drawOutcome, drawSteps, drawNetworks]) draw();
    await drawCurves();
  },
  (name) => {
    study = name;
    history.replaceState(null, "", `/studies/${encodeURIComponent(study)}${location.search}`);
  },
);
