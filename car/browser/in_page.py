"""The JavaScript that is run in pages, each a function declaration.

They run in a world of our own, where the page cannot replace what they call.  ``this`` is an
element, or the window where none is named.  What they answer is plain JSON; a ``problem`` is
one of the words that ``car.browser.world`` makes a sentence of.
"""

LOCATE = """
async function(patience) {
  const describe = (node) => {
    const id = node.id ? ' id="' + node.id.slice(0, 40) + '"' : '';
    const kind = node.getAttribute('class');
    return '<' + node.localName + id + (kind ? ' class="' + kind.slice(0, 40) + '"' : '') + '>';
  };
  const visiblePart = () => {
    let best = null;
    for (const rect of this.getClientRects()) {
      const left = Math.max(rect.left, 0), right = Math.min(rect.right, innerWidth);
      const top = Math.max(rect.top, 0), bottom = Math.min(rect.bottom, innerHeight);
      const area = (right - left) * (bottom - top);
      if (right > left && bottom > top && (!best || area > best.area))
        best = {x: (left + right) / 2, y: (top + bottom) / 2, area};
    }
    return best;
  };
  const look = (block) => {
    if (!this.isConnected) return {problem: 'removed'};
    if (!this.checkVisibility({visibilityProperty: true})) return {problem: 'hidden'};
    if (this.matches(':disabled')) return {problem: 'disabled'};
    this.scrollIntoView({block, inline: block, behavior: 'instant'});
    const point = visiblePart();
    if (!point) return {problem: 'hidden'};
    const hit = this.getRootNode().elementFromPoint(point.x, point.y);
    const label = hit && hit.closest('label');
    if (hit && !this.contains(hit) && !hit.contains(this) && !(label && label.control === this))
      return {problem: 'covered', by: describe(hit)};
    return {x: point.x, y: point.y};
  };
  const deadline = performance.now() + patience;
  for (;;) {
    let found = look('nearest');
    if (found.problem === 'covered') found = look('center');
    if (!found.problem || found.problem === 'removed' || performance.now() >= deadline)
      return found;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
"""
"""Scroll to the element and tell where it can be hit: ``{x, y}``, or ``{problem, by?}``.

Waits up to ``patience`` milliseconds for it to become visible, enabled and uncovered."""

FOCUS = """
function(clear) {
  const typed = ['date', 'datetime-local', 'month', 'week', 'time', 'color', 'range'];
  const others = ['button', 'checkbox', 'radio', 'file', 'submit', 'reset', 'image', 'hidden'];
  if (!this.isConnected) return {problem: 'removed'};
  if (this.matches(':disabled')) return {problem: 'disabled'};
  const field = this.localName === 'textarea'
    || this.localName === 'input' && !others.includes(this.type);
  if (!field && !this.isContentEditable) return {problem: 'not_text'};
  if (!this.checkVisibility({visibilityProperty: true})) return {problem: 'hidden'};
  if (this.readOnly) return {problem: 'read_only'};
  this.scrollIntoView({block: 'nearest', inline: 'nearest', behavior: 'instant'});
  if (field && typed.includes(this.type)) return {whole: true};
  this.focus();
  const active = this.getRootNode().activeElement;
  if (active !== this && !(active && active.contains(this))) return {problem: 'no_focus'};
  if (clear) document.execCommand('selectAll');
  else getSelection().modify('move', 'forward', 'documentboundary');
  return {};
}
"""
"""Put the caret at the end of a text field, or select all of it to ``clear``.

Answers ``{}``; ``{whole: true}`` for a field whose value can only be set as a whole."""

SET_VALUE = """
function(value) {
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
  const isFit = {
    range: () => value.trim() !== '' && isFinite(value),
    color: () => CSS.supports('color', value),
  }[this.type];
  if (isFit && !isFit()) return {problem: 'malformed', type: this.type};
  this.focus();
  set.call(this, value);
  if (!isFit && this.value !== value) return {problem: 'malformed', type: this.type};
  this.dispatchEvent(new Event('input', {bubbles: true, composed: true}));
  this.dispatchEvent(new Event('change', {bubbles: true}));
  return {};
}
"""
"""Set the whole value of a date, time, color or range field."""

EMPTY = "function() { document.execCommand('delete'); }"
"""Delete what is selected."""

SELECT = """
function(values) {
  if (!this.isConnected) return {problem: 'removed'};
  if (this.localName !== 'select') return {problem: 'not_select'};
  if (this.matches(':disabled')) return {problem: 'disabled'};
  const options = [...this.options];
  const chosen = [];
  for (const value of values) {
    const option = options.find((one) => one.value === value)
      || options.find((one) => one.label.trim() === value.trim());
    if (!option || option.matches(':disabled'))
      return {missing: value, options: options.slice(0, 30).map((one) => one.label.trim())};
    chosen.push(option);
  }
  if (!this.multiple && chosen.length !== 1) return {problem: 'single'};
  for (const option of options) option.selected = chosen.includes(option);
  this.dispatchEvent(new Event('input', {bubbles: true, composed: true}));
  this.dispatchEvent(new Event('change', {bubbles: true}));
  return {selected: chosen.map((option) => option.label.trim())};
}
"""
"""Choose options by value or label: ``{selected: labels}``, or what is wrong."""

FILE_FIELD = """
function() {
  if (!this.isConnected) return {problem: 'removed'};
  if (this.localName !== 'input' || this.type !== 'file') return null;
  return {takes: this.webkitdirectory ? 'directory' : this.multiple ? 'many' : 'one'};
}
"""
"""What a file field takes: ``{takes: directory, many or one}``; null for another element."""

SCROLL = """
function(x, y) {
  const canMove = (node) => {
    const style = getComputedStyle(node);
    const vertical = /auto|scroll|overlay/.test(style.overflowY) && (
      y > 0 ? node.scrollTop + node.clientHeight < node.scrollHeight - 1
      : y < 0 && node.scrollTop > 0);
    const across = /auto|scroll|overlay/.test(style.overflowX) && (
      x > 0 ? node.scrollLeft + node.clientWidth < node.scrollWidth - 1
      : x < 0 && node.scrollLeft > 0);
    return vertical || across;
  };
  const page = document.scrollingElement || document.documentElement;
  let node = this === window
    ? document.elementFromPoint(innerWidth / 2, innerHeight / 2) : this;
  while (node && node !== page && !canMove(node))
    node = node.parentElement || node.getRootNode().host;
  node = node || page;
  const left = node.scrollLeft, top = node.scrollTop;
  node.scrollBy({left: x, top: y, behavior: 'instant'});
  return {x: node.scrollLeft - left, y: node.scrollTop - top};
}
"""
"""Scroll the innermost thing that can be, around the element or the middle of the window.

Answers how far that went."""

WAIT = """
function(kind, value, milliseconds) {
  const met = kind === 'selector'
    ? () => document.querySelector(value) !== null
    : () => document.body !== null && document.body.innerText.includes(value);
  if (met()) return true;
  return new Promise((resolve) => {
    let due = null;
    const end = (result) => {
      observer.disconnect();
      clearTimeout(due);
      clearTimeout(last);
      resolve(result);
    };
    const look = () => { due = null; if (met()) end(true); };
    const observer = new MutationObserver(() => { due = due || setTimeout(look, 25); });
    const last = setTimeout(() => end(met()), milliseconds);
    observer.observe(document, {
      subtree: true, childList: true, attributes: true, characterData: true});
  });
}
"""
"""Whether a selector matches or a text shows within so many milliseconds."""

SETTLE = "function() { return new Promise((resolve) => setTimeout(resolve, 0)); }"
"""Answers when what the page had in hand is done."""

BOX = """
function() {
  if (!this.isConnected) return {problem: 'removed'};
  this.scrollIntoView({block: 'nearest', inline: 'nearest', behavior: 'instant'});
  const rect = this.getBoundingClientRect();
  if (rect.width < 1 || rect.height < 1) return {problem: 'hidden'};
  return {x: rect.x, y: rect.y, width: rect.width, height: rect.height};
}
"""
"""Scroll to the element and tell the box around it."""

SET_STORAGE = """
function(items) {
  for (const [key, value] of Object.entries(items)) localStorage.setItem(key, value);
}
"""

GET_STORAGE = "function() { return Object.fromEntries(Object.entries(localStorage)); }"

EXCERPT = """
function(mostElements, mostCharacters, mostVisited) {
  const interactive = 'a[href],button,input:not([type=hidden]),select,textarea,summary,'
    + '[contenteditable=""],[contenteditable=true],[tabindex]:not([tabindex="-1"]),'
    + ['button', 'link', 'checkbox', 'radio', 'switch', 'tab', 'textbox', 'searchbox',
       'combobox', 'slider', 'spinbutton', 'option', 'menuitem', 'menuitemcheckbox',
       'menuitemradio', 'treeitem'].map((role) => '[role=' + role + ']').join(',');
  const silent = ['script', 'style', 'noscript', 'template', 'option', 'textarea'];
  const roles = {p: 'paragraph', li: 'listitem', td: 'cell', th: 'columnheader', label: 'label',
    h1: 'heading', h2: 'heading', h3: 'heading', h4: 'heading', h5: 'heading', h6: 'heading'};
  const text = [], elements = [];
  let characters = 0, visited = 0, leftOut = 0, complete = true;
  const roleOf = (node) => {
    const block = node.closest('p,li,td,th,label,h1,h2,h3,h4,h5,h6');
    return block ? roles[block.localName] : 'text';
  };
  const range = document.createRange();
  const isBelowTop = (node) => {
    range.selectNode(node);
    const rect = range.getBoundingClientRect();
    return rect.width * rect.height > 0 && rect.bottom > 0;
  };
  const take = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const parent = node.parentElement;
      if (characters >= mostCharacters || !parent || !/\\S/.test(node.data)) return;
      if (!parent.checkVisibility({visibilityProperty: true}) || !isBelowTop(node)) return;
      const words = node.data.slice(0, mostCharacters - characters).replace(/\\s+/g, ' ').trim();
      characters += words.length;
      text.push([roleOf(parent), words]);
    } else if (node.nodeType === Node.ELEMENT_NODE && node.matches(interactive)) {
      if (elements.length >= mostElements) leftOut += 1;
      else if (node.checkVisibility({visibilityProperty: true}) && isBelowTop(node))
        elements.push(node);
    }
  };
  const walk = (parent, depth) => {
    for (let node = parent.firstChild; node; node = node.nextSibling) {
      if (++visited > mostVisited) { complete = false; return; }
      take(node);
      if (depth > 300 || silent.includes(node.localName)) continue;
      if (node.shadowRoot) walk(node.shadowRoot, depth + 1);
      if (node.firstChild) walk(node, depth + 1);
    }
  };
  if (document.body) walk(document.body, 0);
  return {told: {text, leftOut, complete: complete && characters < mostCharacters}, elements};
}
"""
"""What is at and below the top of the window of a large page, up to given numbers.

Answers ``{told: {text: [[role, words]], leftOut, complete}, elements}``, to be kept as an
object, as ``elements`` are the elements themselves."""

TITLE = "function() { return document.title; }"

TOLD = "function() { return this.told; }"
