/** Tables that sort by the buttons in their heads and stay in place when their rows change. */

import { element, setText, shown } from "./dom.js";
import { chosen, keep } from "./query.js";

/**
 * @typedef {object} Column
 * @property {string} key short, for the address
 * @property {string} name
 * @property {(row) => string} text of a cell; the cell is made anew only when it changes
 * @property {(row) => (number|string|null)} [value] to sort by; the text without
 * @property {(row) => Node} [make] the cell's content, where it is more than its text
 * @property {(row, cell) => void} [refresh] called at each update
 * @property {boolean} [isNumber] stands to the right, and sorts down first
 * @property {boolean} [isShort] stays on one line
 * @property {boolean} [isHead] names the row
 * @property {boolean} [isFixed] cannot be sorted by
 */

/** Of text in the order of people: 2 before 10, none last. */
function compared(one, other, isDown) {
  const none = (value) => value === null || value === undefined || value === "" || value === "–";
  if (none(one) || none(other)) return none(one) - none(other);
  const found =
    typeof one === "number" && typeof other === "number"
      ? one - other
      : String(one).localeCompare(String(other), "en", { numeric: true });
  return isDown ? -found : found;
}

export class Table {
  #rows = [];
  #isKnown = false;
  #groupOf = null;
  #made = new Map();
  #bodies = new Map();

  /**
   * @param {HTMLElement} container
   * @param {{caption: string, columns: Column[], keyOf: (row) => string, marked?: (row) => boolean,
   *   sort?: string, empty?: string, isKept?: boolean}} look `sort`: a column's key, with "-" before it the other way
   */
  constructor(container, look) {
    this.look = look;
    this.sort = (look.isKept && chosen("sort")) || look.sort || "";
    this.head = element("tr");
    this.table = element("table", {}, element("caption", { class: "unseen" }, look.caption), element("thead", {}, this.head));
    this.empty = element("p", { class: "quiet", hidden: true }, look.empty ?? "There is nothing here yet.");
    const scroll = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${look.caption}, table` }, this.table);
    container.replaceChildren(scroll, this.empty);
    this.scroll = scroll;
    this.setColumns(look.columns);
  }

  /** Other columns; those that are the same by key stay as they are but for their names. */
  setColumns(columns) {
    const keys = columns.map((each) => each.key).join("\n");
    this.columns = columns;
    if (keys === this.keys) {
      columns.forEach((column, place) => {
        const head = this.head.cells[place];
        setText(head.querySelector(".name") ?? head, column.name);
      });
      return;
    }
    this.keys = keys;
    const focused = this.head.contains(document.activeElement) && document.activeElement.closest("th").dataset.key;
    this.#made.clear();
    this.#bodies.clear();
    for (const body of [...this.table.tBodies]) body.remove();
    this.head.replaceChildren(...columns.map((column) => this.#headOf(column)));
    this.#showSort();
    this.#draw();
    if (focused) this.head.querySelector(`[data-key="${CSS.escape(focused)}"] button`)?.focus({ preventScroll: true });
  }

  /** Show these rows; with `groupOf` in groups of the same text. */
  update(rows, groupOf = null) {
    this.#rows = rows;
    this.#isKnown = true;
    this.#groupOf = groupOf;
    this.#draw();
  }

  #headOf(column) {
    const attributes = { scope: "col", class: classOf(column) };
    if (column.isFixed) return element("th", attributes, column.name);
    const sign = element("span", { class: "sign", "aria-hidden": "true" });
    const button = element("button", { type: "button", onclick: () => this.#sortBy(column.key) }, element("span", { class: "name" }, column.name), sign);
    return element("th", { ...attributes, "data-key": column.key }, button);
  }

  #sortBy(key) {
    const column = this.columns.find((each) => each.key === key);
    const first = column.isNumber && column.isDownFirst ? `-${column.key}` : column.key;
    const other = first.startsWith("-") ? column.key : `-${column.key}`;
    this.sort = this.sort === first ? other : first;
    if (this.look.isKept) keep({ sort: this.sort === this.look.sort ? "" : this.sort });
    this.#showSort();
    this.#draw();
  }

  #showSort() {
    const isDown = this.sort.startsWith("-");
    const key = this.sort.replace(/^-/, "");
    for (const head of this.head.cells) {
      if (!head.dataset.key) continue;
      const isIt = head.dataset.key === key;
      if (isIt) head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
      setText(head.querySelector(".sign"), isIt ? (isDown ? " ▼" : " ▲") : " ↕");
    }
  }

  #sorted() {
    const isDown = this.sort.startsWith("-");
    const column = this.columns.find((each) => each.key === this.sort.replace(/^-/, ""));
    if (!column) return this.#rows;
    const value = column.value ?? column.text;
    return [...this.#rows].sort((one, other) => compared(value(one), value(other), isDown));
  }

  #draw() {
    const focused = document.activeElement;
    const groups = new Map();
    for (const row of this.#sorted()) {
      const group = this.#groupOf ? this.#groupOf(row) : "";
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(row);
    }
    const names = this.#groupOf ? [...groups.keys()].sort((one, other) => compared(one, other, false)) : [...groups.keys()];
    const bodies = names.map((name) => this.#bodyOf(name, groups.get(name)));
    for (const [name, body] of this.#bodies) {
      if (groups.has(name)) continue;
      body.remove();
      this.#bodies.delete(name);
    }
    place(this.table, bodies, 2);
    const known = new Set(this.#rows.map(this.look.keyOf));
    for (const key of this.#made.keys()) if (!known.has(key)) this.#made.delete(key);
    this.scroll.hidden = this.#rows.length === 0;
    this.empty.hidden = !this.#isKnown || this.#rows.length > 0;
    // A row that was moved has lost the focus.
    if (focused && focused !== document.activeElement && this.table.contains(focused)) focused.focus({ preventScroll: true });
  }

  #bodyOf(name, rows) {
    const isGrouped = Boolean(this.#groupOf);
    if (!this.#bodies.has(name)) this.#bodies.set(name, element("tbody"));
    const body = this.#bodies.get(name);
    if (isGrouped && !body.dataset.group) {
      const head = element("th", { scope: "rowgroup", colspan: String(this.columns.length) });
      body.dataset.group = "yes";
      body.prepend(element("tr", { class: "group" }, head));
    }
    if (!isGrouped && body.dataset.group) {
      body.rows[0].remove();
      delete body.dataset.group;
    }
    if (isGrouped) setText(body.rows[0].cells[0], `${name} (${rows.length})`);
    const wanted = rows.map((row) => this.#rowOf(row));
    for (const row of [...body.rows].slice(isGrouped ? 1 : 0)) if (!wanted.includes(row)) row.remove();
    place(body, wanted, isGrouped ? 1 : 0);
    return body;
  }

  #rowOf(row) {
    const key = this.look.keyOf(row);
    if (!this.#made.has(key)) {
      const cells = this.columns.map((column) =>
        element(column.isHead ? "th" : "td", { scope: column.isHead ? "row" : null, class: classOf(column) }),
      );
      this.#made.set(key, element("tr", {}, ...cells));
    }
    const made = this.#made.get(key);
    made.classList.toggle("marked", Boolean(this.look.marked?.(row)));
    this.columns.forEach((column, place) => {
      const cell = made.cells[place];
      const text = column.text(row);
      if (cell.dataset.text !== text) {
        cell.dataset.text = text;
        cell.replaceChildren(column.make ? column.make(row) : shown(text));
      }
      column.refresh?.(row, cell);
    });
    return made;
  }
}

const classOf = (column) => (column.isNumber ? "number" : column.isShort ? "nowrap" : null);

/** Bring children of `parent` from number `first` on into this order, moving no more than must be. */
function place(parent, wanted, first) {
  let at = parent.children[first] ?? null;
  for (const each of wanted) {
    if (each === at) at = at.nextElementSibling;
    else parent.insertBefore(each, at);
  }
}
