// The page's half of a live figure: it draws arrays and asks the kernel for others. It knows no optimizer.
// What a figure is made of is in parts.py, what the kernel answers in figure.py.

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
const INK = "#222", GREY = "#5f6874", GRID = "#eceef1", FRAME = "#c9ced6";
const FAR = 1e4; // pixels; lines that leave the window are drawn no farther out

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const clamp = (v, low, high) => Math.min(high, Math.max(low, v));
const floats = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in node && !name.startsWith("aria")) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function words(v) {
  if (v === 0) return "0";
  const size = Math.abs(v);
  const text = size < 1e-3 || size >= 1e4 ? v.toExponential(1) : String(Number(v.toPrecision(3)));
  return text.replace("e+", "e").replaceAll("-", "−");
}

const power = (k) => "10" + String(k).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));

// ---- What the kernel has said: arrays, tables of all positions of a slider, and what is under way.

class Link {
  constructor(model, changed) {
    Object.assign(this, { model, changed, view: Math.random().toString(36).slice(2), message: "" });
    Object.assign(this, { arrays: {}, known: {}, tables: {}, underWay: 0, asked: 0, shown: 0 });
    for (const [name, { shape, data }] of Object.entries(model.get("first"))) {
      this.arrays[name] = { shape, data: floats(data) };
    }
    this.listen = (reply, buffers) => reply.view === this.view && this.hear(reply, buffers);
    model.on("msg:custom", this.listen);
  }

  // Brings the arrays of a state: from a slider's table, or from the kernel. Two questions are under way at most; of
  // those that would come on top only the newest counts.
  want(state, slider) {
    const table = this.tables[slider];
    if (table?.arrays && table.key === Link.key(state, slider)) {
      for (const [name, { shape, data, count }] of Object.entries(table.arrays)) {
        const size = count ? data.length / count : 0;
        this.arrays[name] = count ? { shape, data: data.subarray(state[slider] * size, (state[slider] + 1) * size) } : table.arrays[name];
      }
      this.waiting = null;
      this.shown = this.asked; // answers that are still under way are older
      this.changed();
    } else if (this.underWay < 2) this.ask("frame", { state });
    else this.waiting = state;
  }

  // Asks for the table of a slider, unless it is there or on its way.
  ahead(state, slider) {
    const key = Link.key(state, slider);
    if (this.tables[slider]?.key !== key) this.tables[slider] = { key, id: this.ask("table", { state, slider }) };
  }

  static key(state, slider) {
    return JSON.stringify({ ...state, [slider]: null });
  }

  ask(kind, content) {
    const have = Object.fromEntries(Object.entries(this.known).map(([name, versions]) => [name, [...versions.keys()].slice(-4)]));
    const id = ++this.asked;
    if (kind === "frame") this.underWay++;
    try {
      this.model.send({ kind, view: this.view, id, have, ...content });
      this.patience ??= setTimeout(() => this.giveUp(), 2500);
    } catch {
      this.giveUp(); // the kernel was started anew
    }
    this.changed();
    return id;
  }

  giveUp() {
    Object.assign(this, { late: true, underWay: 0, waiting: null });
    this.changed();
  }

  busy() {
    return !this.late && (this.underWay > 0 || Object.values(this.tables).some((table) => table.id && !table.answered));
  }

  hear(reply, buffers) {
    clearTimeout(this.patience);
    Object.assign(this, { patience: undefined, late: false });
    const arrays = {};
    for (const [name, shape, count, version, at] of reply.arrays) {
      arrays[name] = at === null ? this.known[name].get(version) : { shape, count, data: floats(buffers[at]) };
      if (count) continue;
      const versions = (this.known[name] ??= new Map());
      versions.delete(version); // and in again as the newest
      versions.set(version, arrays[name]);
      if (versions.size > 8) versions.delete(versions.keys().next().value);
    }
    if (reply.kind === "table") {
      const table = Object.values(this.tables).find((one) => one.id === reply.id);
      if (table) table.answered = true;
      if (table && !reply.refused) table.arrays = arrays;
      return this.changed();
    }
    this.underWay = Math.max(0, this.underWay - 1);
    if (this.waiting) this.ask("frame", { state: this.waiting });
    this.waiting = null;
    if (reply.id < this.shown) return;
    this.shown = reply.id;
    this.message = reply.message;
    Object.assign(this.arrays, arrays);
    this.changed();
  }

  close() {
    clearTimeout(this.patience);
    this.model.off("msg:custom", this.listen);
  }
}

// ---- Drawing. A plot knows its box in pixels and the functions X and Y from numbers to pixels.

function ticks(low, high, count) {
  const raw = (high - low) / count;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= raw);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(9)));
}

function decades(low, high, count) {
  const [from, to] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((to - from) / count));
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => 10 ** (from + i * step));
}

function drawAxes(c, { box, X, Y, xs, ys, panel }) {
  const bars = panel.layers.find((layer) => layer.kind === "bars");
  const filled = panel.layers.some((layer) => layer.kind === "contours" || layer.kind === "heat");
  c.font = `11.5px ${FONT}`;
  c.fillStyle = GREY;
  c.strokeStyle = GRID;
  c.lineWidth = 1;
  c.textAlign = "center";
  c.textBaseline = "top";
  const line = (...points) => !filled && stroke(c, points);
  for (const v of bars ? bars.names.keys() : ticks(...xs, box.w / 70)) {
    c.fillText(bars ? bars.names[v] : words(v), X(v), box.y + box.h + 6);
    if (!bars) line([X(v), box.y], [X(v), box.y + box.h]);
  }
  c.textAlign = "right";
  c.textBaseline = "middle";
  for (const v of (panel.log ? decades : ticks)(...ys, box.h / 45)) {
    c.fillText(panel.log ? power(Math.round(Math.log10(v))) : words(v), box.x - 6, Y(v));
    line([box.x, Y(v)], [box.x + box.w, Y(v)]);
  }
  c.textAlign = "center";
  c.textBaseline = "alphabetic";
  c.fillText(panel.xlabel, box.x + box.w / 2, box.y + box.h + 34);
  c.save();
  c.translate(12, box.y + box.h / 2);
  c.rotate(-Math.PI / 2);
  c.fillText(panel.ylabel, 0, 0);
  c.restore();
  c.font = `600 13px ${FONT}`;
  c.fillStyle = INK;
  c.textAlign = "left";
  c.fillText(panel.title, box.x, 15);
}

function stroke(c, points) {
  c.beginPath();
  points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
  c.stroke();
}

// The colours of a grid, one pixel a value, to be stretched over the box; above `high` grey.
function coloured({ shape: [rows, columns], data }, palette, low, high, over) {
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const stops = palette.map(rgb), beyond = rgb(over);
  const image = new ImageData(columns, rows);
  data.forEach((v, i) => {
    const place = clamp((v - low) / (high - low), 0, 1) * (stops.length - 1);
    const k = Math.min(Math.floor(place), stops.length - 2), share = place - k;
    const at = 4 * ((rows - 1 - Math.floor(i / columns)) * columns + (i % columns));
    for (let j = 0; j < 3; j++) image.data[at + j] = v > high ? beyond[j] : stops[k][j] * (1 - share) + stops[k + 1][j] * share;
    image.data[at + 3] = 255;
  });
  const canvas = make("canvas", { width: columns, height: rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// Marching squares: a line wherever the grid passes through an integer.
function contours({ shape: [rows, columns], data }, box) {
  const path = new Path2D();
  const dx = box.w / (columns - 1), dy = box.h / (rows - 1);
  for (let i = 0; i + 1 < rows; i++) {
    for (let j = 0; j + 1 < columns; j++) {
      const at = i * columns + j;
      const corners = [data[at], data[at + 1], data[at + columns + 1], data[at + columns]];
      const x = j * dx, y = box.h - i * dy;
      const places = [[x, y], [x + dx, y], [x + dx, y - dy], [x, y - dy]];
      for (let level = Math.ceil(Math.min(...corners)); level <= Math.max(...corners); level++) {
        let count = 0;
        for (let k = 0; k < 4; k++) {
          const a = corners[k] - level, b = corners[(k + 1) % 4] - level;
          if (a < 0 === b < 0) continue;
          const [p, q] = [places[k], places[(k + 1) % 4]], share = a / (a - b);
          path[count++ % 2 ? "lineTo" : "moveTo"](p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1]));
        }
      }
    }
  }
  return path;
}

const CORNERS = { s: [4, 45], D: [4, 0], d: [4, 0], "^": [3, -90], v: [3, 90], "<": [3, 180], ">": [3, 0], p: [5, -90], h: [6, 0] };

function marker(c, kind, x, y, r, fill) {
  if (!kind) return;
  c.beginPath();
  if (kind === "o") c.arc(x, y, r * 0.9, 0, 7);
  else if (kind === "P" || kind === "X") {
    const turn = kind === "X" ? Math.PI / 4 : 0;
    for (let k = 0; k < 12; k++) {
      const angle = turn + (Math.PI / 2) * Math.floor(k / 3) + [-0.37, 0.37, Math.PI / 4][k % 3];
      const size = k % 3 === 2 ? 0.5 * r : 1.15 * r;
      c.lineTo(x + size * Math.cos(angle), y + size * Math.sin(angle));
    }
  } else {
    const [n, turn] = CORNERS[kind] ?? [10, -90];
    for (let k = 0; k < n; k++) {
      const angle = (turn / 180 + (2 * k) / n) * Math.PI;
      const size = r * (n === 10 && k % 2 ? 0.45 : 1.15);
      c.lineTo(x + size * (kind === "d" ? 0.65 : 1) * Math.cos(angle), y + size * Math.sin(angle));
    }
  }
  c.closePath();
  c.lineWidth = 2.5;
  c.strokeStyle = "#fff";
  c.stroke();
  c.fillStyle = fill;
  c.fill();
}

function dashed(c, [colour, [, dash]], width) {
  c.strokeStyle = colour;
  c.lineWidth = width;
  c.lineJoin = "round";
  c.setLineDash(dash.map((length) => length * Math.min(width, 2.2)));
}

const LAYERS = {
  contours(c, { box }, { palette }, grid) {
    let top = 1;
    for (const v of grid.data) top = Math.max(top, v);
    stretch(c, box, coloured(grid, palette, 0, top, palette.at(-1)));
    c.strokeStyle = "rgba(70, 84, 104, 0.3)";
    c.lineWidth = 0.8;
    c.save();
    c.translate(box.x, box.y);
    c.stroke(contours(grid, box));
    c.restore();
  },

  heat(c, { box }, { palette, low, high }, grid) {
    stretch(c, box, coloured(grid, palette, low, high, "#d9dbde"));
  },

  marks(c, { X, Y }, _, { shape, data }) {
    for (let k = 0; k < shape[0]; k++) marker(c, "*", X(data[2 * k]), Y(data[2 * k + 1]), 8, INK);
  },

  // Lines that coincide would hide each other: the earlier ones are wider.
  lines(c, { X, Y, box, t, shown, heads }, { names, looks, follow }, { shape, data }, ends) {
    const n = shape.at(-1), path = shape.length === 3, many = names.length;
    const gone = [];
    names.forEach((name, k) => {
      if (!shown(name)) return;
      const at = (i) => (path ? [X(data[2 * k * n + i]), Y(data[(2 * k + 1) * n + i])] : [X(i), Y(data[k * n + i])]);
      const last = ends.data[k] - 1;
      const stop = follow ? Math.min(t, last) : last;
      const points = Array.from({ length: Math.floor(stop) + 1 }, (_, i) => at(i));
      const share = stop - Math.floor(stop);
      if (share > 0) {
        const [p, q] = [points.at(-1), at(Math.floor(stop) + 1)];
        points.push([p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])]);
      }
      dashed(c, looks[k], follow ? 1.7 + (1.8 * (many - 1 - k)) / Math.max(4, many - 1) : 1.4);
      stroke(c, points);
      c.setLineDash([]);
      if (!follow || !points.length) return;
      const [x, y] = points.at(-1);
      if (last < n - 1 && t >= last) gone.push([name, looks[k][0], x, y]);
      else heads.push([looks[k][2], x, y, 5.5, looks[k][0]]);
    });
    if (!path) gone.forEach(([name, colour, x, y], k) => {
      c.fillStyle = colour;
      c.font = `600 11.5px ${FONT}`;
      c.textAlign = "right";
      c.textBaseline = "top";
      c.fillText(`${name} diverged`, box.x + box.w - 6, box.y + 5 + 15 * k);
      c.textAlign = "center";
      c.textBaseline = "middle";
      c.font = `700 15px ${FONT}`;
      c.fillText("✕", clamp(x, box.x + 6, box.x + box.w - 6), clamp(y, box.y + 8, box.y + box.h - 8));
    });
  },

  arrows(c, { X, Y, t, shown }, { names, looks }, { shape: [, , n], data }) {
    names.forEach((name, k) => {
      if (!shown(name)) return;
      const [x, y, dx, dy] = [0, 1, 2, 3].map((i) => data[(4 * k + i) * n + Math.min(Math.floor(t), n - 1)]);
      const [a, b] = [[X(x), Y(y)], [X(x + dx), Y(y + dy)]];
      const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
      if (length < 1.5) return;
      const head = Math.min(10, length * 0.6), angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
      const back = (turn, r) => [b[0] - r * Math.cos(angle + turn), b[1] - r * Math.sin(angle + turn)];
      dashed(c, looks[k], 2.6);
      stroke(c, [a, back(0, head * 0.8)]);
      c.setLineDash([]);
      c.lineWidth = 1;
      stroke(c, [back(0.45, head), b, back(-0.45, head), back(0.45, head)]);
      c.fillStyle = looks[k][0];
      c.fill();
    });
  },

  bars(c, { X, Y, ys, t, shown }, { names, looks }, { shape: [, n], data }) {
    const floor = clamp(0, ...ys);
    names.forEach((name, k) => {
      if (!shown(name)) return;
      const top = Y(data[k * n + Math.min(Math.floor(t), n - 1)]);
      c.fillStyle = looks[k][0];
      c.fillRect(X(k - 0.35), top, X(k + 0.35) - X(k - 0.35), Y(floor) - top);
    });
  },
};

// A grid's values stand at the corners of the box's cells: half a pixel of the image lies outside on each side.
function stretch(c, box, image) {
  c.imageSmoothingQuality = "high";
  c.drawImage(image, 0.5, 0.5, image.width - 1, image.height - 1, box.x, box.y, box.w, box.h);
}

// ---- The figure on the page.

const ICONS = { play: "M3 1.5v13l11-6.5z", pause: "M3 2h3.5v12H3zM9.5 2H13v12H9.5z", back: "M12 2v12L4.5 8zM2 2h2v12H2z", on: "M4 2v12l7.5-6zM12 2h2v12h-2z" };
const icon = (name) => `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;

class View {
  constructor(model, el) {
    this.spec = model.get("spec");
    this.state = structuredClone(this.spec.state);
    this.hidden = new Set();
    this.end = new AbortController();
    this.link = new Link(model, () => this.changed());
    this.time = this.spec.controls.find((control) => control.kind === "player");
    this.t = this.time ? (this.time.start ?? this.time.steps) : 0;
    this.build(el);
    this.sizes = new ResizeObserver(() => this.changed());
    this.sizes.observe(this.root);
    if (this.time?.autoplay && !calm()) this.playWhenSeen();
    this.draw();
  }

  close() {
    this.end.abort();
    this.sizes.disconnect();
    this.seen?.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.saying);
    this.link.close();
  }

  on(node, types, listener) {
    for (const type of types.split(" ")) node.addEventListener(type, listener, { signal: this.end.signal });
    return node;
  }

  // -- what it is made of

  build(el) {
    this.root = make("section", { className: "live-figure", "aria-label": this.spec.title });
    this.plots = this.spec.panels.map((panel) => this.plot(panel));
    const bar = make("div", { className: "live-controls" });
    const toggles = [];
    this.updates = [];
    for (const control of this.spec.controls) {
      const node = this[control.kind](control);
      if (control.kind === "toggles") toggles.push(node);
      else if (control.kind !== "point") bar.append(node);
    }
    this.words = make("p", { className: "live-words", "aria-hidden": "true" });
    this.status = make("p", { className: "live-status", role: "status" });
    this.alert = make("p", { className: "live-alert", role: "alert" });
    const panels = make("div", { className: `live-panels live-${this.plots.length}` }, ...this.plots.map((plot) => plot.frame));
    this.root.append(...toggles, panels, bar, this.words, this.status, this.alert);
    this.on(this.root, "keydown", (event) => this.key(event));
    el.append(this.root);
  }

  plot(panel) {
    const canvas = make("canvas", { role: "img", "aria-label": panel.title });
    return { panel, canvas, frame: make("div", { className: "live-panel" }, canvas) };
  }

  toggles({ names, values, looks }) {
    const chips = names.map((name, k) => {
      const box = make("input", { type: "checkbox", checked: true, "aria-label": `show ${name}` });
      const swatch = make("canvas", { className: "live-swatch", "aria-hidden": "true" });
      const value = make("output", { className: "live-value", "aria-hidden": "true" });
      this.on(box, "change", () => {
        this.hidden[box.checked ? "delete" : "add"](name);
        this.changed();
      });
      this.updates.push(() => {
        const c = fitted(swatch, 24, 14);
        dashed(c, looks[k], 2.2);
        stroke(c, [[0, 7], [24, 7]]);
        c.setLineDash([]);
        marker(c, looks[k][2], 12, 7, 5, looks[k][0]);
        value.textContent = values ? this.reading(values, k).text : "";
      });
      return make("label", { className: "live-chip" }, box, swatch, make("span", {}, name), value);
    });
    this.ranking = { names, values };
    return make("div", { className: "live-toggles", role: "group", "aria-label": "shown" }, ...chips);
  }

  slider({ name, label, texts, ahead }) {
    const input = make("input", { type: "range", min: 0, max: texts.length - 1, step: 1, "aria-label": label });
    input.value = this.state[name];
    const value = make("output", { className: "live-value", "aria-hidden": "true" });
    if (ahead) this.on(input, "pointerenter pointerdown focus", () => this.link.ahead(this.state, name));
    this.on(input, "input", () => {
      this.set({ [name]: Number(input.value) }, name);
      if (ahead) this.link.ahead(this.state, name);
    });
    this.updates.push(() => {
      value.textContent = texts[this.state[name]];
      input.setAttribute("aria-valuetext", value.textContent);
    });
    return make("label", { className: "live-slider" }, make("span", {}, label), input, value);
  }

  choice({ name, label, texts, moves }) {
    const select = make("select", { "aria-label": label }, ...texts.map((text, i) => make("option", { value: i }, text)));
    this.on(select, "change", () => {
      const i = Number(select.value);
      this.set({ [name]: i, ...Object.fromEntries(Object.entries(moves).map(([point, where]) => [point, where[i]])) });
    });
    return make("label", { className: "live-choice" }, make("span", {}, label), select);
  }

  point({ name, label, panel }) {
    const plot = this.plots[panel];
    const handle = make("button", { type: "button", className: "live-handle", "aria-roledescription": "point to drag", textContent: label.length === 1 ? label : "" });
    plot.frame.append(handle);
    const away = (node, { clientX, clientY }) => {
      const { left, top, width, height } = node.getBoundingClientRect();
      return Math.hypot(clientX - left - width / 2, clientY - top - height / 2);
    };
    const nearest = (event) => [...plot.frame.querySelectorAll(".live-handle")].sort((p, q) => away(p, event) - away(q, event))[0];
    const to = (x, y) => this.set({ [name]: [clamp(x, ...plot.at.xs), clamp(y, ...plot.at.ys)] });
    const drag = (event) => {
      const { left, top } = plot.canvas.getBoundingClientRect();
      to(...plot.at.inverse(event.clientX - left, event.clientY - top));
    };
    this.on(plot.frame, "pointerdown", (event) => {
      if (event.button || handle !== (event.target.closest(".live-handle") ?? (event.pointerType === "mouse" && nearest(event)))) return;
      handle.focus({ preventScroll: true });
      handle.setPointerCapture(event.pointerId);
      event.preventDefault();
      drag(event);
    });
    this.on(handle, "pointermove", (event) => handle.hasPointerCapture(event.pointerId) && drag(event));
    this.on(handle, "keydown", (event) => {
      const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!direction) return;
      event.preventDefault();
      const [x, y] = this.state[name];
      const { xs, ys } = plot.at, share = event.shiftKey ? 0.1 : 0.02;
      to(x + direction[0] * share * (xs[1] - xs[0]), y + direction[1] * share * (ys[1] - ys[0]));
    });
    this.updates.push(() => {
      const [x, y] = this.link.arrays[name]?.data ?? this.state[name];
      handle.style.transform = `translate(${plot.at.X(x)}px, ${plot.at.Y(y)}px)`;
      handle.setAttribute("aria-label", `${label} (${words(x)}, ${words(y)}), arrow keys move it`);
    });
  }

  player({ steps }) {
    const button = (label, path, act) => this.on(make("button", { type: "button", "aria-label": label, title: label, innerHTML: icon(path) }), "click", act);
    const play = button("play", "play", () => this.play());
    const scrub = make("input", { type: "range", min: 0, max: steps, step: 1, "aria-label": "step" });
    const value = make("output", { className: "live-value", "aria-hidden": "true" });
    this.on(scrub, "input", () => this.go(Number(scrub.value)));
    this.updates.push(() => {
      const label = this.playing ? "pause" : "play";
      if (play.title !== label) {
        play.title = label;
        play.setAttribute("aria-label", label);
        play.innerHTML = icon(label);
      }
      scrub.value = Math.floor(this.t);
      scrub.setAttribute("aria-valuetext", `step ${Math.floor(this.t)} of ${steps}`);
      value.textContent = `step ${Math.floor(this.t)}`;
    });
    const back = button("one step back", "back", () => this.go(Math.ceil(this.t) - 1));
    const on = button("one step on", "on", () => this.go(Math.floor(this.t) + 1));
    return make("div", { className: "live-player", role: "group", "aria-label": "player" }, back, play, on, scrub, value);
  }

  // -- what happens to it

  // JupyterLab would take plain keys as its commands (d d deletes a cell); those with Ctrl or Alt stay its own.
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape") return;
    if (event.key === "Enter" && event.shiftKey) return;
    event.stopPropagation();
    const itself = event.target.matches("select, input[type=checkbox], .live-player button");
    if (event.key === " " && this.time && !itself) {
      event.preventDefault();
      this.play();
    }
  }

  set(change, slider) {
    this.state = { ...this.state, ...change };
    this.link.want(this.state, slider);
    this.changed();
  }

  go(t) {
    this.pause();
    this.t = clamp(t, 0, this.time.steps);
    this.changed();
  }

  pause() {
    this.playing = false;
  }

  play() {
    if (this.playing) this.pause();
    else {
      if (this.t >= this.time.steps) this.t = 0;
      this.playing = true;
      this.last = undefined;
    }
    this.changed();
  }

  playWhenSeen() {
    this.t = 0;
    this.seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      this.seen.disconnect();
      if (this.t === 0) this.play();
    }, { threshold: 0.6 });
    this.seen.observe(this.root);
  }

  advance(now) {
    const { steps, seconds } = this.time;
    this.real = this.last === undefined ? this.t : Math.min(steps, this.real + (steps * (now - this.last)) / 1000 / seconds);
    this.last = now;
    this.t = calm() ? Math.floor(this.real) : this.real;
    if (this.real >= steps) this.pause();
    this.changed();
  }

  // -- how it is drawn

  changed() {
    this.frame ??= requestAnimationFrame((now) => {
      this.frame = undefined;
      if (this.playing) this.advance(now);
      this.draw();
    });
  }

  draw() {
    if (!this.root.clientWidth) return;
    for (const plot of this.plots) this.paint(plot);
    for (const update of this.updates) update();
    this.say();
  }

  limits(given) {
    return typeof given === "string" ? [...(this.link.arrays[given]?.data ?? [0, 1])] : given;
  }

  paint(plot) {
    const { panel, canvas } = plot;
    const width = plot.frame.clientWidth;
    const box = { x: 46, y: 24, w: Math.min(width - 46 - 16, 480 * panel.aspect) };
    box.h = Math.round(box.w / panel.aspect);
    const c = fitted(canvas, width, box.y + box.h + 40);
    const [xs, ys] = [this.limits(panel.x), this.limits(panel.y)];
    const up = panel.log ? (v) => Math.log10(Math.max(v, ys[0] / 10)) : (v) => v;
    const [low, high] = ys.map(up);
    const X = (v) => clamp(box.x + ((v - xs[0]) / (xs[1] - xs[0])) * box.w, -FAR, FAR);
    const Y = (v) => clamp(box.y + box.h - ((up(v) - low) / (high - low)) * box.h, -FAR, FAR);
    const inverse = (x, y) => [xs[0] + ((x - box.x) / box.w) * (xs[1] - xs[0]), ys[0] + ((box.y + box.h - y) / box.h) * (ys[1] - ys[0])];
    plot.at = { box, X, Y, xs, ys, inverse, panel, t: this.t, shown: (name) => !this.hidden.has(name), heads: [] };
    drawAxes(c, plot.at);
    c.save();
    c.beginPath();
    c.rect(box.x, box.y, box.w, box.h);
    c.clip();
    for (const layer of panel.layers) {
      const array = this.link.arrays[layer.array];
      if (array) this.layer(c, plot, layer, array);
    }
    c.restore();
    c.strokeStyle = FRAME;
    c.lineWidth = 1;
    c.strokeRect(box.x + 0.5, box.y + 0.5, box.w - 1, box.h - 1);
    for (const [kind, x, y, ...look] of plot.at.heads) {
      if (clamp(x, box.x, box.x + box.w) === x && clamp(y, box.y, box.y + box.h) === y) marker(c, kind, x, y, ...look);
    }
  }

  // A grid is coloured once and kept: its picture changes far less often than the lines on it.
  layer(c, plot, layer, array) {
    if (layer.kind !== "contours" && layer.kind !== "heat") {
      return LAYERS[layer.kind](c, plot.at, layer, array, this.link.arrays[`${layer.array}.end`]);
    }
    const { box } = plot.at;
    const kept = ((plot.kept ??= {})[layer.array] ??= {});
    if (kept.array !== array || kept.w !== box.w || kept.ratio !== devicePixelRatio) {
      const canvas = make("canvas");
      LAYERS[layer.kind](fitted(canvas, box.w, box.h), { box: { ...box, x: 0, y: 0 } }, layer, array);
      Object.assign(kept, { array, canvas, w: box.w, ratio: devicePixelRatio });
    }
    c.drawImage(kept.canvas, box.x, box.y, box.w, box.h);
  }

  // -- what it says

  // The value of line k of an array of curves at the player's step, and whether it is still there.
  reading(name, k) {
    const { shape: [, n], data } = this.link.arrays[name] ?? { shape: [0, 0] };
    if (!n) return { text: "", gone: true };
    const last = this.link.arrays[`${name}.end`].data[k] - 1;
    const gone = Math.floor(this.t) > last;
    const v = data[k * n + Math.min(Math.floor(this.t), last)];
    return { v, gone, text: gone ? "diverged" : words(v) };
  }

  sentence() {
    const parts = [];
    if (this.time) parts.push(`After ${Math.floor(this.t)} of ${this.time.steps} steps`);
    if (this.ranking?.values) {
      const seen = this.ranking.names.map((name, k) => ({ name, ...this.reading(this.ranking.values, k) })).filter(({ name, text }) => text && !this.hidden.has(name));
      const there = seen.filter(({ gone }) => !gone).sort((a, b) => a.v - b.v).map(({ name, text }, i) => (i ? `${name} ${text}` : `${name} is lowest, ${text}`));
      const gone = seen.filter((one) => one.gone).map(({ name }) => `${name} has diverged`);
      parts.push([...there, ...gone].join("; ") || "nothing is shown");
    }
    const note = this.spec.note.replace(/{([\w.]+)}/g, (_, name) => {
      const { shape, data } = this.link.arrays[name] ?? { shape: [], data: [NaN] };
      return words(data[shape.length ? Math.min(Math.floor(this.t), data.length - 1) : 0]);
    });
    return [parts.join(": "), note].filter(Boolean).join(". ").replace(/([^.])$/, "$1.");
  }

  say() {
    const sentence = this.sentence();
    const message = this.link.late ? "The kernel does not answer: it is busy, or this cell has to be run again." : this.link.message;
    this.words.textContent = sentence;
    this.root.setAttribute("aria-busy", this.link.busy());
    this.alert.textContent = message;
    this.plots[0].canvas.setAttribute("aria-label", `${this.plots[0].panel.title}. ${sentence}`);
    if (this.said === sentence) return;
    this.said = sentence;
    clearTimeout(this.saying); // a screen reader hears it once it has come to rest
    if (!this.playing) this.saying = setTimeout(() => (this.status.textContent = sentence), 400);
  }
}

// The canvas at this size in CSS pixels, sharp at the screen's density, cleared.
function fitted(canvas, width, height) {
  const ratio = devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  return c;
}

export default {
  render({ model, el }) {
    const view = new View(model, el);
    return () => view.close();
  },
};
