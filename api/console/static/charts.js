/* Charts are drawn from the tables behind them, again when colours change or a part of the page is replaced. */
"use strict";

(() => {
  const palette = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6"];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const language = document.documentElement.lang;
  const formats = {
    percent: new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }),
    number: new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }),
  };

  function read(table) {
    const heads = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
    const rows = [...table.tBodies[0].rows];
    const value = (cell) => (cell.dataset.value === "" ? null : Number(cell.dataset.value));
    return {
      labels: rows.map((row) => row.cells[0].dataset.value ?? row.cells[0].textContent),
      series: heads.map((label, k) => ({ label, data: rows.map((row) => value(row.cells[k + 1])) })),
    };
  }

  /* "Revenue, Dec 31" stands on two lines beside a lying bar. */
  function inTwo(label) {
    const comma = label.indexOf(", ");
    return comma < 0 ? label : [label.slice(0, comma), label.slice(comma + 2)];
  }

  function draw(figure) {
    const { kind, format } = figure.dataset;
    const { labels, series } = read(figure.querySelector("table"));
    const holder = figure.querySelector(".canvas");
    figure.drawn?.destroy();
    holder.replaceChildren(document.createElement("canvas"));
    holder.hidden = false;
    const canvas = holder.firstChild;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", figure.querySelector("figcaption").textContent);
    const shown = formats[format] ?? formats.number;
    const curve = kind === "curve";
    const lines = kind === "line" || curve;
    const datasets = series.map((one, k) => {
      const paint = colour(palette[k % palette.length]);
      const data = curve ? one.data.map((y, i) => ({ x: Number(labels[i]), y })) : one.data;
      const even = curve && data.every(({ x, y }) => x === y);  // the line on which both agree
      if (even) return { label: one.label, data, borderColor: colour("--soft"), borderWidth: 1, borderDash: [4, 4], pointRadius: 0 };
      return { ...one, data, borderColor: paint, backgroundColor: lines ? paint + "22" : paint, borderWidth: lines ? 2 : 0, pointRadius: labels.length > 40 ? 0 : curve ? 3 : 2, tension: curve ? 0 : 0.2, spanGaps: true };
    });
    const axis = { ticks: { color: colour("--soft"), callback: (value) => shown.format(value) }, grid: { color: colour("--line") }, beginAtZero: true, stacked: kind === "stacked" };
    const names = { ticks: { color: colour("--soft"), autoSkip: true, maxRotation: 0 }, grid: { display: false }, stacked: kind === "stacked" };
    const lying = kind === "bars";
    const across = curve ? { ...axis, type: "linear", stacked: false } : names;
    figure.drawn = new Chart(canvas, {
      type: lines ? "line" : "bar",
      data: { labels: lying ? labels.map(inTwo) : labels, datasets },
      options: {
        animation: false,
        maintainAspectRatio: false,
        indexAxis: lying ? "y" : "x",
        interaction: { mode: curve ? "nearest" : "index", intersect: false },
        scales: lying ? { x: axis, y: { ...names, ticks: { ...names.ticks, autoSkip: false } } } : { x: across, y: axis },
        plugins: {
          legend: { display: series.length > 1, labels: { color: colour("--ink"), boxWidth: 12 } },
          tooltip: { callbacks: { title: (items) => (curve ? shown.format(items[0].parsed.x) : labels[items[0].dataIndex]), label: (item) => `${item.dataset.label}: ${shown.format(lying ? item.parsed.x : item.parsed.y)}` } },
        },
      },
    });
  }

  const all = (root) => root.querySelectorAll("figure.chart").forEach(draw);
  all(document);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all(document));
  document.addEventListener("htmx:afterSettle", (event) => all(event.target));
})();
