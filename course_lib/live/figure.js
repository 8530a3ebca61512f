// The page's half of a live figure: it draws arrays and asks the kernel for others. It knows no optimizer.
// What a figure is made of is in parts.py, what the kernel answers in figure.py.

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
const LOOK = {}; // the colours, which stand in style.py
const LATE = "The kernel does not answer: it is busy, or this cell has to be run again.";
const ROOM = { left: 46, right: 16, above: 24, below: 40 }; // pixels about a plot
const SCREEN = 650, GAP = 8, LEAST = 120; // the figure's greatest height, between panels, and the least width of a plot

const clamp = (v, low, high) => Math.min(high, Math.max(low, v));
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function words(v) {
  if (v === 0) return "0";
  const plain = Math.abs(v) >= 1e-3 && Math.abs(v) < 1e4;
  return (plain ? String(Number(v.toPrecision(3))) : v.toExponential(1)).replace("e+", "e").replaceAll("-", "−");
}

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in node && !name.startsWith("aria")) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// To set the text that is there already would cost the page a layout.
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// ---- What the kernel has said: arrays, tables of all positions of a slider; and what is under way.

class Link {
  constructor(model, changed) {
    Object.assign(this, { model, changed, view: Math.random().toString(36).slice(2), message: "" });
    Object.assign(this, { arrays: {}, known: {}, tables: {}, underWay: 0, asked: 0, shown: 0 });
    for (const [name, { shape, data }] of Object.entries(model.get("first"))) {
      this.arrays[name] = { shape, data: Link.floats(data) };
    }
    this.listen = (reply, buffers) => reply.view === this.view && this.hear(reply, buffers);
    model.on("msg:custom", this.listen);
    this.leave = () => this.giveUp(ENDED);
    model.on("comm_live_update", this.leave);
  }

  // A buffer may begin anywhere, floats may not: a copy begins where it should.
  static floats({ buffer, byteOffset, byteLength }) {
    return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  }

  static key(state, slider) {
    return JSON.stringify({ ...state, [slider]: null });
  }

  // Brings the arrays of a state: from a slider's table, or from the kernel. Two questions are under way at most; of
  // those that would come on top only the newest counts.
  want(state, slider) {
    const table = this.tables[slider];
    if (table?.arrays && table.key === Link.key(state, slider)) {
      const arrays = { ...this.arrays };
      for (const [name, array] of Object.entries(table.arrays)) {
        const { shape, count, data } = array, size = data.length / (count || 1), from = state[slider] * size;
        arrays[name] = count ? { shape, data: data.subarray(from, from + size) } : array;
      }
      Object.assign(this, { arrays, message: "", waiting: null, shown: this.asked }); // what is under way is older
      this.changed();
    } else if (this.underWay < 2) this.ask("frame", { state });
    else this.waiting = state;
  }

  // Asks for the table of a slider, unless it is there or on its way.
  ahead(state, slider) {
    const key = Link.key(state, slider);
    if (this.tables[slider]?.key !== key) this.tables[slider] = { key, id: this.ask("table", { state, slider }) };
  }

  ask(kind, content) {
    const newest = ([name, versions]) => [name, [...versions.keys()].slice(-4)];
    const have = Object.fromEntries(Object.entries(this.known).map(newest));
    const id = ++this.asked;
    if (kind === "frame") this.underWay++;
    try {
      this.model.send({ kind, view: this.view, id, have, ...content });
      this.patience ??= setTimeout(() => this.giveUp(LATE), 2500);
    } catch {
      this.giveUp(ENDED);
    }
    this.changed();
    return id;
  }

  giveUp(words) {
    if (this.late !== ENDED) this.late = words;
    Object.assign(this, { underWay: 0, waiting: null, tables: {} });
    this.changed();
  }

  busy() {
    return !this.late && (this.underWay > 0 || Object.values(this.tables).some(({ answered }) => !answered));
  }

  hear(reply, buffers) {
    clearTimeout(this.patience);
    Object.assign(this, { patience: undefined, late: "" });
    const arrays = {};
    for (const [name, shape, count, version, at] of reply.arrays) {
      const versions = (this.known[name] ??= new Map());
      arrays[name] = at === null ? versions.get(version) : { shape, count, data: Link.floats(buffers[at]) };
      if (count) continue;
      versions.delete(version); // and in again, as the newest
      versions.set(version, arrays[name]);
      if (versions.size > 8) versions.delete(versions.keys().next().value);
    }
    if (reply.kind === "table") {
      const table = Object.values(this.tables).find(({ id }) => id === reply.id);
      if (table) Object.assign(table, { answered: true }, reply.refused ? {} : { arrays });
    } else {
      this.underWay = Math.max(0, this.underWay - 1);
      if (this.waiting) this.ask("frame", { state: this.waiting });
      this.waiting = null;
      if (reply.id > this.shown) {
        Object.assign(this, { shown: reply.id, message: reply.message, arrays: { ...this.arrays, ...arrays } });
      }
    }
    this.changed();
  }

  close() {
    clearTimeout(this.patience);
    this.model.off("msg:custom", this.listen);
    this.model.off("comm_live_update", this.leave);
  }
}

// ---- Drawing. A plot has its box in pixels and the functions X and Y from numbers to pixels.

// The canvas at this size in CSS pixels, sharp at the screen's density, cleared.
function fitted(canvas, width, height) {
  const ratio = devicePixelRatio, size = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
  if (canvas.width !== size.width || canvas.height !== size.height) {
    Object.assign(canvas, size);
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  return c;
}

function stroke(c, points) {
  c.beginPath();
  for (const [x, y] of points) c.lineTo(x, y);
  c.stroke();
}

function write(c, text, x, y, { fill = LOOK.grey, font = "11.5px", align = "center", baseline = "alphabetic", width } = {}) {
  Object.assign(c, { font: `${font} ${FONT}`, fillStyle: fill, textAlign: align, textBaseline: baseline });
  c.fillText(text, x, y, width);
}

// The marks of an axis, about `count` of them: [number, text].
function ticks(low, high, count) {
  const least = (high - low) / count, unit = 10 ** Math.floor(Math.log10(least)), marks = [];
  const step = [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= least);
  for (let i = Math.ceil(low / step - 1e-9); i <= high / step + 1e-9; i++) {
    const v = Number((i * step).toPrecision(9));
    marks.push([v, words(v)]);
  }
  return marks;
}

function decades(low, high, count) {
  const [first, last] = [low, high].map(Math.log10), step = Math.max(1, Math.ceil((last - first) / count)), marks = [];
  for (let k = Math.ceil(first - 1e-9); k <= last + 1e-9; k += step) {
    marks.push([10 ** k, "10" + String(k).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit])]);
  }
  return marks;
}

function drawAxes(c, { box, X, Y, xs, ys, panel }) {
  const bars = panel.layers.find(({ kind }) => kind === "bars");
  const bottom = box.y + box.h, right = box.x + box.w, middle = box.y + box.h / 2;
  const grid = panel.layers.some(({ kind }) => kind in GROUNDS) ? "transparent" : LOOK.grid;
  Object.assign(c, { strokeStyle: grid, lineWidth: 1 });
  if (bars) namesBelow(c, bars.names, X, bottom, turned(bars.names, box.w));
  for (const [v, text] of bars ? [] : ticks(...xs, box.w / 70)) {
    write(c, text, X(v), bottom + 6, { baseline: "top" });
    stroke(c, [[X(v), box.y], [X(v), bottom]]);
  }
  for (const [v, text] of (panel.log ? decades : ticks)(...ys, box.h / 45)) {
    write(c, text, box.x - 6, Y(v), { align: "right", baseline: "middle" });
    stroke(c, [[box.x, Y(v)], [right, Y(v)]]);
  }
  write(c, panel.xlabel, box.x + box.w / 2, bottom + 34);
  write(c, panel.title, box.x, 15, { fill: LOOK.ink, font: "600 13px", align: "left", width: box.w + ROOM.right });
  c.save();
  c.translate(12, middle);
  c.rotate(-Math.PI / 2);
  write(c, panel.ylabel, 0, 0);
  c.restore();
}

// Names below bars stand side by side where there is room, else they slope, or stand upright: by this angle. `deep` is
// how far down they reach.
function turned(names, width) {
  const c = (turned.canvas ??= make("canvas")).getContext("2d"), room = width / (names.length + 0.2);
  c.font = `11.5px ${FONT}`;
  const longest = Math.max(...names.map((name) => c.measureText(name).width));
  const angle = longest + 6 <= room ? 0 : room > 20 ? 0.8 : Math.PI / 2;
  return { angle, deep: Math.ceil(longest * Math.sin(angle)) };
}

function namesBelow(c, names, X, bottom, { angle }) {
  names.forEach((name, i) => {
    c.save();
    c.translate(X(i) + 4 * Math.sin(2 * angle), bottom + (angle ? 8 : 6));
    c.rotate(-angle);
    write(c, name, 0, 0, angle ? { align: "right", baseline: "middle" } : { baseline: "top" });
    c.restore();
  });
}

// The box of a plot in a frame of this width and height, and how much is left below it.
function fit(panel, width, height) {
  const bars = panel.layers.find(({ kind }) => kind === "bars"), across = width - ROOM.left - ROOM.right;
  const room = (below) => {
    const w = Math.max(Math.min(across, LEAST), Math.min(across, (height - ROOM.above - below) * panel.aspect));
    return { x: ROOM.left, y: ROOM.above, w: Math.floor(w), h: Math.round(w / panel.aspect), below };
  };
  const plain = room(ROOM.below - (panel.xlabel ? 0 : 14));
  return bars ? room(plain.below + turned(bars.names, plain.w).deep) : plain;
}

// The colours of a grid, stretched over the box. Its values stand at the corners of the box's cells, so that half a
// pixel of the image is outside on each side.
function colour(c, box, { shape: [rows, columns], data }, palette, low, high) {
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const stops = palette.map(rgb), beyond = rgb(LOOK.beyond), image = new ImageData(columns, rows);
  data.forEach((v, i) => {
    const place = clamp((v - low) / (high - low), 0, 1) * (stops.length - 1);
    const k = Math.min(Math.floor(place), stops.length - 2), share = place - k;
    const at = 4 * ((rows - 1 - Math.floor(i / columns)) * columns + (i % columns));
    const mixed = (j) => stops[k][j] + share * (stops[k + 1][j] - stops[k][j]);
    for (let j = 0; j < 3; j++) image.data[at + j] = v > high ? beyond[j] : mixed(j);
    image.data[at + 3] = 255;
  });
  const canvas = make("canvas", { width: columns, height: rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
  c.imageSmoothingQuality = "high";
  c.drawImage(canvas, 0.5, 0.5, columns - 1, rows - 1, box.x, box.y, box.w, box.h);
}

// What lies under the lines: drawn once for an array, and kept.
const GROUNDS = {
  heat(c, box, { palette, low, high }, grid) {
    colour(c, box, grid, palette, low, high);
  },

  // Marching squares: a line wherever the grid passes through an integer.
  contours(c, box, { palette }, grid) {
    const { shape: [rows, columns], data } = grid;
    colour(c, box, grid, palette, 0, data.reduce((a, b) => Math.max(a, b), 1));
    const dx = box.w / (columns - 1), dy = box.h / (rows - 1);
    c.beginPath();
    for (let i = 0; i + 1 < rows; i++) {
      for (let j = 0; j + 1 < columns; j++) {
        const at = i * columns + j, x = box.x + j * dx, y = box.y + box.h - i * dy;
        const heights = [data[at], data[at + 1], data[at + columns + 1], data[at + columns]];
        const corners = [[x, y], [x + dx, y], [x + dx, y - dy], [x, y - dy]];
        for (let level = Math.ceil(Math.min(...heights)); level <= Math.max(...heights); level++) {
          let crossed = 0;
          for (let k = 0; k < 4; k++) {
            const a = heights[k] - level, b = heights[(k + 1) % 4] - level;
            if (a < 0 === b < 0) continue;
            const [p, q] = [corners[k], corners[(k + 1) % 4]], share = a / (a - b);
            c[crossed++ % 2 ? "lineTo" : "moveTo"](p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1]));
          }
        }
      }
    }
    Object.assign(c, { strokeStyle: LOOK.level, lineWidth: 0.8 });
    c.stroke();
  },
};

// The corners of each marker: angle in degrees and distance.
const polygon = (n, turn, r = 1.15) => Array.from({ length: n }, (_, k) => [turn + (360 * k) / n, r]);
const cross = (turn) => polygon(4, turn).flatMap(([a]) => [[a - 21, 1.2], [a + 21, 1.2], [a + 45, 0.5]]);
const star = polygon(10, -90).map(([a, r], k) => [a, k % 2 ? r * 0.4 : r]);
const MARKERS = {
  ...{ o: polygon(24, 0, 0.9), s: polygon(4, 45), D: polygon(4, 0), d: polygon(4, 0, 0.9), p: polygon(5, -90) },
  ...{ h: polygon(6, 0), "^": polygon(3, -90), v: polygon(3, 90), "<": polygon(3, 180), ">": polygon(3, 0) },
  ...{ "*": star, P: cross(0), X: cross(45) },
};

function marker(c, kind, x, y, size, fill) {
  c.beginPath();
  for (const [degrees, r] of MARKERS[kind] ?? []) {
    c.lineTo(x + size * r * Math.cos((degrees * Math.PI) / 180), y + size * r * Math.sin((degrees * Math.PI) / 180));
  }
  c.closePath();
  Object.assign(c, { lineWidth: 2.5, strokeStyle: "white", fillStyle: fill });
  c.stroke();
  c.fill();
}

function line(c, points, [colour, [, dash]], width) {
  Object.assign(c, { strokeStyle: colour, lineWidth: width, lineJoin: "round" });
  c.setLineDash(dash.map((length) => length * Math.min(width, 2.2)));
  stroke(c, points);
  c.setLineDash([]);
}

const LAYERS = {
  marks(c, { X, Y }, _, { shape, data }) {
    for (let k = 0; k < shape[0]; k++) marker(c, "*", X(data[2 * k]), Y(data[2 * k + 1]), 8, LOOK.ink);
  },

  // Lines that coincide would hide each other: the earlier ones are wider. Heads are drawn last, over the frame.
  lines(c, { X, Y, box, t, shown, heads }, { names, looks, follow }, { shape, data }, { data: ends }) {
    const n = shape.at(-1), path = shape.length === 3, many = names.length;
    let gone = 0;
    names.forEach((name, k) => {
      if (!shown(name)) return;
      const at = (i) => (path ? [X(data[2 * k * n + i]), Y(data[(2 * k + 1) * n + i])] : [X(i), Y(data[k * n + i])]);
      const last = ends[k] - 1, stop = follow ? Math.min(t, last) : last, share = stop - Math.floor(stop);
      const points = Array.from({ length: Math.floor(stop) + 1 }, (_, i) => at(i));
      if (share > 0) {
        const [p, q] = [points.at(-1), at(Math.ceil(stop))];
        points.push([p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])]);
      }
      line(c, points, looks[k], follow ? 1.7 + (1.8 * (many - 1 - k)) / Math.max(4, many - 1) : 1.4);
      if (!follow || !points.length) return;
      const [colour, , kind] = looks[k], [x, y] = points.at(-1);
      if (last === n - 1 || t < last) return heads.push([kind, x, y, 5.5, colour]);
      if (path) return;
      const [right, bottom] = [box.x + box.w - 6, box.y + box.h - 3];
      write(c, `${name} diverged`, right, box.y + 15 + 15 * gone++, { fill: colour, font: "600 11.5px", align: "right" });
      write(c, "✕", clamp(x, box.x + 6, right), clamp(y, box.y + 13, bottom), { fill: colour, font: "700 15px" });
    });
  },

  arrows(c, { X, Y, t, shown }, { names, looks }, { shape: [, , n], data }) {
    names.forEach((name, k) => {
      const [x, y, dx, dy] = [0, 1, 2, 3].map((i) => data[(4 * k + i) * n + Math.min(Math.floor(t), n - 1)]);
      const from = [X(x), Y(y)], to = [X(x + dx), Y(y + dy)];
      const length = Math.hypot(to[0] - from[0], to[1] - from[1]), angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
      if (!shown(name) || length < 1.5) return;
      const head = Math.min(10, length * 0.6);
      const back = (turn, r) => [to[0] - r * Math.cos(angle + turn), to[1] - r * Math.sin(angle + turn)];
      line(c, [from, back(0, head * 0.8)], looks[k], 2.6);
      stroke(c, [back(0.45, head), to, back(-0.45, head)]);
      c.fillStyle = looks[k][0];
      c.fill();
    });
  },

  bars(c, { X, Y, ys, t, shown }, { names, looks }, { shape: [, n], data }) {
    names.forEach((name, k) => {
      const [top, floor] = [data[k * n + Math.min(Math.floor(t), n - 1)], clamp(0, ...ys)].map(Y);
      c.fillStyle = looks[k][0];
      if (shown(name)) c.fillRect(X(k - 0.35), top, X(k + 0.35) - X(k - 0.35), floor - top);
    });
  },
};

// ---- The figure on the page.

const ICONS = {
  play: "M3 1.5v13l11-6.5z",
  pause: "M3 2h3.5v12H3zM9.5 2H13v12H9.5z",
  "one step back": "M12 2v12L4.5 8zM2 2h2v12H2z",
  "one step on": "M4 2v12l7.5-6zM12 2h2v12h-2z",
};

class View {
  constructor(model, el) {
    this.spec = model.get("spec");
    Object.assign(LOOK, this.spec.look);
    this.state = structuredClone(this.spec.state);
    this.hidden = new Set();
    this.updates = []; // what to do when anything has changed
    this.ended = new AbortController();
    this.link = new Link(model, () => this.changed());
    this.time = this.spec.controls.find(({ kind }) => kind === "player");
    this.t = this.time ? this.time.start : 0;
    this.resized = true;
    this.build();
    el.append(this.root);
    this.sizes = new ResizeObserver(() => {
      this.resized = true;
      this.changed();
    });
    this.sizes.observe(this.root);
    if (this.time?.autoplay && !calm()) this.playWhenSeen();
    this.draw();
  }

  close() {
    this.ended.abort();
    this.sizes.disconnect();
    this.seen?.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.saying);
    this.link.close();
  }

  on(node, types, listener) {
    for (const type of types.split(" ")) node.addEventListener(type, listener, { signal: this.ended.signal });
    return node;
  }

  // -- what it is made of

  build() {
    this.plots = this.spec.panels.map((panel) => {
      const canvas = make("canvas", { role: "img", "aria-label": panel.title });
      const map = make("div", { className: "live-map", hidden: !panel.layers.some(({ kind }) => kind === "heat") });
      return { panel, canvas, map, kept: {}, frame: make("div", { className: "live-panel" }, canvas, map) };
    });
    this.panels = make("div", { className: "live-panels" }, ...this.plots.map(({ frame }) => frame));
    const above = this.spec.task ? [make("p", { className: "live-task" }, this.spec.task)] : [];
    const below = make("div", { className: "live-controls" });
    for (const control of this.spec.controls) {
      const node = this[control.kind](control);
      if (control.kind === "toggles") above.push(node);
      else if (node) below.append(node);
    }
    this.words = make("p", { className: "live-words", "aria-hidden": "true" });
    this.status = make("p", { className: "live-status", role: "status" });
    this.alert = make("p", { className: "live-alert", role: "alert" });
    this.root = make("section", { className: "live-figure", "aria-label": this.spec.title });
    this.root.append(...above, this.panels, below, this.words, this.status, this.alert);
    this.on(this.root, "keydown", (event) => this.key(event));
  }

  toggles({ names, values, first, least, looks }) {
    this.ranking = { names, values, first, least };
    const chips = names.map((name, k) => {
      const box = make("input", { type: "checkbox", checked: true, "aria-label": `show ${name}` });
      const value = make("output", { className: "live-value", "aria-hidden": "true" });
      const swatch = make("canvas", { className: "live-swatch", "aria-hidden": "true" });
      const c = fitted(swatch, 24, 14);
      line(c, [[0, 7], [24, 7]], looks[k], 2.2);
      marker(c, looks[k][2], 12, 7, 5, looks[k][0]);
      this.on(box, "change", () => {
        this.hidden = new Set(this.hidden);
        this.hidden[box.checked ? "delete" : "add"](name);
        this.changed();
      });
      if (values) this.updates.push(() => put(value, this.reading(k).text));
      return make("label", { className: "live-chip" }, box, swatch, make("span", {}, name), value);
    });
    return make("div", { className: "live-toggles", role: "group", "aria-label": "shown" }, ...chips);
  }

  slider({ name, label, texts, ahead }) {
    const input = make("input", { type: "range", min: 0, max: texts.length - 1, "aria-label": label });
    const value = make("output", { className: "live-value", "aria-hidden": "true" });
    input.value = this.state[name];
    this.on(input, "input", () => this.set({ [name]: Number(input.value) }, name));
    if (ahead) this.on(input, "pointerenter pointerdown focus input", () => this.link.ahead(this.state, name));
    this.updates.push(() => {
      put(value, texts[this.state[name]]);
      input.setAttribute("aria-valuetext", value.textContent);
    });
    return make("label", { className: "live-slider" }, make("span", {}, label), input, value);
  }

  choice({ name, label, texts, moves }) {
    const options = texts.map((text, i) => make("option", { value: i }, text));
    const select = make("select", { "aria-label": label }, ...options);
    this.on(select, "change", () => {
      const i = Number(select.value), moved = Object.entries(moves).map(([point, where]) => [point, where[i]]);
      this.set({ [name]: i, ...Object.fromEntries(moved) });
    });
    return make("label", { className: "live-choice" }, make("span", {}, label), select);
  }

  point({ name, label, panel }) {
    const plot = this.plots[panel], text = label.length === 1 ? label : "";
    const handle = make("button", { type: "button", className: "live-handle" }, text);
    handle.setAttribute("aria-roledescription", "point to drag");
    plot.frame.append(handle);
    const to = (x, y) => this.set({ [name]: [clamp(x, ...plot.at.xs), clamp(y, ...plot.at.ys)] });
    const drag = ({ clientX, clientY }) => {
      const { left, top } = plot.canvas.getBoundingClientRect();
      to(...plot.at.inverse(clientX - left, clientY - top));
    };
    const away = ({ clientX, clientY }) => (node) => {
      const { left, top, width, height } = node.getBoundingClientRect();
      return Math.hypot(clientX - left - width / 2, clientY - top - height / 2);
    };
    // a mouse brings the nearest point to where it is pressed; a finger beside a point scrolls the page
    const meant = (event) => {
      const handles = [...plot.frame.querySelectorAll(".live-handle")], far = away(event);
      const nearest = () => event.pointerType === "mouse" && handles.sort((p, q) => far(p) - far(q))[0];
      return handles.find((one) => one === event.target) ?? nearest();
    };
    this.on(plot.frame, "pointerdown", (event) => {
      if (event.button || meant(event) !== handle) return;
      event.preventDefault();
      handle.focus({ preventScroll: true });
      handle.setPointerCapture(event.pointerId);
      drag(event);
    });
    this.on(handle, "pointermove", (event) => handle.hasPointerCapture(event.pointerId) && drag(event));
    this.on(handle, "keydown", (event) => {
      const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!direction) return;
      event.preventDefault();
      const share = event.shiftKey ? 0.1 : 0.02;
      const moved = ([low, high], i) => this.state[name][i] + direction[i] * share * (high - low);
      to(...[plot.at.xs, plot.at.ys].map(moved));
    });
    this.updates.push(() => {
      const [x, y] = this.link.arrays[name]?.data ?? this.state[name];
      handle.style.transform = `translate(${plot.at.X(x)}px, ${plot.at.Y(y)}px)`;
      handle.setAttribute("aria-label", `${label} (${words(x)}, ${words(y)}), arrow keys move it`);
    });
  }

  player({ steps }) {
    const button = (act) => this.on(make("button", { type: "button" }), "click", act);
    const name = (node, label) => {
      if (node.title === label) return;
      const picture = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[label]}"/></svg>`;
      Object.assign(node, { title: label, innerHTML: picture });
      node.setAttribute("aria-label", label);
    };
    const back = button(() => this.go(Math.ceil(this.t) - 1)), on = button(() => this.go(Math.floor(this.t) + 1));
    const play = button(() => this.play());
    name(back, "one step back");
    name(on, "one step on");
    const scrub = make("input", { type: "range", min: 0, max: steps, "aria-label": "step" });
    const value = make("output", { className: "live-value", "aria-hidden": "true" });
    this.on(scrub, "input", () => this.go(Number(scrub.value)));
    this.updates.push(() => {
      const t = Math.floor(this.t);
      name(play, this.playing ? "pause" : "play");
      scrub.value = t;
      scrub.setAttribute("aria-valuetext", `step ${t} of ${steps}`);
      put(value, `step ${t}`);
    });
    const group = make("div", { className: "live-player", role: "group", "aria-label": "player" });
    group.append(back, play, on, scrub, value);
    return group;
  }

  // -- what happens to it

  // JupyterLab would take plain keys as its commands (d d deletes a cell); those with Ctrl or Alt stay its own.
  key(event) {
    const { key, ctrlKey, metaKey, altKey, shiftKey, target } = event;
    if (ctrlKey || metaKey || altKey || key === "Escape" || (key === "Enter" && shiftKey)) return;
    event.stopPropagation();
    if (key === " " && this.time && !target.matches("select, input[type=checkbox], .live-player button")) {
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
    this.playing = false;
    this.t = clamp(t, 0, this.time.steps);
    this.changed();
  }

  play() {
    this.playing = !this.playing;
    this.last = undefined;
    if (this.playing && this.t >= this.time.steps) this.t = 0;
    this.changed();
  }

  playWhenSeen() {
    this.t = 0;
    this.seen = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      this.seen.disconnect();
      if (this.t === 0) this.play();
    }, { threshold: 0.6 });
    this.seen.observe(this.root);
  }

  // Between two steps the heads glide, unless the reader wants no motion or the steps are few and seen one by one.
  advance(now) {
    const { steps, seconds } = this.time;
    if (this.last === undefined) this.real = this.t;
    else this.real = Math.min(steps, this.real + (steps * (now - this.last)) / 1000 / seconds);
    this.last = now;
    this.t = calm() || steps < 60 ? Math.floor(this.real) : this.real;
    this.playing = this.real < steps;
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
    const seen = [this.root.clientWidth, devicePixelRatio, this.link.arrays, this.t, this.hidden];
    if (!seen[0]) return;
    if (this.resized && this.arrange()) seen.push({});
    this.resized = false;
    if (seen.some((one, i) => one !== this.drawn?.[i])) for (const plot of this.plots) this.paint(plot);
    this.drawn = seen;
    for (const update of this.updates) update();
    this.say();
  }

  // The panels in one column or in two, of three the first beside the others, whichever makes the plots larger: the
  // figure with its controls is to be seen at once. Returns whether anything has changed.
  arrange() {
    const n = this.plots.length, width = this.panels.clientWidth, rest = this.root.offsetHeight - this.panels.offsetHeight;
    if (width === this.arranged?.width && rest <= this.arranged.rest) return false;
    this.arranged = { width, rest };
    const height = Math.max(200, SCREEN - rest);
    const layouts = (n > 1 ? [2, 1] : [1]).map((columns) => {
      const rows = Math.ceil(n / columns);
      const across = (width - 18 * (columns - 1)) / columns, down = (height - GAP * (rows - 1)) / rows;
      const tall = (i) => n === 3 && columns === 2 && i === 0;
      const boxes = this.plots.map(({ panel }, i) => fit(panel, across, tall(i) ? height : down));
      return { columns, boxes, tall, size: boxes.reduce((sum, { w, h }) => sum + w * h, 0) };
    });
    const { columns, boxes, tall } = layouts.reduce((best, other) => (other.size > best.size ? other : best));
    this.panels.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    this.plots.forEach((plot, i) => {
      const { x, y, w, h } = (plot.box = boxes[i]);
      Object.assign(plot.map.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
      plot.frame.style.gridRow = tall(i) ? "span 2" : "";
    });
    return true;
  }

  paint(plot) {
    const { panel, canvas, frame, box } = plot, { arrays } = this.link, { w } = box;
    const limits = (given) => (typeof given === "string" ? [...(arrays[given]?.data ?? [0, 1])] : given);
    const xs = limits(panel.x), ys = limits(panel.y);
    const up = panel.log ? (v) => Math.log10(Math.max(v, ys[0] / 10)) : (v) => v;
    const [low, high] = ys.map(up);
    const X = (v) => clamp(box.x + ((v - xs[0]) / (xs[1] - xs[0])) * w, -1e4, 1e4); // no line ends at 1e30
    const Y = (v) => clamp(box.y + box.h - ((up(v) - low) / (high - low)) * box.h, -1e4, 1e4);
    const between = ([from, to], share) => from + share * (to - from);
    const inverse = (x, y) => [between(xs, (x - box.x) / w), between(ys, (box.y + box.h - y) / box.h)];
    plot.at = { box, X, Y, xs, ys, inverse, panel, t: this.t, shown: (name) => !this.hidden.has(name), heads: [] };
    const c = fitted(canvas, frame.clientWidth, box.y + box.h + box.below);
    drawAxes(c, plot.at);
    c.save();
    c.beginPath();
    c.rect(box.x, box.y, w, box.h);
    c.clip();
    for (const layer of panel.layers) {
      const array = arrays[layer.array];
      if (array && layer.kind in GROUNDS) c.drawImage(this.ground(plot, layer, array), box.x, box.y, w, box.h);
      else if (array) LAYERS[layer.kind](c, plot.at, layer, array, arrays[`${layer.array}.end`]);
    }
    c.restore();
    Object.assign(c, { strokeStyle: LOOK.frame, lineWidth: 1 });
    c.strokeRect(box.x + 0.5, box.y + 0.5, w - 1, box.h - 1);
    for (const [kind, x, y, size, fill] of plot.at.heads) {
      if (clamp(x, box.x, box.x + w) === x && clamp(y, box.y, box.y + box.h) === y) marker(c, kind, x, y, size, fill);
    }
  }

  // The ground of a plot changes far less often than the lines on it: its picture is kept.
  ground({ kept, at: { box } }, layer, array) {
    const { w, h } = box, old = kept[layer.array];
    if (old?.array === array && old.w === w && old.ratio === devicePixelRatio) return old.canvas;
    const canvas = make("canvas");
    GROUNDS[layer.kind](fitted(canvas, w, h), { x: 0, y: 0, w, h }, layer, array);
    kept[layer.array] = { array, w, ratio: devicePixelRatio, canvas };
    return canvas;
  }

  // -- what it says

  // What stands beside a name: the value of its curve at the player's step, and whether it has diverged.
  reading(k) {
    const array = this.link.arrays[this.ranking.values], t = Math.floor(this.t);
    if (!array) return { text: "" };
    const { shape: [, n], data } = array, v = data[k * n + t];
    const last = this.link.arrays[`${this.ranking.values}.end`].data[k] - 1;
    if (t > last) return { text: "diverged", v: Infinity };
    return { text: (v <= this.ranking.least ? "< " : "") + words(v), v };
  }

  sentence() {
    const t = Math.floor(this.t), parts = this.time ? [`After ${t} of ${this.time.steps} steps`] : [];
    if (this.ranking?.values) {
      const seen = this.ranking.names.map((name, k) => ({ name, ...this.reading(k) }));
      const ranked = seen.filter(({ name, text }) => text && !this.hidden.has(name)).sort((a, b) => a.v - b.v || 0);
      const first = (i) => (i ? "" : `${this.ranking.first}, `);
      const told = ranked.map(({ name, text, v }, i) => `${name} ${v === Infinity ? "has diverged" : first(i) + text}`);
      parts.push(told.join("; ") || "nothing is shown");
    }
    const note = this.spec.note.replace(/{([\w.]+)}/g, (_, name) => {
      const { shape, data } = this.link.arrays[name] ?? { shape: [], data: [NaN] };
      return words(data[shape.length ? Math.min(t, data.length - 1) : 0]);
    });
    return [parts.join(": "), note].filter(Boolean).join(". ").replace(/\.?$/, ".");
  }

  // A screen reader hears the sentence once it has come to rest; everybody else sees it change.
  say() {
    const sentence = this.sentence(), [{ canvas, panel }] = this.plots;
    this.root.ariaBusy = this.link.busy();
    put(this.alert, this.link.late || this.link.message);
    if (this.said === sentence) return;
    this.said = this.words.textContent = sentence;
    canvas.setAttribute("aria-label", `${panel.title}. ${sentence}`);
    clearTimeout(this.saying);
    this.saying = setTimeout(() => (this.status.textContent = sentence), 500);
  }
}

export default widget(({ model, el }) => {
  el.replaceChildren();
  const view = new View(model, el);
  return () => view.close();
});
