// What every widget of the course shares: where in the page it comes alive.
//
// JupyterLab would leave nothing but "model not found" of a widget whose kernel has ended. So what lies in the notebook
// is the widget's still form, within <course-widget at="its name">; where the kernel runs, the widget comes alive in
// it. Elsewhere a widget is displayed as Jupyter's widgets are, and `el` is empty at first.

const ENDED = "To go on, run all cells above and then this one: its kernel has ended.";

const Place =
  customElements.get("course-widget") ??
  class extends HTMLElement {
    static alive = new Map(); // name -> function that brings an element to life and returns what ends it

    connectedCallback() {
      this.wake();
    }

    disconnectedCallback() {
      if (!this.closest(".jp-Cell")) this.stop(); // a cell out of sight keeps its widget
    }

    wake() {
      if (!this.end) this.end = this.constructor.alive.get(this.getAttribute("at"))?.(this);
    }

    stop() {
      this.end?.();
      this.end = undefined;
    }
  };
if (!customElements.get("course-widget")) customElements.define("course-widget", Place);

// The module that anywidget loads, of a function from {model, el, memory} to what ends it. JupyterLab may put another
// element in the place of one that is alive: what has to outlast that is kept in the memory.
function widget(live) {
  const memory = {}, render = (given) => live({ memory, ...given });
  const initialize = ({ model }) => {
    const at = model.get("at"), places = () => document.querySelectorAll(`course-widget[at="${at}"]`);
    if (!at) return;
    Place.alive.set(at, (el) => render({ model, el }));
    for (const place of places()) place.wake();
    return () => {
      for (const place of places()) place.stop();
      Place.alive.delete(at);
    };
  };
  return { initialize, render };
}
