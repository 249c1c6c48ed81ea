/** The page that asks a finished study's network. */

import { byId, element, setOptions, setText, showProblem, takeFiles } from "./dom.js";
import { fieldsOf } from "./fields.js";
import { effectList, markedText } from "./marked.js";
import { chosen, keep } from "./query.js";
import { Failure, ask, send, sendFile, whole } from "./store.js";
import { figure, percent } from "./words.js";

const MOST_BARS = 20;
let fields = null;
let asked = 0;

const study = () => byId("study").value;

/** Run an act whose failure is told. */
async function told(act) {
  try {
    await act();
    showProblem(null);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    showProblem(error.message);
  }
}

async function start() {
  const { studies } = await ask("/api/studies");
  const done = studies.filter((each) => each.state === "done");
  if (!done.length) {
    setText(byId("about"), "There is no finished study yet: start one, and come back when it is done.");
    byId("ask-button").disabled = true;
    return;
  }
  setOptions(byId("study"), done.map((each) => [each.study, `${each.name} (${each.data}, ${each.id})`]), chosen("study"));
  await choose();
}

async function choose() {
  const wanted = study();
  const takes = await ask(`/api/studies/${encodeURIComponent(wanted)}/takes`);
  if (wanted !== study()) return;
  setText(byId("about"), takes.classes ? `It tells ${listed(takes.classes)} apart.` : "It answers with a number.");
  fields = fieldsOf(takes, () => drawCurl());
  byId("fields").replaceChildren(...fields.elements);
  byId("answer").replaceChildren(element("p", { class: "quiet" }, "Nothing was asked yet."));
  drawCurl();
}

/** At most a dozen names as they are read. */
function listed(names) {
  const few = names.length > 12 ? [...names.slice(0, 12), `${names.length - 12} more`] : names;
  return `${few.slice(0, -1).join(", ")} and ${few.at(-1)}`;
}

const question = (row) => ({ study: study(), row, explain: true });

/** A text as one word of a shell. */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function drawCurl() {
  const row = JSON.stringify(question(fields.row()));
  const long = row.length > 2000 ? `${row.slice(0, 2000)} ...` : row;
  setText(byId("curl"), `curl -X POST ${location.origin}/predict \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(long)}`);
}

function bars(classes, probabilities) {
  const sorted = classes.map((name, place) => [name, probabilities[place]]).sort((one, other) => other[1] - one[1]);
  const items = sorted.slice(0, MOST_BARS).map(([name, share]) => {
    const bar = element("span");
    bar.style.width = `${100 * share}%`;
    return element("li", {}, element("span", {}, name), element("span", { class: "bar", "aria-hidden": "true" }, bar), element("span", { class: "value" }, percent(share)));
  });
  return element("ul", { class: "bars" }, ...items);
}

function drawAnswer(found, text) {
  const [answer] = found.predictions;
  const several = answer.classes ? answer.classes.join(", ") || "none of the classes" : null;
  const said = answer.class ?? several ?? figure(answer.value);
  const parts = [element("p", { class: "verdict" }, said), element("p", { class: "quiet" }, `Network ${found.network} of ${found.study}`)];
  if (answer.probabilities && found.classes) parts.push(element("h3", {}, "Probability of each class"), bars(found.classes, answer.probabilities));
  if (answer.moved?.length) {
    parts.push(element("h3", {}, "What moved it"), movedKey(answer));
    if (text) parts.push(markedText(text, answer.moved));
    parts.push(effectList(answer.moved));
  } else if (answer.moved) parts.push(element("p", { class: "quiet" }, "Nothing in the row moved the answer much."));
  if (found.notes?.length) parts.push(element("ul", { class: "quiet" }, ...found.notes.map((note) => element("li", {}, note))));
  byId("answer").replaceChildren(...parts);
}

function movedKey(answer) {
  const toward = answer.class ?? (answer.classes ? "what was answered" : "a higher value");
  return element(
    "p", { class: "quiet" }, element("mark", { class: "for" }, "marked +"), ` moved it toward ${toward}, `,
    element("mark", { class: "against" }, "marked −"), " away from it; the stronger, the more colour.",
  );
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const row = fields.row();
  const missing = fields.missing();
  if (missing) return showProblem(missing);
  const turn = ++asked;
  told(async () => {
    byId("ask-button").disabled = true;
    try {
      const found = await send("/predict", question(row));
      if (turn === asked) drawAnswer(found, fields.text());
    } finally {
      byId("ask-button").disabled = false;
    }
  });
});

/** Send a file, and give what comes back as a file. */
function takeFile(file) {
  const message = byId("file-message");
  if (!study()) return setText(message, "There is no finished study to ask.");
  setText(message, `Asking of ${file.name} ...`);
  told(async () => {
    try {
      const response = await sendFile("/predict/file", file, { study: study() });
      const content = await whole(response, "blob");
      const name = `${file.name.replace(/\.[^.]*$/, "")}-answers.csv`;
      const address = URL.createObjectURL(content);
      const link = element("a", { href: address, download: name }, name);
      message.replaceChildren("Done: ", link);
      link.click();
    } catch (error) {
      setText(message, "");
      throw error;
    } finally {
      byId("file").value = "";
    }
  });
}

byId("study").addEventListener("input", () => {
  keep({ study: study() });
  told(choose);
});
takeFiles(byId("drop"), byId("file"), takeFile);
told(start);
