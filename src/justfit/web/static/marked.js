/** Texts with the words that moved an answer marked: by colour, by a line below and by a sign. */

import { element, shown } from "./dom.js";
import { figure } from "./words.js";

const WORD = /[\p{L}\p{M}\p{N}_]+/gu;

const signOf = (effect) => (effect.toward > 0 ? "+" : "−");

function mark(text, effect, strongest) {
  const made = element("mark", { class: effect.toward > 0 ? "for" : "against" }, text, element("sup", {}, signOf(effect)));
  made.style.setProperty("--strength", `${Math.round(25 + 75 * Math.min(1, Math.abs(effect.toward) / strongest))}%`);
  return made;
}

const strongestOf = (effects) => Math.max(...effects.map((each) => Math.abs(each.toward)), Number.MIN_VALUE);

/** The effect of each word that stands in something that moved the answer; of several the strongest. */
function effectsOfWords(words, effects) {
  const found = new Map();
  for (const effect of effects) {
    const wanted = [...effect.name.toLowerCase().matchAll(WORD)].map(([word]) => word);
    if (!wanted.length) continue;
    words.forEach((_, start) => {
      if (!wanted.every((word, place) => words[start + place] === word)) return;
      wanted.forEach((_, place) => {
        const before = found.get(start + place);
        if (!before || Math.abs(before.toward) < Math.abs(effect.toward)) found.set(start + place, effect);
      });
    });
  }
  return found;
}

/** A text as a paragraph. @param {{name: string, toward: number}[]} effects */
export function markedText(text, effects) {
  const matches = [...text.matchAll(WORD)];
  const found = effectsOfWords(matches.map(([word]) => word.toLowerCase()), effects);
  const strongest = strongestOf(effects);
  const made = element("p", { class: "marked-text", dir: "auto", tabindex: "0", role: "group", "aria-label": "The text, marked" });
  let end = 0;
  matches.forEach((match, place) => {
    const effect = found.get(place);
    if (!effect) return;
    made.append(shown(text.slice(end, match.index)), mark(match[0], effect, strongest));
    end = match.index + match[0].length;
  });
  made.append(shown(text.slice(end)));
  return made;
}

/** The same as a list with numbers, the strongest first. */
export function effectList(effects) {
  const strongest = strongestOf(effects);
  const sorted = [...effects].sort((one, other) => Math.abs(other.toward) - Math.abs(one.toward));
  const items = sorted.map((effect) =>
    element("li", {}, mark(effect.name, effect, strongest), ` ${figure(Math.abs(effect.toward))}`),
  );
  return element("ul", { class: "effects" }, ...items);
}
