/** Numbers and states as they are read. */

/** A figure of any size with four digits that say something; a dash for none. */
export function figure(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2).replace("-", "−").replace("e−", "e-");
  const digits = size >= 1 ? Math.max(0, 3 - Math.floor(Math.log10(size))) : 4;
  return value.toFixed(digits).replace("-", "−");
}

export const count = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en"));

/** A figure and its 95% interval, where it has one. */
export function interval(found) {
  if (!found) return "–";
  const known = found.low !== null && found.low !== undefined && found.high !== null && found.high !== undefined;
  return known ? `${figure(found.value)} [${figure(found.low)},\u00a0${figure(found.high)}]` : figure(found.value);
}

/** A difference with its sign. */
export function difference(found) {
  if (!found) return "–";
  const text = interval(found);
  return found.value > 0 ? `+${text}` : text;
}

export function percent(share) {
  if (share === 0 || share === 1) return `${100 * share}%`;
  if (share > 0.9999 && share < 1) return "> 99.99%";
  if (share < 0.0001 && share > 0) return "< 0.01%";
  return `${(100 * share).toFixed(share > 0.999 || share < 0.001 ? 2 : 1)}%`;
}

/** @param {number|null} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** How much of a study is done, and how long it still takes, in one sentence. */
export function progressTold(share, secondsLeft) {
  const done = `${Math.floor(100 * share)}% done`;
  if (secondsLeft === null || secondsLeft === undefined) return done;
  return `${done}, about ${duration(secondsLeft < 10 ? Math.ceil(secondsLeft) : secondsLeft).replace(".0", "")} left`;
}

/** A moment as the reader's clock has it. */
export function moment(text) {
  const when = new Date(text);
  if (Number.isNaN(when.getTime())) return text ?? "–";
  const two = (number) => String(number).padStart(2, "0");
  const day = `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
  return `${day} ${two(when.getHours())}:${two(when.getMinutes())}`;
}

export function setting(value) {
  if (value === null || value === undefined) return "none";
  if (Array.isArray(value)) return value.map(setting).join("-") || "none";
  if (typeof value === "object") {
    const { name, ...rest } = value;
    const said = Object.entries(rest).map(([key, each]) => `${key.replaceAll("_", " ")} ${setting(each)}`);
    return [name, ...said].filter(Boolean).join(", ");
  }
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
}

export const SIGNS = {
  running: "▶", done: "✓", unfinished: "◌", failed: "✕", warning: "!", note: "i", error: "✕", waiting: "◌",
};

const FIGURES = {
  val_data_loss: "validation loss, without penalties",
  val_loss: "validation loss, with penalties",
  val_metric: "validation {metric}",
  data_loss: "training loss, without penalties",
  loss: "training loss, with penalties",
  metric: "training {metric}",
  fit_loss: "loss of training rows after each epoch",
  fit_metric: "{metric} of training rows after each epoch",
};

/** Of all figures of an epoch, name and what it is in words. */
export const figureOptions = (metric) =>
  Object.entries(FIGURES).map(([key, text]) => [key, text.replace("{metric}", metric)]);

const TEST = {
  macro_f1: "macro F1", brier: "Brier score", ece: "expected calibration error", roc_auc: "ROC AUC", pr_auc: "PR AUC",
  mae: "mean absolute error", rmse: "root mean squared error", r2: "R²", log_loss: "log loss",
};

/** Figures of the test rows as names and values; of single classes the last ones. */
export function testFigures(test, isLeaked) {
  const isOfClass = (key) => key.includes(" of ");
  return Object.entries(test ?? {})
    .sort(([one], [other]) => isOfClass(one) - isOfClass(other))
    .map(([key, each]) => [`${TEST[key] ?? key.replaceAll("_", " ")}${isLeaked ? " (leaked)" : ""}`, interval(each), isOfClass(key)]);
}

/** A difference from the best in words. */
export function verdictTold(row) {
  if (row.verdict === null || row.verdict === undefined) return row.difference ? "not known" : "";
  return { tie: "a tie with the best", worse: "worse than the best", better: "better than the best" }[row.verdict] ?? row.verdict;
}

/** A fit in words. */
export const fitTold = (fit) =>
  fit ? fit.kind + (fit.onset === null || fit.onset === undefined ? "" : ` from epoch ${fit.onset}`) : "–";

/** Where a network of a study has its page. */
export const networkAddress = (study, number) => `/studies/${encodeURIComponent(study)}/networks/${number}`;
