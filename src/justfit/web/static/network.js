/** The page of one network. */

import { Lines } from "./chart.js";
import { byId, element, facts, fill, setOptions, setShown, setText } from "./dom.js";
import { effectList, markedText } from "./marked.js";
import { chosen, keep } from "./query.js";
import { ask, live } from "./store.js";
import { Table } from "./table.js";
import { count, difference, duration, figure, figureOptions, interval, networkAddress, percent, setting, testFigures, verdictTold } from "./words.js";

let { study } = byId("network").dataset;
const { number } = byId("network").dataset;
const address = () => `/api/studies/${encodeURIComponent(study)}`;
const chart = new Lines(byId("chart"));

const layers = new Table(byId("layers"), {
  caption: "Layers", keyOf: (row) => String(row.place),
  columns: [
    { key: "place", name: "no.", isFixed: true, isNumber: true, text: (row) => String(row.place) },
    { key: "kind", name: "layer", isFixed: true, isHead: true, text: (row) => row.kind },
    { key: "detail", name: "detail", isFixed: true, text: (row) => row.detail },
    { key: "outputs", name: "outputs", isFixed: true, isNumber: true, text: (row) => count(row.outputs) },
    { key: "parameters", name: "parameters", isFixed: true, isNumber: true, text: (row) => count(row.parameters) },
  ],
});
const runs = new Table(byId("runs"), {
  caption: "Runs", keyOf: (row) => row.id, empty: "No row validates, so it has no runs but those that were tested.",
  columns: [
    { key: "id", name: "run", isHead: true, text: (row) => row.id },
    { key: "split", name: "split", isNumber: true, text: (row) => String(row.split ?? "–"), value: (row) => row.split },
    { key: "seed", name: "seed", isNumber: true, text: (row) => String(row.seed ?? "–"), value: (row) => row.seed },
    { key: "state", name: "state", text: (row) => row.state },
    { key: "epochs", name: "epochs", isNumber: true, text: (row) => count(row.epochs), value: (row) => row.epochs },
  ],
});

function drawSummary(found, whole) {
  const leaked = whole.leaked ? " (leaked)" : "";
  document.title = `${found.name} · ${whole.name} · justfit`;
  setText(byId("title"), `${found.number}. ${found.name}`);
  const isChosen = whole.chosen?.name === found.name;
  const marks = [isChosen ? ["done", "✓ chosen"] : null, whole.leaked ? ["leaked", "! leaked: test rows validated"] : null].filter(Boolean);
  fill(byId("marks"), JSON.stringify(marks), () => marks.map(([kind, text]) => element("span", { class: `mark ${kind}` }, text)));
  const trained = `${count(found.runs_trained)} of ${count(found.runs_planned)}`;
  const metricName = `validation ${whole.metric}${leaked}`;
  const pairs = [
    ["stages", found.stages?.join(", ")],
    [`${figureOptions(whole.metric).find(([key]) => key === whole.select)?.[1] ?? whole.select}${leaked}`, found.figure ? interval(found.figure) : null],
    ["spread from run to run", found.figure?.spread === null || !found.figure ? null : figure(found.figure.spread)],
    [metricName, found.metric === null || found.metric === undefined ? null : figure(found.metric)],
    ["difference from the best", found.difference ? `${difference(found.difference)}, ${verdictTold(found)}` : null],
    ["best epoch", found.best_epoch],
    ["left its stage after epoch", found.left],
    ["parameters", count(found.parameters)],
    ["updates", found.updates === null ? null : count(found.updates)],
    ["time", found.seconds === null ? null : duration(found.seconds)],
    ["runs", trained],
    ["fit", found.fit?.sentence],
  ];
  fill(byId("summary"), JSON.stringify(pairs), () => {
    const made = facts(pairs);
    if (found.fit) made.lastElementChild.classList.add("wide");
    return [made];
  });
  const settings = Object.entries(found.settings ?? {}).filter(([key]) => !(key in found));
  fill(byId("settings"), JSON.stringify(settings), () => [
    facts(settings.map(([key, value]) => [key.replaceAll("_", " "), setting(value)])),
  ]);
}

function drawTest(found, whole) {
  setShown(byId("test"), Boolean(found.test));
  const pairs = testFigures(found.test, whole.leaked);
  fill(byId("test-figures"), JSON.stringify(pairs), () => [facts(pairs)]);
}

function drawConfusion(confusion) {
  setShown(byId("confusion"), Boolean(confusion));
  if (!confusion) return;
  const { classes, counts, rows } = confusion;
  const sums = counts.map((row) => row.reduce((sum, each) => sum + each, 0));
  setText(byId("confusion-rows"), `Counts of ${rows} rows: a line for each given class, a column for each answer. The darker, the larger the share of its line; framed is what is right.`);
  fill(byId("confusion-table"), JSON.stringify(confusion), () => {
    const head = element("tr", {}, element("th", { scope: "col" }, "given"), ...classes.map((name) => element("th", { scope: "col", class: "number" }, name)), element("th", { scope: "col", class: "number" }, "right"));
    const lines = counts.map((row, place) => {
      const cells = row.map((value, answer) => {
        const cell = element("td", { class: answer === place ? "right" : null }, count(value));
        cell.style.setProperty("--share", String(sums[place] ? value / sums[place] : 0));
        return cell;
      });
      const right = sums[place] ? percent(row[place] / sums[place]) : "–";
      return element("tr", {}, element("th", { scope: "row" }, classes[place]), ...cells, element("td", {}, right));
    });
    const caption = element("caption", { class: "unseen" }, "Confusion matrix");
    const table = element("table", { class: "matrix" }, caption, element("thead", {}, head), element("tbody", {}, ...lines));
    return [element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Confusion matrix, table" }, table)];
  });
}

function drawMistakes(mistakes) {
  setShown(byId("mistakes"), Boolean(mistakes?.length));
  fill(byId("mistakes-list"), JSON.stringify(mistakes), () =>
    (mistakes ?? []).map((each) => {
      const isOfClasses = typeof each.label === "string";
      const said = isOfClasses
        ? `Row ${each.row}: given ${each.label}, answered ${each.answer} (${percent(each.size)})`
        : `Row ${each.row}: given ${figure(each.label)}, answered ${figure(each.answer)}, off by ${figure(each.size)}`;
      return element(
        "li", {}, element("h3", {}, said),
        each.picture?.startsWith("data:image/") ? element("img", { src: each.picture, alt: `The picture of row ${each.row}` }) : null,
        each.text === null ? null : markedText(each.text, each.effects),
        each.effects.length ? effectList(each.effects) : null,
      );
    }),
  );
}

function drawAttention(found) {
  setShown(byId("attention"), Boolean(found.looks_at?.length));
  if (!found.looks_at?.length) return;
  const classes = [...new Set(found.looks_at.map((each) => each.speaks_for ?? null))].sort();
  const isOfClasses = classes.some((each) => each !== null);
  const how = isOfClasses ? "moves answers toward that class" : "raises answers";
  setText(byId("attention-how"), `How far each ${how}, in the mean over validation rows; with − ${isOfClasses ? "away from it" : "it lowers them"}.`);
  fill(byId("attention-list"), JSON.stringify(found.looks_at), () =>
    classes.flatMap((name) => [
      name === null ? null : element("h3", {}, `For ${name}`),
      effectList(found.looks_at.filter((each) => (each.speaks_for ?? null) === name)),
    ]).filter(Boolean),
  );
}

/** Training and validation curves of one kind of figure, in one chart. */
async function drawCurves(whole) {
  const kinds = [["data_loss", "loss, without penalties"], ["metric", whole.metric], ["loss", "loss, with penalties"]];
  setOptions(byId("figure"), kinds, byId("figure").value || chosen("figure"));
  const figureKey = byId("figure").value;
  const fit = figureKey === "metric" ? "fit_metric" : figureKey === "data_loss" ? "fit_loss" : null;
  const wanted = [["training", figureKey], ["validation", `val_${figureKey}`], ["training, after", fit]].filter(([, key]) => key);
  const answers = await Promise.all(wanted.map(([, key]) => ask(`${address()}/curves?${new URLSearchParams({ networks: number, figure: key })}`)));
  const curves = answers.flatMap(({ name, curves: found }, place) =>
    found.map((curve) => ({ ...curve, key: wanted[place][1], label: wanted[place][0], name, best: wanted[place][1].startsWith("val_") ? curve.best : null })),
  );
  chart.show({ name: `${kinds.find(([key]) => key === figureKey)[1]}${whole.leaked ? " (leaked)" : ""}`, curves });
}

byId("figure").addEventListener("input", () => {
  keep({ figure: byId("figure").value === "data_loss" ? "" : byId("figure").value });
  soon();
});

const soon = live(
  (changed) => changed === study,
  async () => {
    const [found, whole] = await Promise.all([ask(`${address()}/networks/${number}`), ask(address())]);
    drawSummary(found, whole);
    layers.update(found.layers.map((layer, place) => ({ ...layer, place: place + 1 })));
    runs.update(found.runs);
    drawTest(found, whole);
    drawConfusion(found.confusion);
    drawAttention(found);
    drawMistakes(found.mistakes);
    await drawCurves(whole);
  },
  (name) => {
    study = name;
    history.replaceState(null, "", networkAddress(study, number) + location.search);
  },
);
