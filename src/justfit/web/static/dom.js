/** Elements and texts. All data becomes text here, never markup. */

const CONTROLS = /[\p{Surrogate}\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/gu;

/** A text with control characters spelt out, which would turn around or hide what stands beside them. */
export const shown = (text) =>
  String(text).replace(CONTROLS, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** An element; of attributes, `on...` are listeners, `class` and the rest what they are in HTML, null none. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  const there = children.filter((child) => child !== null && child !== undefined);
  made.append(...there.map((child) => (child instanceof Node ? child : shown(child))));
  return made;
}

export const byId = (id) => document.getElementById(id);

/** Set a text only where it changes, so that selections and live regions stay as they are. */
export function setText(target, text) {
  const told = shown(text);
  if (target.textContent !== told) target.textContent = told;
}

export function setShown(target, isShown) {
  if (target.hidden === isShown) target.hidden = !isShown;
}

/** Give a container new children only where `signature` is another than before. */
export function fill(target, signature, children) {
  if (target.dataset.signature === signature) return;
  target.dataset.signature = signature;
  target.replaceChildren(...children());
}

/** A list of sentences, kept as it is where nothing changes. */
export function fillList(target, sentences) {
  fill(target, JSON.stringify(sentences), () => sentences.map((each) => element("li", {}, each)));
  setShown(target, sentences.length > 0);
}

/** Facts as names and values; null ones are left out. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return element(
    "dl",
    { class: "facts" },
    ...known.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
  );
}

/** The options of a select, keeping what is chosen. `options`: pairs of value and text. */
export function setOptions(select, options, chosen = select.value) {
  fill(select, JSON.stringify(options), () =>
    options.map(([value, text]) => element("option", { value }, text)),
  );
  select.value = options.some(([value]) => value === chosen) ? chosen : (options[0]?.[0] ?? "");
}

/** Call `act` once no call came for a moment. */
export function settled(act, milliseconds = 150) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), milliseconds);
  };
}

/** What was said wrong, in an alert of the page; nothing hides it. */
export function showProblem(sentence) {
  const target = byId("problem");
  setText(target, sentence ?? "");
  setShown(target, Boolean(sentence));
}

/** Let files be dropped on `target` or chosen by `input`. */
export function takeFiles(target, input, take) {
  const over = (isOver) => target.classList.toggle("over", isOver);
  target.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  target.addEventListener("dragleave", () => over(false));
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
  input.addEventListener("change", () => {
    if (input.files.length) take(input.files[0]);
  });
}
