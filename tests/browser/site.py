"""A small web site to drive a browser through: forms, frames, shadow trees, and hostile pages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL.crypto import X509, PKey
from twisted.internet.ssl import CertificateOptions
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

HOME = """<title>Home</title><h1>Welcome</h1>
<p>Some <b>bold</b> words and <a href="/other">a link</a>.</p>
<a href="/second" id="second">Second page</a> <a href="/second" target="_blank">New tab</a>
<button onclick="document.getElementById('said').textContent = 'clicked ' + event.detail
  + (event.shiftKey ? ' shift' : '')" oncontextmenu="this.textContent = 'context'">Press</button>
<button disabled>Off</button><p id="said">nothing yet</p>
<img alt="A picture" src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">"""

FORM = """<title>Form</title><form action="/submitted">
<label>Name <input name="name" value="old"></label>
<label>Mail <input name="mail" type="email" value="a@b"></label>
<label>Born <input name="born" type="date"></label>
<label>Notes <textarea name="notes"></textarea></label>
<label>Secret <input name="secret" readonly value="fixed"></label>
<label>Colour <select name="colour"><option value="r">Red</option>
<option value="g">Green</option><option disabled>Grey</option></select></label>
<label>Sizes <select name="sizes" multiple><option>S</option><option>M</option></select></label>
<label><input type="checkbox" name="agree"> Agree</label>
<label><input type="radio" name="kind" value="1"> One</label>
<label>File <input type="file" name="file" id="file" onchange="
  this.files[0].text().then((text) => { said.textContent = this.files[0].name + ': ' + text; })">
</label><button type="button" onclick="file.click()">Choose</button>
<div contenteditable="true" aria-label="Rich">text</div>
<button>Send</button></form><p id="said"></p>"""

APP = """<title>App</title><div id="app"></div><script>
let count = 0;
function draw() {
  app.innerHTML = '<p>Count ' + count + '</p><button onclick="add()">Add</button>'
    + '<button onclick="route()">Route</button><ul>'
    + Array.from({length: count}, (_, i) => '<li><a href="#' + i + '">Item ' + i + '</a></li>')
      .join('') + '</ul>';
}
function add() { setTimeout(() => { count += 1; draw(); }, 50); }
function route() { history.pushState({}, '', '/app/routed'); }
draw();
</script><button id="kept">Kept</button><button onclick="kept.remove()">Remove</button>
<button onclick="app.before(Object.assign(document.createElement('button'),
  {textContent: 'Inserted'}))">Insert</button>"""

FRAMES = """<title>Frames</title><h1>Outside</h1><button>Outer</button>
<div style="height: 900px"></div>
<iframe src="/inner" style="margin: 20px; border: 5px solid"></iframe>
<iframe src="http://localhost:{port}/inner?other" style="margin: 20px"></iframe>"""

INNER = """<title>Inner</title><p>Inside</p><div style="height: 300px"></div>
<button onclick="this.textContent = 'done in ' + location.host">Inner button</button>"""

SHADOW = """<title>Shadow</title><div id="open"></div><div id="closed"></div><script>
for (const mode of ['open', 'closed']) {
  const root = document.getElementById(mode).attachShadow({mode});
  root.innerHTML = '<p>Text ' + mode + '</p><button>Button ' + mode + '</button>'
    + '<input aria-label="Field ' + mode + '">';
  root.querySelector('button').onclick = (event) => { event.target.textContent = mode + ' hit'; };
}
</script>"""

KEYS = """<title>Keys</title><input aria-label="Keys" id="field" autofocus><p id="log"></p><script>
field.onkeydown = (event) => {
  const held = ['ctrl', 'shift', 'alt', 'meta'].filter((name) => event[name + 'Key']);
  log.textContent = [...held, event.key, event.code, event.keyCode].join(' ');
};
</script>"""

MOVING = """<title>Moving</title>
<button id="late" disabled onclick="this.textContent = 'pressed'">Late</button>
<button style="visibility: hidden">Unseen</button>
<button id="under" style="position: absolute; top: 200px; left: 0">Under</button>
<div id="over" class="shade" style="position: absolute; top: 150px; left: 0; width: 300px;
  height: 200px; background: gray"></div>
<div id="menu" style="position: absolute; top: 400px" onmouseover="this.textContent = 'hovered'"
  tabindex="0">menu</div>
<div style="position: absolute; top: 500px; width: 200px; height: 100px; overflow: auto"
  tabindex="0" role="listbox" aria-label="Box"><div style="height: 1000px">tall</div></div>
<p style="position: absolute; top: 3000px">the end</p>
<script>setTimeout(() => { late.disabled = false; }, 200);</script>"""

LATE = """<title>Late</title><p>soon</p><script>
setTimeout(() => { const p = document.createElement('p'); p.className = 'arrived';
  p.textContent = 'it is here'; document.body.append(p); }, 200);
setTimeout(() => { location.href = '/second?later'; }, 500);
</script>"""

BUSY = """<title>Busy</title><script>
setTimeout(() => fetch('/pause?0.3'), 0); setTimeout(() => fetch('/pause?0.3'), 400);
</script>"""

DIALOGS = """<title>Dialogs</title><p id="said"></p>
<button onclick="alert('hello'); said.textContent = 'alerted'">Alert</button>
<button onclick="said.textContent = 'confirmed ' + confirm('sure?')">Confirm</button>
<button onclick="said.textContent = 'prompted ' + prompt('who?', 'you')">Prompt</button>"""

TRAP = """<title>Trap</title><button>Touch</button><script>
addEventListener('beforeunload', (event) => { event.preventDefault(); event.returnValue = 'no'; });
</script>"""

ALERTS = """<title>Alerts</title><p id="said">quiet</p>
<button onclick="while (true) alert('again')">Loop</button>
<button onclick="setInterval(() => alert('tick'), 1)">Timer</button>"""

WINDOWS = """<title>Windows</title>
<button onclick="for (let i = 0; i < 30; i++) window.open('/second?' + i)">Open</button>"""

OPENER = """<title>Opener</title><button onclick="window.open('/closing')">Open</button>"""

CLOSING = """<title>Closing</title><button onclick="window.close()">Close</button>"""

OUTSIDE = """<title>Outside</title><a href="owl:hoot">Owl</a>"""

PROMPTS = """<title>Prompts</title><p id="said">quiet</p>
<button onclick="said.textContent = 'asked ' + prompt('q', 'x'.repeat(7e7))">Long</button>
<button onclick="alert('half \\ud800'); said.textContent = 'told'">Half</button>"""

FIELDS = """<title>Fields</title><input type="file" multiple aria-label="Several">
<input type="file" aria-label="One"><input type="file" webkitdirectory aria-label="Folder">
<input type="range" aria-label="Range" max="10"><input type="color" aria-label="Colour">
<p id="said"></p><script>for (const field of document.querySelectorAll('input'))
  field.onchange = async () => {
    const told = async (file) => file.name + '=' + await file.text();
    const texts = field.files && await Promise.all([...field.files].map(told));
    said.textContent = texts ? texts.join() : field.value;
  };
</script>"""

FILES = """<title>Files</title><a href="/file">Get</a> <a href="/bomb">Bomb</a>"""

LARGE = """<title>Large</title><body><script>
for (let i = 0; i < 3000; i++) {
  const block = document.createElement('div');
  block.innerHTML = '<p>Paragraph ' + i + '</p><button>Button ' + i + '</button>';
  document.body.append(block);
}
</script>"""

HUGE = """<title>Huge</title><h1>Still here</h1><button>First</button><div id="all" hidden></div>
<script>all.innerHTML = ('<i>' + 'x'.repeat(90) + '</i>').repeat(1000000);</script>"""

STUCK = """<title>Stuck</title><button onclick="for (;;);">Stick</button>"""

LABEL = """<title>Label</title><button aria-label="start">Named</button><script>
document.querySelector('button').setAttribute('aria-label', 'x'.repeat(50000000));
</script>"""

STATES = """<title>States</title><input type="checkbox" aria-label="Check" checked>
<button aria-expanded="false">Fold</button><input aria-label="Must" required value="v">
<input type="number" aria-label="Number" value="3"><input type="file" aria-label="Upload">
<div tabindex="0" onclick="1">Click me</div><details><summary>More</summary>hidden</details>
<div role="tab" tabindex="0">Tab</div><select aria-label="Pick"><option>First</option></select>
<ul><li>One <a href="/x">inline</a> item</li></ul><input type="search" aria-label="Find">"""

PAGES = {
    b"/": HOME,
    b"/form": FORM,
    b"/app": APP,
    b"/frames": FRAMES,
    b"/inner": INNER,
    b"/shadow": SHADOW,
    b"/keys": KEYS,
    b"/moving": MOVING,
    b"/late": LATE,
    b"/busy": BUSY,
    b"/dialogs": DIALOGS,
    b"/trap": TRAP,
    b"/alerts": ALERTS,
    b"/windows": WINDOWS,
    b"/files": FILES,
    b"/outside": OUTSIDE,
    b"/prompts": PROMPTS,
    b"/fields": FIELDS,
    b"/opener": OPENER,
    b"/closing": CLOSING,
    b"/large": LARGE,
    b"/huge": HUGE,
    b"/stuck": STUCK,
    b"/label": LABEL,
    b"/states": STATES,
    b"/second": "<title>Second</title><h1>Second</h1><a href='/'>Home</a>",
    b"/other": "<title>Other</title><h1>Other</h1>",
    b"/tofile": "<title>To file</title><a href='file:///etc/hostname'>Local</a>",
}


class LocalSite(Resource):
    """The pages above, and those that need a server; ``seen`` holds what was asked for."""

    isLeaf = True

    def __init__(self, reactor: Any) -> None:
        super().__init__()
        self.seen: list[Request] = []
        self._reactor = reactor
        self.port = reactor.listenTCP(0, Site(self, timeout=None), interface="127.0.0.1")

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The URL of *path* here."""
        return f"http://{host}:{self.port.getHost().port}{path}"

    def render(self, request: Request) -> Any:
        """Answer with a page, or as ``_SPECIAL`` says."""
        self.seen.append(request)
        request.setHeader(b"Content-Type", b"text/html; charset=utf-8")
        special = _SPECIAL.get(request.path)
        if special is not None:
            return special(self, request)
        page = PAGES.get(request.path)
        if page is None:
            request.setResponseCode(404)
            return b"<title>Not found</title><h1>No such page</h1>"
        return page.replace("{port}", str(self.port.getHost().port)).encode()

    def _redirect(self, request: Request) -> Any:
        request.redirect(b"/redirect")
        return b""

    def _to_file(self, request: Request) -> Any:
        request.redirect(b"file:///etc/hostname")
        return b""

    def _nothing(self, request: Request) -> Any:
        request.setResponseCode(204)
        return b""

    def _fault(self, request: Request) -> Any:
        request.setResponseCode(500)
        return b""

    def _guarded(self, request: Request) -> Any:
        """Ask for a user and a password."""
        request.setResponseCode(401)
        request.setHeader(b"WWW-Authenticate", b'Basic realm="owls"')
        return b"<title>Guarded</title>"

    def _cut(self, request: Request) -> Any:
        """Break off before the end that was announced."""
        request.setHeader(b"Content-Length", b"1000")
        request.write(b"<title>Cut</title><h1>Begun</h1>")
        request.notifyFinish().addErrback(lambda _: None)
        request.loseConnection()
        return NOT_DONE_YET

    def _submitted(self, request: Request) -> Any:
        fields = "".join(
            f"<p>{name.decode()}={b'+'.join(values).decode()}</p>"
            for name, values in sorted(request.args.items())
        )
        return f"<title>Submitted</title>{fields}".encode()

    def _pause(self, request: Request) -> Any:
        """Answer after as many seconds as the query says."""
        seconds = float(request.uri.partition(b"?")[2] or b"1")
        waiting = deferLater(self._reactor, seconds, _finish, request)
        request.notifyFinish().addErrback(lambda _: waiting.cancel())
        waiting.addErrback(Failure.trap, Exception)
        return NOT_DONE_YET

    def _endless(self, request: Request) -> Any:
        """Begin a page and never end it."""
        request.write(b"<title>Endless</title><h1>Begun</h1>" + b" " * 2000)
        request.notifyFinish().addErrback(lambda _: None)
        return NOT_DONE_YET

    def _never(self, request: Request) -> Any:
        """Do not even begin."""
        request.notifyFinish().addErrback(lambda _: None)
        return NOT_DONE_YET

    def _file(self, request: Request) -> Any:
        request.setHeader(b"Content-Type", b"application/octet-stream")
        request.setHeader(b"Content-Disposition", b'attachment; filename="../re port?.txt"')
        return b"content"

    def _bomb(self, request: Request) -> Any:
        """Send without end, as fast as is taken."""
        request.setHeader(b"Content-Type", b"application/octet-stream")
        request.registerProducer(_Flood(request), False)
        request.notifyFinish().addErrback(lambda _: None)
        return NOT_DONE_YET

    def _headers(self, request: Request) -> Any:
        cookie = (request.getHeader(b"cookie") or b"").decode()
        extra = (request.getHeader(b"x-extra") or b"").decode()
        return f"<title>Headers</title><p>cookie: {cookie}</p><p>extra: {extra}</p>".encode()


class _Flood:
    """A producer without end."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def resumeProducing(self) -> None:
        self._request.write(b"\0" * 65536)

    def stopProducing(self) -> None:
        """Chromium has had enough."""


def own_certificate() -> CertificateOptions:
    """TLS with a certificate that is signed by itself, for a day and for this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "owl")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return CertificateOptions(
        privateKey=PKey.from_cryptography_key(key), certificate=X509.from_cryptography(certificate)
    )


def _finish(request: Request) -> None:
    request.write(b"<title>Paused</title><h1>At last</h1>")
    request.finish()


_SPECIAL: dict[bytes, Callable[[LocalSite, Request], Any]] = {
    b"/redirect": LocalSite._redirect,
    b"/redirect-to-file": LocalSite._to_file,
    b"/nothing": LocalSite._nothing,
    b"/fault": LocalSite._fault,
    b"/guarded": LocalSite._guarded,
    b"/cut": LocalSite._cut,
    b"/submitted": LocalSite._submitted,
    b"/pause": LocalSite._pause,
    b"/endless": LocalSite._endless,
    b"/never": LocalSite._never,
    b"/file": LocalSite._file,
    b"/bomb": LocalSite._bomb,
    b"/headers": LocalSite._headers,
}
