// The page's half of a card: controls for what may be answered, keys, and where the focus goes next. All words that it
// shows come from the kernel, as HTML: model.get("page").

const GUESS = "input[type=text], fieldset:first-of-type input:checked"; // what is typed or picked, if anything is
const BUSY = "The kernel is busy: it takes this as soon as it can.";

function make(tag, attributes = {}, ...children) {
  const node = Object.assign(document.createElement(tag), attributes);
  node.append(...children);
  return node;
}

// The cell below, if the page has cells as JupyterLab's have.
function below(el) {
  let cell = el.closest(".jp-Cell")?.nextElementSibling;
  while (cell && !cell.getClientRects().length) cell = cell.nextElementSibling; // folded away
  return cell?.matches(".jp-Cell") ? cell : undefined;
}

// Whether somebody has just run this cell and waits for what comes: nobody is drawn away from where they type.
function awaited(el) {
  const active = document.activeElement, cell = active?.closest(".jp-Cell");
  return cell && active === cell && (cell === el.closest(".jp-Cell") || cell === below(el));
}

let groups = 0;

function choice(legend, options, picked, text = String) {
  const name = `course-${++groups}-${Math.random().toString(36).slice(2)}`;
  const labels = options.map((value) => {
    const input = make("input", { type: "radio", name, value, checked: value === picked });
    return make("label", {}, input, make("span", {}, text(value)));
  });
  return make("fieldset", {}, make("legend", {}, legend), ...labels);
}

export default widget(({ model, el, memory }) => {
  let form, said, patience;

  const tell = (text) => {
    clearTimeout(patience);
    if (said.textContent !== text) said.textContent = text;
  };
  const send = (kind) => {
    const guess = form.querySelector(GUESS)?.value ?? "";
    const sure = Number(form.querySelector(".course-sure input:checked")?.value);
    if (kind === "lock" && !guess && model.get("form").options) return tell("Pick one first.");
    memory.locking = kind === "lock";
    try {
      model.send({ kind, guess, sure });
      clearTimeout(patience);
      patience = setTimeout(() => tell(BUSY), 2500);
    } catch {
      tell(ENDED);
    }
  };
  const goOn = () => {
    const next = below(el);
    memory.held = false;
    if (next) next.focus();
    else document.activeElement?.blur();
  };

  function controls() {
    const { label, options, guess, confidences, sure, button } = model.get("form");
    said = make("p", { className: "course-said", role: "status" });
    form = make("form", { className: "course-form" });
    if (options) form.append(choice(label, options, guess));
    else {
      const input = make("input", { type: "text", value: guess, placeholder: "a number", autocomplete: "off" });
      input.addEventListener("input", () => send("read"));
      form.append(make("label", { className: "course-number" }, make("span", {}, label), input));
    }
    if (confidences) {
      const group = choice("How sure?", confidences, sure, (share) => `${share} %`);
      group.classList.add("course-sure");
      form.append(group);
    }
    form.append(make("button", { type: "submit" }, button), said);
    form.addEventListener("focusin", () => (memory.held = true));
    form.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !el.contains(relatedTarget)) memory.held = false;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send("lock");
    });
    form.addEventListener("keydown", (event) => {
      const { key, target, shiftKey, ctrlKey, metaKey, altKey } = event;
      if (ctrlKey || metaKey || altKey || key === "Escape") return;
      event.stopPropagation(); // JupyterLab would take plain keys as its commands
      if (key !== "Enter" || (target.type === "submit" && !shiftKey)) return;
      event.preventDefault();
      if (shiftKey && (target.value === "" || !confidences)) goOn();
      else form.requestSubmit();
    });
    return form;
  }

  // The card as the kernel words it, alive where there is something to do.
  function draw() {
    const { locked, final, right } = model.get("form");
    el.innerHTML = model.get("page");
    el.classList.add("course-card");
    form = undefined;
    if (locked && !final) {
      const change = make("button", { type: "button" }, "Change it");
      change.addEventListener("click", () => {
        change.replaceWith(controls());
        hold();
      });
      change.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && event.shiftKey) {
          event.preventDefault();
          event.stopPropagation();
          goOn();
        } else if (event.key === "Enter" || event.key === " ") event.stopPropagation();
      });
      el.append(change);
    } else if (!locked) {
      const list = el.querySelector("ul");
      if (list) list.replaceWith(controls());
      else {
        const answers = [...el.querySelectorAll("details")], given = answers.find(({ open }) => open);
        el.append(controls(), ...(given ? [make("p", { role: "status" }, ...given.querySelector("p").childNodes)] : []));
        for (const answer of answers) answer.remove();
      }
    }
    typeset();
    if (memory.locking && (locked || right)) goOn();
    else if (memory.held && document.activeElement === document.body) hold();
    if (locked || right) memory.locking = false;
  }

  function hold() {
    memory.held = true; // until the focus goes elsewhere
    (form?.querySelector(GUESS) ?? form?.querySelector("input"))?.focus();
  }

  function typeset() {
    const lab = model.widget_manager?.rendermime?.latexTypesetter;
    if (lab) lab.typeset(el);
    else if (window.MathJax?.Hub) window.MathJax.Hub.Queue(["Typeset", window.MathJax.Hub, el]);
    else window.MathJax?.typesetPromise?.([el]);
  }

  const listeners = {
    "change:page": draw,
    "change:form": draw,
    "msg:custom": ({ said: text }) => tell(text ?? ""),
    comm_live_update: () => form && tell(ENDED),
  };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  draw();
  if (model.get("fresh")) {
    model.set("fresh", false);
    model.save_changes();
    if (form && awaited(el)) hold();
  }
  return () => {
    clearTimeout(patience);
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
  };
});
