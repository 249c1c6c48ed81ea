/** What is chosen on a page, kept in its address so that a link shows the same. */

/** A value of the address, or `otherwise`. */
export const chosen = (name, otherwise = "") => new URLSearchParams(location.search).get(name) ?? otherwise;

export const allChosen = (name) => new URLSearchParams(location.search).getAll(name);

/** Keep values in the address; what is as it would be without is left out. */
export function keep(values) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    query.delete(name);
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== "" && each !== null && each !== undefined) query.append(name, each);
    }
  }
  // Colons and commas may stand in a query, and are read more easily so.
  const text = query.toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
  history.replaceState(null, "", text ? `?${text}` : location.pathname);
}

/** An input or select bound to a value of the address. */
export function bind(input, name, changed, otherwise = "") {
  input.value = chosen(name, otherwise);
  input.addEventListener("input", () => {
    keep({ [name]: input.value === otherwise ? "" : input.value });
    changed();
  });
}
