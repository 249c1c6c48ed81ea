/** Curves over epochs: one vega view for each chart, whose data change. */

import { apart, axisOf, colourNamed, isDark, looks, specification } from "./chart_look.js";
import { element, fill, setText } from "./dom.js";
import { Failure } from "./store.js";
import { figure } from "./words.js";

/** Which share of the axis has room for a label. */
const NEAR = 0.15;

let loading = null;

/** Vega, when it is first needed: it is large. */
function library() {
  loading ??= new Promise((resolve, reject) => {
    const script = element("script", { src: "/static/vega.js", onload: resolve });
    script.addEventListener("error", () => {
      loading = null;
      script.remove();
      reject(new Failure("What draws the curves could not be loaded: reload the page."));
    });
    document.head.append(script);
  });
  return loading;
}

/** Curves, their legend and the same as a table. */
export class Lines {
  #view = null;
  #data = null;
  #shown = null;
  #isSeen = false;
  #isDrawing = false;
  #picked = "";

  /** @param {HTMLElement} container */
  constructor(container) {
    this.title = element("p", { class: "chart-title" });
    this.plot = element("div", { class: "plot", role: "img", "aria-label": "Curves, not loaded yet" });
    this.tip = element("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.legend = element("ul", { class: "legend" });
    this.table = element("details", {}, element("summary", {}, "These figures as a table"), element("div"));
    container.classList.add("chart");
    container.replaceChildren(this.title, element("div", { class: "canvas" }, this.plot, this.tip), this.legend, this.table);
    new IntersectionObserver((entries) => {
      this.#isSeen = entries.at(-1).isIntersecting;
      this.#draw();
    }, { rootMargin: "300px" }).observe(this.plot);
    isDark.addEventListener("change", () => {
      this.#drop();
      if (this.#data) this.show(this.#data);
    });
    this.plot.addEventListener("pointermove", (event) => this.#point(event));
    this.plot.addEventListener("pointerleave", () => this.#pick("", null));
  }

  /**
   * Draw these curves, now or when they come into sight.
   * @param {{name: string, curves: {key: string, label: string, name: string, address?: string, epochs: number[],
   *   mean: number[], low: number[]|null, high: number[]|null, best: number|null, live: boolean}[]}} data
   *   `label`: short, at the end of the curve
   */
  show(data) {
    this.#data = data;
    const look = looks(data.curves.length);
    this.curves = data.curves.map((curve, place) => ({ ...curve, ...look[place], isGrey: look[place].colour === colourNamed("--faint") }));
    setText(this.title, data.curves.length ? data.name : `${data.name}: not measured yet`);
    const told = this.curves.map((curve) => `${curve.name}: ${ends(curve)}`);
    this.plot.setAttribute("aria-label", `${data.name} over epochs. ${told.slice(0, 8).join(". ")}${told.length > 8 ? `, and ${told.length - 8} more` : ""}`);
    fill(this.legend, JSON.stringify(this.curves.map(({ key, name, best, live, colour, isDashed }) => [key, name, best, live, colour, isDashed])), () => this.curves.map((curve) => this.#entry(curve)));
    fill(this.table.lastElementChild, JSON.stringify(data.curves), () => [asTable(this.curves)]);
    this.plot.parentElement.hidden = this.table.hidden = !data.curves.length;
    this.#draw();
  }

  #entry(curve) {
    const line = element("span", { class: "line", "aria-hidden": "true" });
    line.style.borderTopColor = curve.colour;
    line.style.borderTopStyle = curve.isDashed ? "dashed" : "solid";
    const isWord = Number.isNaN(Number(curve.label)) && curve.name.startsWith(curve.label);
    const name = isWord ? curve.name : `${curve.label}  ${curve.name}`;
    const told = [curve.best ? `best epoch ${curve.best}` : "", curve.live ? "still training" : ""].filter(Boolean).join(", ");
    return element(
      "li",
      {
        onpointerenter: () => this.#pick(curve.key, null), onpointerleave: () => this.#pick("", null),
        onfocusin: () => this.#pick(curve.key, null), onfocusout: () => this.#pick("", null),
      },
      line,
      curve.address ? element("a", { href: curve.address }, name) : element("span", {}, name),
      told ? element("span", { class: "quiet" }, told) : null,
    );
  }

  async #draw() {
    if (!this.#isSeen || this.#isDrawing || !this.#data?.curves.length || this.#shown === this.#data) return;
    this.#isDrawing = true;
    try {
      const data = this.#data;
      const axis = axisOf(this.curves);
      if (this.#view && this.axis.isLog !== axis.isLog) this.#drop();
      this.axis = axis;
      const last = Math.max(...data.curves.map((curve) => curve.epochs.at(-1) ?? 1));
      // A new run of a network begins its mean anew: the axis need not go back with it.
      this.last = data.curves.some((curve) => curve.live) ? Math.max(last, this.last ?? 1) : last;
      this.height = innerWidth < 600 ? 240 : 320;
      if (!this.#view) {
        setText(this.plot, "The curves are being drawn ...");
        await library();
        const options = { mode: "vega-lite", ast: true, renderer: "svg", actions: false, defaultStyle: false, tooltip: false };
        const made = await window.vegaEmbed(this.plot, specification(axis, this.last, this.height), options);
        this.#view = made.view;
      }
      this.height = this.#view.height();
      await this.#fill(this.#view);
      this.#shown = data;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return setText(this.title, error.message);
    } finally {
      this.#isDrawing = false;
    }
    this.#draw(); // what came meanwhile
  }

  #fill(view) {
    const points = [], best = [], ended = [];
    // The first curves are drawn last, above the others.
    for (const { key, label, colour, isDashed, isGrey, ...curve } of this.curves.toReversed()) {
      curve.epochs.forEach((epoch, place) => {
        const value = curve.mean[place];
        if (value === null) return;
        const point = { key, colour, isDashed, isGrey, epoch, value, from: curve.low?.[place] ?? value, to: curve.high?.[place] ?? value };
        points.push(isGrey || this.axis.isLog ? { ...point, from: value, to: value } : point);
        if (epoch === curve.best) best.push({ key, colour, epoch, value });
      });
      const end = curve.mean.findLastIndex((value) => value !== null);
      if (!isGrey && end >= 0) ended.push({ key, colour, text: label, epoch: curve.epochs[end], wanted: this.#height(curve.mean[end]) });
    }
    const labels = this.#labels(ended);
    view.signal("low", this.axis.low).signal("high", this.axis.high);
    view.signal("first", 0.5).signal("last", this.last + 0.5);
    return view.data("points", points).data("best", best).data("labels", labels).runAsync();
  }

  /** Labels stand where their curves end; where several end nearly at once, in one column apart from each other. */
  #labels(ended) {
    const groups = [];
    for (const each of ended.toSorted((one, other) => one.epoch - other.epoch)) {
      const before = groups.at(-1)?.at(-1);
      if (before && each.epoch - before.epoch < NEAR * this.last) groups.at(-1).push(each);
      else groups.push([each]);
    }
    return groups.flatMap((group) => {
      const places = apart(group.map((each) => each.wanted), this.height);
      return group.map((each, place) => ({ ...each, epoch: group.at(-1).epoch, place: places[place] }));
    });
  }

  /** How many pixels below the top a value stands. */
  #height(value) {
    const place = this.axis.isLog ? Math.log : (each) => each;
    const [low, high] = [place(this.axis.low), place(this.axis.high)];
    return this.height * (1 - (place(value) - low) / (high - low));
  }

  #drop() {
    this.#view?.finalize();
    this.#view = this.#shown = null;
    this.plot.replaceChildren();
  }

  #pick(key, tip) {
    this.tip.hidden = !tip;
    if (tip) {
      setText(this.tip, tip.text);
      this.tip.style.left = `${Math.min(tip.x + 14, this.plot.clientWidth - this.tip.offsetWidth - 4)}px`;
      this.tip.style.top = `${tip.y + 14}px`;
    }
    if (!this.#view || this.#picked === key) return;
    this.#picked = key;
    this.#view.signal("picked", key).runAsync();
  }

  /** Tell of the curve nearest to the pointer. */
  #point(event) {
    if (!this.#view) return;
    const frame = this.plot.getBoundingClientRect();
    const [left, top] = this.#view.origin();
    const padding = this.#view.padding();
    const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
    const epoch = 0.5 + ((x - left - padding.left) / this.#view.width()) * this.last;
    let nearest = null;
    for (const curve of this.curves) {
      const place = nearestPlace(curve.epochs, epoch);
      const value = curve.mean[place];
      if (value === null || value === undefined) continue;
      const away = Math.abs(this.#height(value) - (y - top - padding.top));
      if (!nearest || away < nearest.away) nearest = { curve, place, value, away };
    }
    if (!nearest || nearest.away > 60) return this.#pick("", null);
    const { curve, place, value } = nearest;
    const band = curve.low?.[place] !== null && curve.low ? ` [${figure(curve.low[place])}, ${figure(curve.high[place])}]` : "";
    this.#pick(curve.key, { x, y, text: `${curve.name}\nepoch ${curve.epochs[place]}: ${figure(value)}${band}` });
  }
}

function nearestPlace(epochs, epoch) {
  let found = 0;
  epochs.forEach((each, place) => {
    if (Math.abs(each - epoch) < Math.abs(epochs[found] - epoch)) found = place;
  });
  return found;
}

/** Where a curve is in its best and its last epoch, in words. */
function ends(curve) {
  const at = curve.epochs.indexOf(curve.best);
  const best = at < 0 ? "" : `best epoch ${curve.best} with ${figure(curve.mean[at])}, `;
  return `${best}epoch ${curve.epochs.at(-1) ?? "–"} with ${figure(curve.mean.at(-1))}`;
}

function asTable(curves) {
  const head = ["network", "first", "best epoch", "then", "last epoch", "then"];
  const cells = ({ name, epochs, mean, best }) => {
    const at = epochs.indexOf(best);
    return [name, figure(mean[0]), at < 0 ? "–" : String(best), at < 0 ? "–" : figure(mean[at]), String(epochs.at(-1) ?? "–"), figure(mean.at(-1))];
  };
  const rowOf = (tag, values) =>
    element("tr", {}, ...values.map((value, place) => element(place ? tag : "th", { scope: place && tag === "td" ? null : tag === "th" ? "col" : "row", class: place ? "number" : null }, value)));
  const table = element("table", {}, element("thead", {}, rowOf("th", head)), element("tbody", {}, ...curves.map((curve) => rowOf("td", cells(curve)))));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Figures of the curves" }, table);
}
