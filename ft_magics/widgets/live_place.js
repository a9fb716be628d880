// The technique of everything live: a model without a view finds its place in a card's static HTML.
//
// Python puts this text before a specific script (widgets/live_place.py), which makes a class of
// `Live` and ends with `export default livePlace("data-ft-…", Class);`. What is saved is the static
// card alone: no output refers to the model, and without it, or after it, the card stands as it was.
//
// A `Live` is one place on the page, taken over. Its class may give:
//   static fits(place)  whether the place can be taken over (default: always)
//   mount()             put controls into `this.place`; what `this.take(node)` gets is removed again
//   told(message)       the kernel's answer to `this.send(…)`, or what it told all places
//   changed()           a trait of `this.model` has another value
//   ended()             the kernel is gone: say so, offer nothing
//   left()              undo what `take` and `own` do not undo

const BUSY_MS = 1500;
const LOOK_MS = 2000;
const ENDED = ["dead", "terminating", "restarting", "autorestarting"];
const SUPPRESS = "data-lm-suppress-shortcuts";
const BUSY = "Waits for the kernel, which is busy.";

// An element. Children that are strings become text, never HTML.
function make(tag, own = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(own)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

class Live {
  static fits() {
    return true;
  }

  constructor(place, model) {
    this.place = place;
    this.model = model;
    this.view = Math.random().toString(36).slice(2, 10).padEnd(4, "0");
    this.turn = 0;
    this.alive = true;
    this.taken = [];
    this.owned = [];
    this.status = make("span", { role: "status" });
    place.ftOwner = this;
    this.mount();
  }

  mount() {}
  told() {}
  changed() {}
  ended() {}
  left() {}

  // This node is removed when the place is left.
  take(node) {
    this.taken.push(node);
    return node;
  }

  // Keys pressed in this node are its own: JupyterLab's command mode would take letters and arrows.
  // The attribute must be on what has the focus itself, which command mode's selectors match first.
  own(node, pressed) {
    const keys = (event) => { if (this.alive) pressed?.call(this, event); };
    const mark = (event) => event.target.setAttribute(SUPPRESS, "true");
    // JupyterLab, listening at the focused node, refuses line breaks that are typed in an output.
    const breaks = (event) => { if (event.inputType === "insertLineBreak") event.stopPropagation(); };
    node.setAttribute(SUPPRESS, "true");
    node.addEventListener("keydown", keys);
    node.addEventListener("focusin", mark);
    node.addEventListener("beforeinput", breaks, true);
    this.owned.push(() => {
      node.removeEventListener("keydown", keys);
      node.removeEventListener("focusin", mark);
      node.removeEventListener("beforeinput", breaks, true);
      node.removeAttribute(SUPPRESS);
    });
    return node;
  }

  // A message to the kernel; its answer carries the turn that this returns.
  send(message) {
    if (!this.alive) return 0;
    this.turn += 1;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.say(BUSY), BUSY_MS);
    this.model.send({ ...message, view: this.view, turn: this.turn });
    return this.turn;
  }

  heard(message) {
    const all = message.view === undefined;
    if (!this.alive || !(all || message.view === this.view)) return;
    if (!all) clearTimeout(this.waiting);
    this.told(message);
  }

  say(text) {
    this.status.textContent = text;
  }

  // The kernel is gone: what is shown stays, and says so.
  end() {
    if (!this.alive) return;
    this.alive = false;
    clearTimeout(this.waiting);
    this.ended();
  }

  // The model was closed: a newer one may take the place, or the static card stays.
  leave() {
    this.alive = false;
    clearTimeout(this.waiting);
    this.left();
    for (const node of this.taken) node.remove();
    for (const disown of this.owned) disown();
    if (this.place.ftOwner === this) delete this.place.ftOwner;
  }
}

// Calls `end` when the kernel of a model dies, restarts, or is exchanged; gives what stops that.
function whenKernelEnds(model, end) {
  // A restarted kernel knows nothing of this model; ipywidgets tells by this event.
  model.on("comm_live_update", end);
  const manager = model.widget_manager;
  const knows = manager && "kernel" in manager;
  let watched = null;
  const changed = (_, status) => { if (ENDED.includes(status)) end(); };
  const watch = () => {
    const kernel = knows ? manager.kernel : null;
    if (knows && (!kernel || kernel.isDisposed || ENDED.includes(kernel.status))) return end();
    if (kernel && kernel !== watched) {
      watched?.statusChanged?.disconnect(changed);
      watched = kernel;
      kernel.statusChanged?.connect(changed);
    }
  };
  const timer = setInterval(watch, LOOK_MS);
  watch();
  return () => {
    clearInterval(timer);
    watched?.statusChanged?.disconnect(changed);
    model.off("comm_live_update", end);
  };
}

// The anywidget module: one `Place` wherever `attribute` has the model's key, as places come and go.
function livePlace(attribute, Place) {
  function initialize({ model }) {
    const places = new Set();
    const selector = `[${attribute}="${CSS.escape(model.get("key"))}"]`;
    let over = false;

    const look = (root) => {
      const found = [...root.querySelectorAll(selector)];
      if (root.matches?.(selector)) found.unshift(root);
      for (const place of found) {
        const owner = place.ftOwner;
        if (over || owner?.alive || !Place.fits(place)) continue;
        owner?.leave();
        places.forEach((one) => { if (!one.alive) places.delete(one); });
        places.add(new Place(place, model));
      }
    };
    // At once, before anything is painted: a card that is drawn anew does not flicker.
    const observer = new MutationObserver((changes) => {
      for (const { addedNodes } of changes) {
        for (const node of addedNodes) if (node.nodeType === 1) look(node);
      }
    });
    observer.observe(document.body, { childList: true, subtree: true });

    const heard = (message) => places.forEach((place) => place.heard(message));
    const changed = () => places.forEach((place) => { if (place.alive) place.changed(); });
    model.on("msg:custom", heard);
    model.on("change", changed);
    const unwatch = whenKernelEnds(model, () => {
      over = true;
      places.forEach((place) => place.end());
    });
    look(document.body);

    return () => {
      over = true;
      unwatch();
      observer.disconnect();
      model.off("msg:custom", heard);
      model.off("change", changed);
      places.forEach((place) => place.leave());
      places.clear();
    };
  }
  return { initialize };
}
