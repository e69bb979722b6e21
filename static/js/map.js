// The map on a canvas, over the picture that the page has without a script: zoom, move, point at entries, select a region.
const sheet = document.querySelector(".map .sheet");

const KINDS = ["incident", "case_study", "note"];
const LARGEST_ZOOM = 60;
const REACH = 14; // pixels around the pointer in which a point counts as meant
const CELLS = 64; // the grid in which points near a place are looked up
const PAN = 0.12;
const GROUPS = 16; // more than there are
const LEAST_BOX = 6;
const APART = 6; // pixels between two names

const load = async () => {
  const answer = await fetch(sheet.dataset.points);
  if (!answer.ok) throw new Error(`the points cannot be read: ${answer.status}`);
  return draw(await answer.json());
};

const draw = (data) => {
  const count = data.id.length;
  const xs = Float32Array.from(data.x, (value) => value / data.units);
  const ys = Float32Array.from(data.y, (value) => value / data.units);
  const canvas = sheet.appendChild(document.createElement("canvas"));
  const pen = canvas.getContext("2d");
  const label = sheet.appendChild(element("p", { className: "map-label", hidden: true }));
  const names = sheet.appendChild(element("div", { className: "map-names" }));
  const tools = makeTools();

  const view = { x: 0, y: 0, zoom: 1 }; // its upper left corner, from 0 to 1
  let size = { width: 0, height: 0, ratio: 1 };
  let chosen = regionOfPage();
  let current = -1; // the point that the keyboard is at, or that was pressed
  let isSelecting = false;
  let isAsked = false;
  let stamps = []; // of the radius `stampsAre`
  let stampsAre = 0;
  let frame; // the picture that is being made, and its pixels as numbers
  let pixels;

  // Where things are on the screen. The edge is wide enough for a whole mark.
  const EDGE = 14;
  const across = (x) => EDGE + (x - view.x) * view.zoom * (size.width - 2 * EDGE);
  const down = (y) => EDGE + (y - view.y) * view.zoom * (size.height - 2 * EDGE);
  const worldX = (left) => view.x + (left - EDGE) / (view.zoom * (size.width - 2 * EDGE));
  const worldY = (top) => view.y + (top - EDGE) / (view.zoom * (size.height - 2 * EDGE));

  const grid = Array.from({ length: CELLS * CELLS }, () => []);
  const cell = (value) => Math.max(0, Math.min(CELLS - 1, Math.floor(value * CELLS)));
  for (let i = 0; i < count; i++) grid[cell(ys[i]) * CELLS + cell(xs[i])].push(i);

  const radius = () => {
    const least = count > 5000 ? 2 : count > 1000 ? 2.8 : count > 300 ? 4 : 5;
    return Math.round(2 * Math.min(7, least * Math.sqrt(view.zoom) ** 0.8)) / 2;
  };

  // Each mark is drawn once for its kind, colour and size, and its pixels are then copied to wherever it is needed: that
  // takes a few milliseconds for 20,000 of them, also where no graphics card helps.
  const stamp = (kind, group, r) => {
    const side = Math.ceil((2.2 * r + 3) * size.ratio);
    const ink = element("canvas", { width: side, height: side }).getContext("2d");
    ink.setTransform(size.ratio, 0, 0, size.ratio, side / 2, side / 2);
    ink.fillStyle = colourOf(group);
    ink.strokeStyle = style("--paper");
    ink.beginPath();
    outline(ink, kind, r);
    ink.fill();
    if (r > 3) ink.stroke(); // parts marks that touch, and would leave nothing of small ones
    const { data } = ink.getImageData(0, 0, side, side);
    const colours = new Uint32Array(data.buffer);
    const used = [...colours.keys()].filter((at) => data[4 * at + 3]);
    return {
      half: side >> 1,
      across: Int32Array.from(used, (at) => (at % side) - (side >> 1)),
      down: Int32Array.from(used, (at) => Math.floor(at / side) - (side >> 1)),
      opacity: Uint8Array.from(used, (at) => data[4 * at + 3]),
      colour: Uint32Array.from(used, (at) => colours[at]),
    };
  };
  const press = ({ half, across, down, opacity, colour }, left, top) => {
    const { width, height } = frame;
    const isWhole = left >= half && top >= half && left + half < width && top + half < height;
    const middle = top * width + left;
    for (let k = 0; k < colour.length; k++) {
      if (!isWhole && (left + across[k] < 0 || left + across[k] >= width || top + down[k] < 0 || top + down[k] >= height)) continue;
      const at = middle + down[k] * width + across[k];
      // Of two marks the later one is on top; the soft edge of a mark leaves what is there already.
      if (opacity[k] === 255 || pixels[at] >>> 24 < opacity[k]) pixels[at] = colour[k];
    }
  };

  const paint = () => {
    isAsked = false;
    const began = performance.now();
    const r = radius();
    const ratio = size.ratio;
    if (r !== stampsAre) [stamps, stampsAre] = [[], r];
    pixels.fill(0);
    let drawn = 0;
    for (let i = 0; i < count; i++) {
      const left = across(xs[i]);
      const top = down(ys[i]);
      if (left < -r || top < -r || left > size.width + r || top > size.height + r) continue;
      const which = data.kind[i] * GROUPS + data.group[i];
      press((stamps[which] ??= stamp(data.kind[i], data.group[i], r)), Math.round(left * ratio), Math.round(top * ratio));
      drawn++;
    }
    pen.putImageData(frame, 0, 0);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (chosen) outlineRegion(chosen);
    if (current >= 0) ring(current, r);
    placeNames(placeLabel());
    sheet.dataset.drawn = drawn;
    sheet.dataset.milliseconds = (performance.now() - began).toFixed(1);
  };

  const ask = () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(paint);
  };

  const outlineRegion = (box) => {
    const [left, top] = [across(box.left), down(box.top)];
    const sides = [left, top, across(box.right) - left, down(box.bottom) - top];
    pen.strokeStyle = style("--paper"); // below it, or it would drown where points are dense
    pen.lineWidth = 5;
    pen.strokeRect(...sides);
    pen.strokeStyle = style("--ink");
    pen.lineWidth = 2;
    pen.setLineDash([6, 4]);
    pen.strokeRect(...sides);
    pen.setLineDash([]);
  };

  const ring = (i, r) => {
    pen.strokeStyle = style("--ink");
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(across(xs[i]), down(ys[i]), r + 4, 0, 2 * Math.PI);
    pen.stroke();
  };

  // Names are links over the canvas, the largest places first, as far as they do not run into each other.
  for (const place of data.places) {
    const link = element("a", { href: addressOf(boxOf(place, 1000)) });
    const [first, ...others] = place.name.split(", ");
    link.append(first, element("span", { className: "others", textContent: others.map((name) => `, ${name}`).join("") }));
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      select(boxOf(place, 1000));
    });
    names.append(link);
  }
  let extents = [];
  const measureNames = () => {
    extents = [...names.children].map((link) => [link.offsetWidth, link.offsetHeight]);
  };
  const placeNames = (taken) => {
    [...names.children].forEach((link, n) => {
      const [width, height] = extents[n] || [0, 0];
      const place = data.places[n];
      const middle = across(place.x / data.units);
      const left = Math.max(2, Math.min(size.width - width - 2, middle - width / 2));
      const top = Math.max(2, Math.min(size.height - height - 2, down(place.y / data.units) - height / 2));
      const isOutside = middle < 0 || middle > size.width || top + height < 0 || down(place.y / data.units) > size.height;
      const isFree = taken.every((one) => left > one[2] || left + width < one[0] || top > one[3] + APART || top + height + APART < one[1]);
      const isShown = !isOutside && isFree;
      if (isShown) taken.push([left, top, left + width, top + height]);
      // Hidden names keep their place in the order of the keyboard, and appear when they are reached.
      link.classList.toggle("crowded", !isShown);
      link.style.transform = `translate(${left.toFixed(1)}px, ${top.toFixed(1)}px)`;
    });
  };

  // Pointing at entries
  const told = new Map();
  const nearest = (left, top) => {
    const [x, y] = [worldX(left), worldY(top)];
    const [dx, dy] = [worldX(left + REACH) - x, worldY(top + REACH) - y];
    let [best, least] = [-1, REACH * REACH];
    for (let row = cell(y - dy); row <= cell(y + dy); row++) {
      for (let column = cell(x - dx); column <= cell(x + dx); column++) {
        for (const i of grid[row * CELLS + column]) {
          const far = (across(xs[i]) - left) ** 2 + (down(ys[i]) - top) ** 2;
          if (far < least) [best, least] = [i, far];
        }
      }
    }
    return best;
  };

  const tell = async (i, { aloud = false } = {}) => {
    current = i;
    ask();
    if (i < 0) {
      label.hidden = true;
      return;
    }
    const id = data.id[i];
    if (!told.has(id)) {
      const answer = await fetch(sheet.dataset.point.replace("0.json", `${id}.json`)).catch(() => null);
      if (!answer?.ok) return;
      told.set(id, await answer.json());
    }
    if (current !== i) return; // another one is meant by now
    const entry = told.get(id);
    const link = element("a", { href: entry.url, textContent: entry.title });
    const about = [entry.kind, entry.when].filter(Boolean).join(", ");
    label.replaceChildren(link, element("span", { textContent: about }));
    label.hidden = false;
    ask();
    if (aloud) announce(`${entry.title}. ${about}`);
  };

  // Beside the point that is meant; the boxes that names have to leave free.
  const placeLabel = () => {
    if (label.hidden || current < 0) return [];
    const [left, top] = [across(xs[current]), down(ys[current])];
    const [width, height] = [label.offsetWidth, label.offsetHeight];
    const x = Math.max(4, Math.min(size.width - width - 4, left - width / 2));
    const y = top > height + 22 ? top - height - 14 : top + 14;
    label.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    return [[x, y, x + width, y + height]];
  };

  // Looking closer, and elsewhere
  const settle = () => {
    const room = 1 - 1 / view.zoom;
    view.x = Math.max(0, Math.min(room, view.x));
    view.y = Math.max(0, Math.min(room, view.y));
    sheet.classList.toggle("close", view.zoom > 1);
    tools.whole.disabled = tools.out.disabled = view.zoom === 1;
    ask();
  };
  const zoom = (factor, left = size.width / 2, top = size.height / 2) => {
    const [x, y] = [worldX(left), worldY(top)];
    view.zoom = Math.max(1, Math.min(LARGEST_ZOOM, view.zoom * factor));
    view.x += x - worldX(left);
    view.y += y - worldY(top);
    settle();
  };
  const move = (x, y) => {
    view.x += x / view.zoom;
    view.y += y / view.zoom;
    settle();
  };
  const whole = () => {
    Object.assign(view, { x: 0, y: 0, zoom: 1 });
    settle();
  };
  const show = (i) => {
    const margin = 0.1 / view.zoom;
    if (xs[i] < view.x + margin || xs[i] > view.x + 1 / view.zoom - margin) view.x = xs[i] - 0.5 / view.zoom;
    if (ys[i] < view.y + margin || ys[i] > view.y + 1 / view.zoom - margin) view.y = ys[i] - 0.5 / view.zoom;
    settle();
  };

  // Selecting a region: its list comes from the server, into the page below the map.
  function addressOf(box) {
    const address = new URL(sheet.dataset.here, location.href);
    for (const side of ["left", "right", "top", "bottom"]) address.searchParams.set(side, Math.round(box[side] * 1000));
    return address.pathname + address.search;
  }
  const select = (box) => {
    chosen = box;
    ask();
    htmx.ajax("GET", addressOf(box), { target: "#region", swap: "outerHTML" });
  };
  const inView = () => ({
    left: Math.max(0, worldX(0)),
    right: Math.min(1, worldX(size.width)),
    top: Math.max(0, worldY(0)),
    bottom: Math.min(1, worldY(size.height)),
  });
  const choose = (on) => {
    isSelecting = on;
    tools.select.setAttribute("aria-pressed", on);
    sheet.classList.toggle("selecting", on);
  };

  const pointers = new Map();
  let drag = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at(event));
    const [left, top] = at(event);
    drag = { left, top, from: { ...view }, selects: isSelecting || event.shiftKey, moved: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    const [left, top] = at(event);
    if (!pointers.has(event.pointerId)) {
      const i = nearest(left, top);
      canvas.classList.toggle("on-point", i >= 0);
      if (i !== current) tell(i);
      return;
    }
    const before = [...pointers.values()];
    pointers.set(event.pointerId, [left, top]);
    if (pointers.size === 2) {
      const after = [...pointers.values()];
      const apart = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]);
      zoom(apart(after) / Math.max(1, apart(before)), (after[0][0] + after[1][0]) / 2, (after[0][1] + after[1][1]) / 2);
      drag = null;
      return;
    }
    if (!drag) return;
    drag.moved ||= Math.hypot(left - drag.left, top - drag.top) > LEAST_BOX;
    if (!drag.moved) return;
    if (drag.selects) {
      chosen = boxBetween(worldX(drag.left), worldX(left), worldY(drag.top), worldY(top));
      ask();
    } else {
      view.x = drag.from.x - (left - drag.left) / (view.zoom * (size.width - 2 * EDGE));
      view.y = drag.from.y - (top - drag.top) / (view.zoom * (size.height - 2 * EDGE));
      settle();
    }
  });
  const release = (event) => {
    const wasThere = pointers.delete(event.pointerId);
    if (!wasThere || !drag) return;
    const { selects, moved } = drag;
    drag = null;
    if (event.type === "pointercancel") {
      chosen = regionOfPage();
      ask();
    } else if (moved && selects) {
      choose(false);
      select(chosen);
    } else if (!moved) {
      const i = nearest(...at(event));
      if (i >= 0 && i === current && told.has(data.id[i]) && event.pointerType === "mouse") location.assign(told.get(data.id[i]).url);
      else tell(i);
    }
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  sheet.addEventListener("wheel", (event) => {
    if (event.deltaY > 0 && view.zoom === 1) return; // there is no farther: whoever reads on scrolls the page
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), ...at(event));
  }, { passive: false });
  sheet.addEventListener("pointerleave", () => pointers.size || sheet.contains(document.activeElement) || tell(-1));

  // By keyboard: arrows go from point to point, with Shift they move the map.
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const neighbour = ([dx, dy]) => {
    if (current < 0) {
      return nearestOf((i) => (across(xs[i]) - size.width / 2) ** 2 + (down(ys[i]) - size.height / 2) ** 2);
    }
    return nearestOf((i) => {
      const [x, y] = [across(xs[i]) - across(xs[current]), down(ys[i]) - down(ys[current])];
      const along = x * dx + y * dy;
      const aside = Math.abs(x * dy) + Math.abs(y * dx);
      return i === current || along <= 0 || aside > along ? Infinity : along + 2 * aside;
    });
  };
  const nearestOf = (distance) => {
    let [best, least] = [-1, Infinity];
    for (let i = 0; i < count; i++) {
      const far = distance(i);
      if (far < least) [best, least] = [i, far];
    }
    return best;
  };
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  const KEYS = "Arrow keys go from entry to entry, Enter opens one, plus and minus zoom, Shift with an arrow moves the map, V lists what is in view.";
  canvas.setAttribute("aria-label", `Map of the collection. ${KEYS}`);
  const keys = sheet.appendChild(element("p", { className: "map-keys", textContent: KEYS }));
  keys.setAttribute("aria-hidden", "true");
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = WAYS[event.key];
    if (way && event.shiftKey) move(way[0] * PAN, way[1] * PAN);
    else if (way) {
      const i = neighbour(way);
      if (i >= 0) {
        tell(i, { aloud: true });
        show(i);
      }
    } else if (event.key === "+" || event.key === "=") zoom(1.5, ...aim());
    else if (event.key === "-") zoom(1 / 1.5, ...aim());
    else if (event.key === "0") whole();
    else if (event.key === "v" || event.key === "V") select(inView());
    else if (event.key === "Enter" && current >= 0 && told.has(data.id[current])) location.assign(told.get(data.id[current]).url);
    else if (event.key === "Escape") {
      choose(false);
      tell(-1);
    } else return;
    event.preventDefault();
  });
  const aim = () => (current >= 0 ? [across(xs[current]), down(ys[current])] : []);

  tools.in.addEventListener("click", () => zoom(1.6));
  tools.out.addEventListener("click", () => zoom(1 / 1.6));
  tools.whole.addEventListener("click", whole);
  tools.select.addEventListener("click", () => choose(!isSelecting));
  tools.view.addEventListener("click", () => select(inView()));

  const fit = () => {
    const box = sheet.getBoundingClientRect();
    if (!box.width || !box.height) return;
    size = { width: box.width, height: box.height, ratio: Math.min(2, devicePixelRatio || 1) };
    canvas.width = Math.round(size.width * size.ratio);
    canvas.height = Math.round(size.height * size.ratio);
    frame = pen.createImageData(canvas.width, canvas.height);
    pixels = new Uint32Array(frame.data.buffer);
    stamps = [];
    measureNames();
    settle();
  };
  new ResizeObserver(fit).observe(sheet);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    stamps = [];
    ask();
  });
  document.addEventListener("htmx:afterSettle", () => {
    chosen = regionOfPage();
    ask();
  });
  sheet.classList.add("live");
  fit();
};

const element = (name, properties) => Object.assign(document.createElement(name), properties);
const style = (name) => getComputedStyle(sheet).getPropertyValue(name).trim();
const announce = (text) => (document.getElementById("announce").textContent = text);
const boxBetween = (a, b, c, d) => {
  const inside = (value) => Math.max(0, Math.min(1, value));
  return { left: inside(Math.min(a, b)), right: inside(Math.max(a, b)), top: inside(Math.min(c, d)), bottom: inside(Math.max(c, d)) };
};
const boxOf = (sides, units) =>
  Object.fromEntries(["left", "right", "top", "bottom"].map((side) => [side, Number(sides[side]) / units]));
const regionOfPage = () => {
  const region = document.getElementById("region");
  return region?.dataset.left ? boxOf(region.dataset, 1000) : null;
};
// The colour of a group is that of its mark in the legend, in whatever theme.
const colourOf = (group) => {
  const mark = document.querySelector(`.groups [data-group="${group}"] :is(.mark, .dot)`);
  return mark ? getComputedStyle(mark).fill : style("--faded");
};
const outline = (ink, kind, r) => {
  if (KINDS[kind] === "incident") {
    ink.moveTo(0, -r * 1.1);
    ink.lineTo(r * 1.1, r * 0.85);
    ink.lineTo(-r * 1.1, r * 0.85);
    ink.closePath();
  } else if (KINDS[kind] === "case_study") ink.rect(-r * 0.88, -r * 0.88, r * 1.76, r * 1.76);
  else ink.arc(0, 0, r, 0, 2 * Math.PI);
};

const makeTools = () => {
  const bar = element("div", { className: "map-tools" });
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Map tools");
  const button = (text, title) => {
    const made = element("button", { type: "button", className: "plain", textContent: text, title });
    if (text.length === 1) made.setAttribute("aria-label", title);
    return bar.appendChild(made);
  };
  const tools = {
    in: button("+", "Zoom in"),
    out: button("−", "Zoom out"),
    whole: button("Whole map", "Zoom out all the way"),
    select: button("Select a region", "Then drag a rectangle; Shift and drag does the same"),
    view: button("List what is in view", "List the entries that are in view"),
  };
  tools.select.setAttribute("aria-pressed", "false");
  sheet.before(bar);
  return tools;
};

if (sheet) load().catch((error) => console.warn(error)); // the picture without a script stays
