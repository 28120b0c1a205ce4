"""Tests of car.web.pages and car.web.markup: from octets to what a reader sees."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.web.errors import NotText
from car.web.markup import Tag, parts
from car.web.pages import Text, read_html, read_page

PAGE = """<!DOCTYPE html>
<html><head><title> Owls &amp;
 others </title><meta name="x" content="a>b"><style>p { color: red }</style>
<script>if (a < b) document.write("<p>not me</p>");</script></head>
<body class='x>y'><!-- nor <p>me</p> --><h1>Owls</h1>
<p>They <b>hunt</b> at
   night,<br>silently&nbsp;&mdash; 3 &lt; 4, and a < b.
<ul><li>barn owl<li>tawny   owl</ul>
<table><tr><td>wing</td><td>90&#160;cm</td></tr></table>
<pre>def hoot():
    return <i>2</i>

  # twice</pre><svg><text>drawn</text></svg><template>kept</template>
<SCRIPT>x</SCRIPT >end</body></html>"""

TEXT = """Owls
They hunt at night,
silently — 3 < 4, and a < b.
barn owl
tawny owl
wing 90 cm
def hoot():
    return 2
  # twice
end"""

PIECES = (
    *("<p>", "</p>", "<b x='", "a", " ", "'", '"', "<!--", "-->", "<", ">", "/", "&", "&#x;", "="),
    *("<script>", "</script>", "<head>", "<body>", "<svg/>", "<title>", "<pre>", "\n", "!"),
)

TAGS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


class MarkupTests(SynchronousTestCase):
    """parts: tags, texts, and what is neither."""

    def test_tags(self) -> None:
        """Names in lower case, attributes by name, a quoted > ends nothing."""
        first, text, last = parts("<A HREF='x?a=1&amp;b>' class=k id=\"\" id=2 x>t</A\n>")
        assert isinstance(first, Tag) and isinstance(last, Tag)
        self.assertEqual((first.name, last.name), ("a", "/a"))
        self.assertEqual(first.attributes(), {"href": "x?a=1&b>", "class": "k", "id": ""})
        self.assertEqual(text, ("t",))

    def test_not_closed(self) -> None:
        """What is not closed goes on to the end."""
        for html in ("<!-- x", "<p x", '<p x="', "<script>x</scrip>", "<!x", "</", "<?x"):
            seen = [part.text for part in parts(f"a{html}") if not isinstance(part, Tag)]
            self.assertEqual(seen[0], "a", html)

    @given(TAGS)
    def test_any(self, html: str) -> None:
        """Anything is read, and no part is longer than what there was."""
        found = list(parts(html))
        self.assertLessEqual(sum(len(p.source) for p in found if isinstance(p, Tag)), len(html))
        read_html(html)


class PageTests(SynchronousTestCase):
    """read_html and read_page"""

    def test_page(self) -> None:
        """A line for each paragraph; preformatted text as it stands; no scripts or drawings."""
        self.assertEqual(read_html(PAGE), Text("Owls & others", TEXT))

    def test_head(self) -> None:
        """A head that is not closed ends where the body's text begins."""
        self.assertEqual(read_html("<head><title>t</title><p>x"), Text("t", "x"))
        self.assertEqual(read_html("<title></title>x"), Text(None, "x"))
        self.assertEqual(read_html(""), Text(None, ""))

    def test_types(self) -> None:
        """Text of any kind stands for itself; what has no text is refused."""
        for kind in ("text/plain", "application/json", "application/ld+json", "image/svg+xml"):
            self.assertEqual(read_page(kind, b"<b>x</b>"), Text(None, "<b>x</b>"), kind)
        for kind in ("text/html", "Application/XHTML+xml; charset=utf-8", ""):
            self.assertEqual(read_page(kind, b"<html><p>x"), Text(None, "x"), kind)
        self.assertEqual(read_page("", b"x < y"), Text(None, "x < y"))
        for kind in ("image/png", "application/pdf", "application/octet-stream", "audio/mpeg"):
            told = self.assertRaises(NotText, read_page, kind, b"x")
            self.assertIn(kind, str(told))
        self.assertRaises(NotText, read_page, "", b"GIF\0")

    def test_charsets(self) -> None:
        """The header's charset, else the page's own; UTF-8 for none and for odd ones."""
        for header, octets in (
            ("; charset=utf-8", "é".encode()),
            ("", "é".encode()),
            ("; charset=ISO-8859-1", b"\xe9"),
            ('; charset="windows-1252"', b"\xe9"),
            ("", b'<meta charset="latin-1">\xe9'),
            ("", b"<META http-equiv=x content='text/html; charset=koi8-r'>\xa3"),
            ("", b"\xef\xbb\xbf\xc3\xa9"),
            ("", "\ufeffé".encode("utf-16-le")),
            ("; charset=punycode", "é".encode()),
            ("; charset=no-such-thing", "é".encode()),
        ):
            text = read_page(f"text/html{header}", octets).text.removeprefix("\ufeff")
            self.assertIn(text, ("é", "ё"), (header, octets))
        self.assertEqual(read_page("text/plain", b"\xff!").text, "\ufffd!")
        self.assertEqual(read_page("text/plain", "\ufeffx".encode()).text, "x")

    def test_malice(self) -> None:
        """A megabyte of anything is read without reading on and on."""
        for piece in ("<!--", "<a ", '<a x="', "</", "<![CDATA[", "<title>", "<a x='\"", '="<'):
            html = piece * (2**20 // len(piece))
            self.assertLess(len(read_html(html).text), len(html) + 1, piece)
