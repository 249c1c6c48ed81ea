"use strict";
(async () => {
  const drawn = JSON.parse(document.getElementById("drawn").textContent);
  const ink = "var(--ink)", faint = "var(--faint)", line = "var(--line)", grey = "var(--grey)";
  // Colours come from the style sheet, so that charts go with its darkness and with print.
  const config = {
    background: "transparent",
    aria: false,
    axis: {labelColor: ink, titleColor: ink, domainColor: grey, tickColor: grey, gridColor: line},
    header: {labelColor: ink, titleColor: ink},
    legend: {labelColor: ink, titleColor: ink},
    title: {color: ink, subtitleColor: faint},
    text: {color: ink},
  };
  const options = {
    mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false, config,
    ast: true,  // No text becomes code: the page's policy forbids it.
    tooltip: {disableDefaultStyle: true},
  };
  // A click on a curve or on its name leaves it alone in full colour; another one brings the others back.
  const nameOf = (mark) => mark.__data__?.datum?.of ?? mark.__data__?.datum?.name;
  const filter = (place) => {
    let chosen;
    place.addEventListener("click", (event) => {
      const name = nameOf(event.target.closest("text") ?? event.target);
      chosen = name === chosen ? undefined : name;
      for (const mark of place.querySelectorAll("svg path, svg text, svg line")) {
        const own = nameOf(mark);
        mark.classList.toggle("dim", chosen !== undefined && own !== undefined && own !== chosen);
      }
    });
  };
  for (const place of document.querySelectorAll("[data-chart]")) {
    const chart = drawn.charts[place.dataset.chart];
    const datasets = Object.fromEntries(chart.datasets.map((name) => [name, drawn.datasets[name]]));
    try {
      await vegaEmbed(place, {...chart, datasets}, options);
      // The box around a chart tells what can be seen; a thousand marks that speak would not.
      place.querySelector("svg").setAttribute("aria-hidden", "true");
    } catch (error) {
      console.error(error);
      place.textContent = "This chart could not be drawn here.";
    }
    filter(place);
    place.classList.add("drawn");
  }
  document.documentElement.classList.add("ready");
  // What is above has grown since the address was looked up.
  if (location.hash.length > 1) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
})();
