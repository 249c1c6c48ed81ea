/** The page that starts a study. */

import { byId, element, fill, fillList, setOptions, setShown, setText, showProblem, takeFiles } from "./dom.js";
import { chosen, keep } from "./query.js";
import { Failure, ask, send, sendFile, whole } from "./store.js";
import { Table } from "./table.js";
import { SIGNS, count } from "./words.js";

const ASK_AGAIN = 500;
let sets = [];
let upload = null;
let looked = 0;

const columns = new Table(byId("columns"), {
  caption: "Columns", keyOf: (row) => row.name, empty: "",
  columns: [
    { key: "name", name: "column", isHead: true, isFixed: true, text: (row) => row.name },
    { key: "kind", name: "kind", isFixed: true, text: (row) => row.kind },
    { key: "reason", name: "why", isFixed: true, text: (row) => row.reason },
  ],
});

/** Run an act whose failure is told; true where it did not fail. */
async function told(act) {
  try {
    await act();
    showProblem(null);
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    showProblem(error.message);
    setText(byId("message"), "");
    return false;
  }
}

/** The rows that are chosen, as the server is asked for them; null for none. */
function meant() {
  if (upload) return { upload: upload.upload, target: byId("target").value || null };
  return byId("data").value ? { data: byId("data").value } : null;
}

function drawChoice() {
  const set = sets.find((each) => each.name === byId("data").value);
  setText(byId("data-sentence"), set ? `${set.sentence}. Needs ${set.needs}.` : "");
  setShown(byId("target-field"), Boolean(upload));
  if (!upload) setText(byId("file-message"), "");
}

async function look() {
  const turn = ++looked;
  const what = meant();
  byId("run").disabled = true;
  setShown(byId("look"), false);
  drawChoice();
  if (!what) return setText(byId("message"), "");
  setText(byId("message"), "Looking at the rows ...");
  await told(async () => {
    const found = await send("/api/look", what);
    if (turn !== looked) return;
    drawFound(found);
    byId("run").disabled = (upload && !what.target) || found.audit.some((each) => each.level === "error");
    setText(byId("message"), "");
  });
}

function drawFound(found) {
  if (upload) setOptions(byId("target"), [["", "choose"], ...found.targets.map((each) => [each, each])]);
  const left = found.left_out ? `, ${count(found.left_out)} left out` : "";
  const task = found.task ? `The task is ${found.task.name}: ${found.task.reason}` : "The task follows from the column to learn: choose one.";
  setText(byId("task"), `${count(found.rows)} rows${left}. ${task}`);
  const audit = found.audit.map((each) => [each.level, each.sentence]);
  fill(byId("audit"), JSON.stringify(audit), () =>
    audit.map(([level, sentence]) => element("li", {}, element("span", { class: `mark ${level === "note" ? "" : "failed"}` }, `${SIGNS[level] ?? ""} ${level}`), ` ${sentence}`)),
  );
  setShown(byId("audit"), audit.length > 0);
  columns.update(found.columns);
  setShown(byId("columns"), found.columns.length > 0);
  fillList(byId("notes"), found.notes);
  setShown(byId("look"), true);
}

function takeFile(file) {
  setText(byId("file-message"), `Sending ${file.name} ...`);
  told(async () => {
    try {
      upload = await whole(await sendFile("/api/uploads", file));
    } catch (error) {
      setText(byId("file-message"), "");
      throw error;
    } finally {
      byId("file").value = "";
    }
    setText(byId("file-message"), `${upload.name} is here.`);
    byId("data").value = "";
    keep({ data: "" });
    setOptions(byId("target"), [["", "choose"], ...(upload.columns ?? []).map((each) => [each, each])], "");
    await look();
    byId("target").focus();
  });
}

/** Wait until the study is there, and go to it. */
async function follow(started) {
  for (;;) {
    const found = await ask(`/api/started/${encodeURIComponent(started)}`);
    setText(byId("message"), found.message);
    if (found.state === "failed") throw new Failure(found.message);
    if (found.study) return location.assign(`/studies/${encodeURIComponent(found.study)}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
  }
}

byId("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const what = meant();
  if (!what) return;
  byId("run").disabled = true;
  setText(byId("message"), "Starting ...");
  const isStarted = await told(async () => {
    const { started } = await send("/api/start", { ...what, quick: byId("quick").checked });
    await follow(started);
  });
  if (!isStarted) byId("run").disabled = false;
});
byId("data").addEventListener("input", () => {
  upload = null;
  keep({ data: byId("data").value });
  look();
});
byId("target").addEventListener("input", look);
takeFiles(byId("drop"), byId("file"), takeFile);

setText(byId("data-sentence"), "Looking for what there is ...");
told(async () => {
  ({ sets } = await ask("/api/data"));
  setOptions(byId("data"), [["", "choose"], ...sets.map((each) => [each.name, each.name])], chosen("data"));
  drawChoice();
  if (byId("data").value) await look();
});
