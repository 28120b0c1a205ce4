"""The page that a drawing is explored in: one HTML file that loads nothing from anywhere.

Drag to pan, scroll or press + and - to zoom, click a box to see what it is linked to, type to
find.  The drawing itself, its colours included, is ``drawing``'s.
"""

from html import escape

from car.memgine.drawing import Neighbourhood, draw_svg


def draw_html(picture: Neighbourhood, title: str) -> str:
    """*picture* as an HTML page of its own."""
    return _PAGE.format(
        title=escape(title), style=_STYLE, svg=draw_svg(picture, title), script=_SCRIPT
    )


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div class="bar">
<label>Find <input id="filter" type="search" autocomplete="off"></label>
<span id="count" role="status"></span>
<button id="reset" type="button">Whole picture</button>
<span class="hint">drag, scroll, click a box; Esc lets go</span>
</div>
{svg}<script>{script}</script>
</body>
</html>
"""

_STYLE = """
:root{color-scheme:light dark}
html,body{height:100%;margin:0}
body{display:flex;flex-direction:column;font:13px system-ui,sans-serif;
background:Canvas;color:CanvasText}
.bar{display:flex;gap:14px;align-items:center;padding:8px 12px;border-bottom:1px solid GrayText}
.hint{opacity:.7}
svg{flex:1;width:100%;height:auto;min-height:0;touch-action:none;cursor:grab}
.node[data-node]{cursor:pointer}
.node[data-node]:focus{outline:none}
.node[data-node]:focus-visible rect{stroke-width:3}
.faint{opacity:.14}
"""

_SCRIPT = """
(() => {
  const svg = document.querySelector("svg");
  const nodes = [...svg.querySelectorAll("[data-node]")];
  const edges = [...svg.querySelectorAll("[data-source]")];
  const filter = document.getElementById("filter");
  const count = document.getElementById("count");
  const whole = svg.getAttribute("viewBox").split(" ").map(Number);
  let box = [...whole], held = null, chosen = null;

  const show = () => svg.setAttribute("viewBox", box.join(" "));
  const at = event => {
    const point = new DOMPoint(event.clientX, event.clientY);
    return point.matrixTransform(svg.getScreenCTM().inverse());
  };
  const zoom = (factor, x, y) => {
    const width = Math.min(Math.max(box[2] * factor, whole[2] / 40), whole[2] * 4);
    const by = width / box[2];
    box = [x - (x - box[0]) * by, y - (y - box[1]) * by, width, box[3] * by];
    show();
  };
  const paint = () => {
    const words = filter.value.toLowerCase().split(/\\s+/).filter(Boolean);
    const near = new Set([chosen]);
    for (const edge of edges) {
      const {source, target} = edge.dataset;
      if (source === chosen) near.add(target);
      if (target === chosen) near.add(source);
    }
    const lit = new Set();
    for (const node of nodes) {
      const fits = words.every(word => node.dataset.text.includes(word));
      const visible = fits && (chosen === null || near.has(node.dataset.node));
      if (visible) lit.add(node.dataset.node);
      node.classList.toggle("faint", !visible);
    }
    for (const edge of edges) {
      const {source, target} = edge.dataset;
      const linked = chosen === null || source === chosen || target === chosen;
      edge.classList.toggle("faint", !(linked && lit.has(source) && lit.has(target)));
    }
    count.textContent = words.length || chosen !== null ? `${lit.size} of ${nodes.length}` : "";
  };
  const choose = index => { chosen = index === chosen ? null : index; paint(); };

  svg.addEventListener("wheel", event => {
    event.preventDefault();
    const {x, y} = at(event);
    zoom(Math.exp(event.deltaY / 500), x, y);
  }, {passive: false});
  svg.addEventListener("pointerdown", event => {
    held = {from: at(event), x: event.clientX, y: event.clientY, target: event.target,
            moved: false};
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", event => {
    if (!held) return;
    if (Math.hypot(event.clientX - held.x, event.clientY - held.y) > 3) held.moved = true;
    if (!held.moved) return;
    const {x, y} = at(event);
    box[0] += held.from.x - x;
    box[1] += held.from.y - y;
    show();
  });
  svg.addEventListener("pointerup", () => {
    if (held && !held.moved) {
      const node = held.target.closest("[data-node]");
      if (node) choose(node.dataset.node);
      else { chosen = null; paint(); }
    }
    held = null;
  });
  svg.addEventListener("pointercancel", () => { held = null; });
  document.addEventListener("keydown", event => {
    if (event.key === "Escape") { chosen = null; filter.value = ""; paint(); }
    if (event.target === filter) return;
    const x = box[0] + box[2] / 2, y = box[1] + box[3] / 2;
    if (event.key === "+") zoom(0.8, x, y);
    if (event.key === "-") zoom(1.25, x, y);
    const node = event.target.closest && event.target.closest("[data-node]");
    if (node && event.key === "Enter") choose(node.dataset.node);
  });
  filter.addEventListener("input", paint);
  document.getElementById("reset").addEventListener("click", () => {
    box = [...whole]; chosen = null; filter.value = ""; show(); paint();
  });
})();
"""
