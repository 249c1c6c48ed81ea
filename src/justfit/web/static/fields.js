/** Fields to fill in one row: a text, one for each column, or a picture. */

import { element, setText, takeFiles } from "./dom.js";

/**
 * What a row is asked with.
 * @param {object} takes as `/api/studies/{study}/takes` has it
 * @param {() => void} changed
 * @returns {{elements: Element[], row: () => (string|object|number[]), text: () => (string|null), missing: () => (string|null)}}
 *   `text`: of the row, to mark words in; `missing`: what has to be filled in first
 */
export function fieldsOf(takes, changed) {
  switch (takes.kind) {
    case "text":
      return ofText(changed);
    case "picture":
      return ofPicture(takes, changed);
    case "columns":
      return ofColumns(takes.columns, changed);
    default:
      return ofNumbers(takes.count, changed);
  }
}

const field = (id, name, input, isWide) =>
  element("p", { class: isWide ? "field wide" : "field" }, element("label", { for: id }, name), input);

function ofText(changed) {
  const input = element("textarea", { id: "row-text", rows: "8", oninput: changed, spellcheck: "false" });
  return {
    elements: [field("row-text", "Text", input, true)],
    row: () => input.value,
    text: () => input.value,
    missing: () => (input.value.trim() ? null : "Write or paste a text first."),
  };
}

function ofColumns(columns, changed) {
  const inputs = columns.map((column, place) => inputOf(column, `row-${place}`, changed));
  const texts = columns.map((column, place) => (column.kind === "text" ? inputs[place] : null)).filter(Boolean);
  return {
    elements: columns.map((column, place) => field(`row-${place}`, column.name, inputs[place], column.kind === "text")),
    row: () => Object.fromEntries(columns.map((column, place) => [column.name, valueOf(column, inputs[place].value)])),
    text: () => texts.map((input) => input.value).join("\n") || null,
    missing: () => (inputs.some((input) => input.value.trim()) ? null : "Fill in a field first; those left empty count as missing."),
  };
}

function inputOf(column, id, changed) {
  if (column.kind === "text") return element("textarea", { id, rows: "4", oninput: changed, spellcheck: "false" });
  if (!column.values) {
    return element("input", { id, oninput: changed, inputmode: column.kind === "number" ? "decimal" : null });
  }
  const options = column.values.map((value) => element("option", { value }, value));
  return element("select", { id, oninput: changed }, element("option", { value: "" }, "missing"), ...options);
}

/** Numbers as such; what is left empty is missing. A text that is no number is left for the server to name. */
function valueOf(column, text) {
  if (!text.trim()) return null;
  const number = Number(text);
  return column.kind === "number" && Number.isFinite(number) ? number : text;
}

function ofNumbers(total, changed) {
  const input = element("textarea", { id: "row-numbers", rows: "6", oninput: changed, inputmode: "decimal" });
  const numbers = () => input.value.split(/[\s,;]+/).filter(Boolean).map(Number);
  return {
    elements: [field("row-numbers", `${total} numbers, with commas or blanks between`, input, true)],
    row: numbers,
    text: () => null,
    missing: () => {
      const found = numbers();
      if (found.some(Number.isNaN)) return "Not all of these are numbers: separate them by commas or blanks.";
      return found.length === total ? null : `The network takes ${total} numbers, these are ${found.length}.`;
    },
  };
}

/** A picture, brought to the network's size and to grey: light is a high number unless it is turned around. */
function ofPicture({ height, width, low, high }, changed) {
  const canvas = element("canvas", { class: "seen", width: String(width), height: String(height), role: "img", "aria-label": "The picture as the network sees it" });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const input = element("input", { id: "row-picture", type: "file", accept: "image/*" });
  const turned = element("input", { id: "row-turned", type: "checkbox" });
  const said = element("p", { class: "quiet", role: "status" }, "No picture yet.");
  let picture = null;
  let numbers = null;

  function draw() {
    if (!picture) return;
    context.filter = turned.checked ? "invert(1)" : "none";
    context.drawImage(picture, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    numbers = Array.from({ length: width * height }, (_, place) => {
      const [red, green, blue] = data.slice(4 * place, 4 * place + 3);
      const light = (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
      return Math.round((low + light * (high - low)) * 100) / 100;
    });
    changed();
  }

  async function take(file) {
    try {
      picture = await createImageBitmap(file);
      setText(said, `${file.name}, brought to ${width} by ${height} pixels of grey.`);
      draw();
    } catch {
      setText(said, `${file.name} is no picture that this browser can read.`);
    }
  }

  const drop = element("div", { class: "drop wide" }, field("row-picture", "A picture, dropped here or chosen", input, true), said, canvas);
  takeFiles(drop, input, take);
  turned.addEventListener("input", draw);
  return {
    elements: [drop, element("p", { class: "check wide" }, turned, element("label", { for: "row-turned" }, "Turn dark and light around"))],
    row: () => numbers ?? [],
    text: () => null,
    missing: () => (numbers ? null : "Choose a picture first."),
  };
}
