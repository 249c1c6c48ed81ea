/** How charts of curves look: colours, axes and the specification, the same as in report/look.py. */

/** Of Okabe and Ito (2008), told apart with any colour vision; the last is the colour of text. */
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", ""];
const BRIGHT = ["#56B4E9", "#E69F00", "#2BB58F", "#CC79A7", "#4A93CF", "#F0803C", ""];
const WIDE = 20;
const GAP = 14;

export const isDark = matchMedia("(prefers-color-scheme: dark)");
export const colourNamed = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Colour and dashes of a number of curves; of too many the best few alone have a colour. */
export function looks(total) {
  const colours = (isDark.matches ? BRIGHT : COLOURS).map((colour) => colour || colourNamed("--text"));
  return Array.from({ length: total }, (_, place) =>
    place < 2 * colours.length && (place < colours.length || total <= 2 * colours.length)
      ? { colour: colours[place % colours.length], isDashed: place >= colours.length }
      : { colour: colourNamed("--faint"), isDashed: false },
  );
}

/** From where to where values and drawn bands stand; by their logarithm where a few tower above the others. */
export function axisOf(curves) {
  const values = curves.flatMap((curve) => curve.mean).filter((value) => value !== null);
  if (!values.length) return { low: 0, high: 1, isLog: false };
  const sorted = values.toSorted((one, other) => one - other);
  let [low, high] = [sorted[0], sorted.at(-1)];
  const isLog = low > 0 && high > WIDE * sorted[Math.floor(sorted.length / 2)];
  if (isLog) return { low: low / 1.1, high: high * 1.1, isLog };
  const room = 0.5 * (high - low);
  const ends = curves.filter((curve) => !curve.isGrey).flatMap((curve) => [...(curve.low ?? []), ...(curve.high ?? [])]).filter((end) => end !== null);
  low = Math.max(Math.min(low, ...ends), low - room);
  high = Math.min(Math.max(high, ...ends), high + room);
  const around = high > low ? 0.05 * (high - low) : Math.abs(low) / 2 || 0.5;
  return { low: low - around, high: high + around, isLog };
}

/** Places for labels as near to those wanted as they can be without touching; see `apart` in report/look.py. */
export function apart(wanted, length) {
  const blocks = [];
  const order = wanted.map((_, place) => place).sort((one, other) => wanted[one] - wanted[other]);
  order.forEach((number, rank) => {
    let [mean, size] = [wanted[number] - rank * GAP, 1];
    while (blocks.length && blocks.at(-1)[0] > mean) {
      const [other, more] = blocks.pop();
      [mean, size] = [(mean * size + other * more) / (size + more), size + more];
    }
    blocks.push([mean, size]);
  });
  const last = Math.max(0, length - (wanted.length - 1) * GAP);
  const flat = blocks.flatMap(([mean, size]) => Array(size).fill(Math.min(Math.max(mean, 0), last)));
  const places = [];
  order.forEach((number, rank) => (places[number] = flat[rank] + rank * GAP));
  return places;
}

/** The vega-lite specification; its data sets are empty until `Lines` fills them. */
export function specification({ low, high, isLog }, last, height) {
  const epoch = { field: "epoch", type: "quantitative", title: "epoch" };
  const x = {
    ...epoch,
    scale: { domain: [{ expr: "first" }, { expr: "last" }], nice: false, zero: false },
    axis: { format: "d", tickMinStep: 1, grid: false },
  };
  const value = (field) => ({
    field,
    type: "quantitative",
    title: null,
    scale: { domain: [{ expr: "low" }, { expr: "high" }], nice: false, ...(isLog ? { type: "log" } : { zero: false }) },
    axis: isLog ? { format: "~r" } : {},
  });
  const colour = { field: "colour", type: "nominal", scale: null };
  const faded = (strong, weak) => ({ condition: { test: "picked === '' || datum.key === picked", value: strong }, value: weak });
  const text = colourNamed("--text");
  return {
    width: "container",
    height,
    autosize: { type: "fit-x", contains: "padding", resize: true },
    padding: { left: 4, right: 4, top: 8, bottom: 4 },
    background: null,
    params: [
      { name: "low", value: low }, { name: "high", value: high }, { name: "first", value: 0.5 },
      { name: "last", value: last + 0.5 }, { name: "picked", value: "" },
    ],
    datasets: { points: [], best: [], labels: [] },
    layer: [
      {
        data: { name: "points" },
        mark: { type: "area", clip: true },
        encoding: { x, y: value("from"), y2: { field: "to" }, fill: colour, detail: { field: "key" }, fillOpacity: faded(0.13, 0.02) },
      },
      {
        data: { name: "points" },
        mark: { type: "line", clip: true },
        encoding: {
          x, y: value("value"), color: colour, detail: [{ field: "key" }, { field: "isDashed" }, { field: "isGrey" }],
          strokeWidth: { condition: { test: "datum.isGrey", value: 1 }, value: 2 },
          strokeDash: { condition: { test: "datum.isDashed", value: [5, 3] }, value: [1, 0] }, opacity: faded(1, 0.15),
        },
      },
      {
        data: { name: "best" },
        mark: { type: "point", filled: true, size: 70, stroke: colourNamed("--card"), strokeWidth: 1.5, opacity: 1, clip: true },
        encoding: { x, y: value("value"), fill: colour, fillOpacity: faded(1, 0.15) },
      },
      {
        data: { name: "labels" },
        mark: { type: "point", filled: true, shape: "square", size: 45, opacity: 1, xOffset: 11 },
        encoding: { x, y: { field: "place", type: "quantitative", scale: null, axis: null }, fill: colour, fillOpacity: faded(1, 0.2) },
      },
      {
        data: { name: "labels" },
        mark: { type: "text", align: "left", dx: 18, fontSize: 12, fill: text },
        encoding: { x, y: { field: "place", type: "quantitative", scale: null, axis: null }, text: { field: "text" }, fillOpacity: faded(1, 0.2) },
      },
    ],
    config: {
      aria: false,
      mark: { aria: false },
      font: colourNamed("--font") || "sans-serif",
      view: { stroke: null },
      axis: {
        aria: false, labelFontSize: 12, titleFontSize: 13, titleFontWeight: "normal", gridColor: colourNamed("--line"),
        labelColor: text, titleColor: text, domainColor: colourNamed("--faint"), tickColor: colourNamed("--faint"),
      },
    },
  };
}
