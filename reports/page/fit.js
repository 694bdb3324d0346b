"use strict";
// Gives each chart the room that its labels take. They are measured in the font that
// draws them and at the reader's text size: neither is known before the page is open.
const fitChart = (() => {
  const pen = document.createElement("canvas").getContext("2d");
  const measure = (text, size, family) => {
    pen.font = `${size}px ${family}`;
    return Math.max(...text.split("\n").map((line) => pen.measureText(line).width));
  };
  const lines = (text) => text.split("\n").length;

  // wrap breaks a text between words into lines of a width, and within a word only where
  // the word alone is wider. What exceeds the most lines allowed ends in an ellipsis.
  const wrap = (text, width, most, widthOf) => {
    const rows = [""];
    const add = (piece, gap) => {
      const last = rows[rows.length - 1];
      if (last && widthOf(last + gap + piece) > width) rows.push(piece);
      else rows[rows.length - 1] = last ? last + gap + piece : piece;
    };
    for (const word of text.split(" ")) {
      if (rows.length > most) break;
      if (widthOf(word) <= width) { add(word, " "); continue; }
      let gap = " ";
      for (const letter of word) {
        if (rows.length > most) break;
        add(letter, gap);
        gap = "";
      }
    }
    if (rows.length <= most) return rows.join("\n");
    let last = rows[most - 1];
    while (last && widthOf(last + "…") > width) last = [...last].slice(0, -1).join("");
    return [...rows.slice(0, most - 1), last + "…"].join("\n");
  };

  // Figures may be left out where there is no room for all, names may not.
  const figures = (labels) => labels.every((label) => /^([\d.,]+[KM]?)?$/.test(label));

  // category lays out the labels below an axis of names: in lines within each one's share
  // of the width, in smaller letters where a word needs them, or else upright.
  const category = (names, band, height, em, family) => {
    const width = band - em / 4, words = names.flatMap((name) => name.split(" "));
    let size = 0.75 * em;
    const widest = Math.max(...words.map((word) => measure(word, size, family)));
    if (widest > width) size = Math.max(0.5625 * em, Math.floor(size * width / widest));
    const widthOf = (text) => measure(text, size, family);
    const upright = Math.max(...words.map(widthOf)) > width;
    const lineHeight = Math.ceil(1.2 * size);
    const labels = upright
      ? names.map((name) => wrap(name, 0.4 * height, Math.max(1, Math.floor(band / lineHeight)), widthOf))
      : names.map((name) => wrap(name, width, 4, widthOf));
    return {
      height: upright ? Math.max(...labels.map(widthOf)) : Math.max(...labels.map(lines)) * lineHeight,
      overhang: 0,
      axisLabel: {
        formatter: (_, i) => labels[i], fontSize: size, lineHeight, rotate: upright ? 90 : 0, interval: upright && band < lineHeight ? "auto" : 0,
      },
    };
  };

  return (chart, option, family, em) => {
    const width = chart.getWidth(), height = chart.getHeight();
    const label = 0.75 * em, name = 0.8125 * em, gap = 0.4 * em, tick = 8;
    const line = Math.ceil(1.2 * label), nameLine = Math.ceil(1.2 * name);
    const labelOf = (text) => measure(text, label, family), nameOf = (text) => measure(text, name, family);
    const x = option.xAxis[0], y = option.yAxis[0], map = (option.visualMap || [])[0];
    // What an axis of values shows is the library's choice, and known once it has drawn.
    const shown = (axis) => chart.getModel().getComponent(axis).axis.getViewLabels().map((l) => l.formattedLabel);

    let scale = 0; // the height of a heat map's scale of colours
    const change = { xAxis: {}, yAxis: {} };
    if (map) {
      const around = 2 * tick + 2 * gap, bar = 5 * em;
      const room = (width - around - bar) / 2;
      const text = map.text.map((end) => wrap(end, room, 3, labelOf));
      const ends = text.reduce((sum, end) => sum + labelOf(end), 0);
      scale = Math.max(em, Math.max(...text.map(lines)) * line) + tick;
      change.visualMap = {
        text, textGap: tick, padding: [0, gap], itemWidth: em, itemHeight: Math.min(9 * em, width - around - ends),
        textStyle: { fontSize: label, lineHeight: line },
      };
    }

    // To the left: the name of the axis, upright, and its labels.
    const top = Math.ceil(line / 2) + 4;
    let beside = y.type === "category" ? y.data : shown("yAxis");
    if (y.type === "category" && !figures(y.data)) {
      const band = (height - top - scale - 4 * em) / y.data.length, rows = Math.max(1, Math.floor(band / line));
      const wrapped = beside = y.data.map((text) => wrap(text, 0.35 * width, rows, labelOf));
      // ECharts leaves out the first and the last label where lines are close; close is legible.
      const each = band >= 0.75 * line ? { interval: 0, showMinLabel: true, showMaxLabel: true } : {};
      change.yAxis.axisLabel = { formatter: (_, i) => wrapped[i], ...each };
    }
    const labels = Math.max(...beside.map(labelOf));
    const yName = y.name ? wrap(y.name, height - top - scale - 4 * em, 3, nameOf) : "";
    const left = Math.ceil(tick + labels + 2 + (yName ? gap + lines(yName) * nameLine : 0));

    // Below: the labels, and the name of the axis, which may reach under the left margin.
    let below, right = em;
    if (x.type === "category" && !figures(x.data)) {
      below = category(x.data, (width - left - right) / x.data.length, height, em, family);
    } else {
      const all = x.type === "category" ? x.data : shown("xAxis");
      const band = x.type === "category" ? (width - left - right) / x.data.length : 0;
      right = Math.ceil(Math.max(right, (labelOf(all[all.length - 1]) - band) / 2 + 2));
      below = { height: line, axisLabel: { hideOverlap: true } };
    }
    const middle = left + (width - left - right) / 2;
    const xName = x.name ? wrap(x.name, 2 * Math.min(middle, width - middle) - 4, 3, nameOf) : "";
    const nameGap = Math.ceil(tick + below.height + gap);
    const bottom = Math.ceil(nameGap + (xName ? lines(xName) * nameLine : 0) + 2 + (scale && scale + gap));

    const style = { fontSize: label, lineHeight: line };
    change.grid = { left, right, top, bottom };
    change.xAxis = { name: xName, nameLocation: "middle", nameGap, axisLabel: { ...style, ...below.axisLabel }, nameTextStyle: { fontSize: name, lineHeight: nameLine } };
    change.yAxis = {
      name: yName, nameLocation: "middle", nameGap: tick + labels + gap,
      axisLabel: { ...style, ...(change.yAxis.axisLabel || { hideOverlap: true }) }, nameTextStyle: { fontSize: name, lineHeight: nameLine },
    };
    if (map && option.series[0].label.show) {
      // The values of the cells in smaller letters where they need them, or not at all.
      const room = (width - left - right) / x.data.length - 4;
      const widest = Math.max(...option.series[0].data.map((cell) => labelOf(String(cell.value[2]))));
      const size = Math.min(label, Math.floor(label * room / widest));
      change.series = [{ label: { show: size >= 0.5625 * em, fontSize: size } }];
    }
    chart.setOption(change);
  };
})();
