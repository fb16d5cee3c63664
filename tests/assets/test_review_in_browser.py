"""The review page in a real browser: what a hostile page can do there (nothing), keys, corrections, a phone."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from running import failures, run

from assets.cli import main

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (the dev extra)")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")

SAMPLES = Path(__file__).parents[2] / "seeds"
BIDI = "\u202e\u2067"
ATTACK = f"""Council finds letters with strange marks in them

By Tilda <img src="https://evil.example/pixel.gif" onerror="window.pwned = 2">

March 4, 2024

The council said <script>window.pwned = 1; alert('script')</script></bdi></del></li> on Tuesday that it had agreed.

The mayor read <script src="https://evil.example/x.js"></script> from the letter and said that nobody had known it.

It said <svg onload="window.pwned = 3"><script>window.pwned = 4</script></svg> on the second page of the long letter.

And </style><style>@import url(https://evil.example/x.css); body {{ display: none }}</style> was what came below that.

There <a href="javascript:window.pwned = 5" autofocus onfocus="window.pwned = 6">A link</a> stood under it on Friday.

With javascript:alert(7) and https://evil.example/link the members found more in their letters on Wednesday morning.

{BIDI}The harbour master turned everything around and never turned it back again, as people of the village said.

Then <meta http-equiv="refresh" content="0;url=https://evil.example/"><base href="https://evil.example/"> ended it.

An <iframe srcdoc="<script>parent.pwned = 8</script>"></iframe> --> ]]> {{{{ 7 * 7 }}}} &lt;b&gt; was all that was left.
"""
NAME = "\"><img src=x onerror=alert(9)><!-- ' .txt"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("browser")
    seeds = root / "seeds"
    (seeds / "drop").mkdir(parents=True)
    (seeds / "drop" / NAME).write_text(ATTACK, encoding="utf-8")
    for name in ("lantern-0304.txt", "asharq-0314.txt", "kurier-0314.txt", "cookie-wall.txt"):
        shutil.copy(SAMPLES / "2024-spring" / name, seeds / name)
    quoted = NAME.replace('"', '""')
    (seeds / "drop/manifest.csv").write_text(
        f'file,url,outlet\n"{quoted}",javascript:alert(10),"<b onclick=alert(11)>{BIDI}"\n', encoding="utf-8"
    )
    result = run(seeds, root / "data")
    assert result.success, failures(result)
    return root


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as play:
        started = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Seen:
    """A tab on the page, and all that went on in it."""

    def __init__(self, browser: Any, root: Path, fragment: str = "", **options: Any) -> None:
        self.context = browser.new_context(accept_downloads=True, **options)
        self.tab = self.context.new_page()
        self.requests: list[str] = []
        self.failed: dict[str, str] = {}
        self.said: list[str] = []
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.on("requestfailed", lambda request: self.failed.update({request.url: request.failure}))
        self.tab.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.tab.on("pageerror", lambda error: self.said.append(str(error)))
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.url = (root / "data/review/index.html").resolve().as_uri()
        self.tab.goto(self.url + fragment)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tab, name)

    def until(self, what: str, arg: object = None) -> None:
        """Waits for an expression to be true. Playwright's own waiting is stopped by the page's policy."""
        for _ in range(100):
            if self.tab.evaluate(what, arg):
                return
            self.tab.wait_for_timeout(50)
        raise AssertionError(f"never came true: {what}")

    def id_of(self, name: str) -> str:
        return str(
            self.tab.evaluate(
                "name => [...document.querySelectorAll('.page')]"
                ".find(p => p.querySelector('h1').textContent.includes(name)).id",
                name,
            )
        )


@pytest.fixture
def at(browser: Any, done: Path) -> Iterator[Any]:
    opened: list[Seen] = []

    def open_(fragment: str = "", root: Path = done, **options: Any) -> Seen:
        opened.append(Seen(browser, root, fragment, **options))
        return opened[-1]

    yield open_
    for seen in opened:
        seen.context.close()


def test_a_hostile_page_runs_and_fetches_nothing(at: Any, done: Path) -> None:
    seen = at()
    seen.evaluate("id => { location.hash = id }", seen.id_of("onerror"))
    seen.wait_for_timeout(300)
    seen.mouse.click(5, 5)
    assert seen.requests == [seen.url]
    assert seen.said == []
    assert seen.evaluate("window.pwned") is None
    assert seen.evaluate("document.scripts.length + document.styleSheets.length") == 2
    assert (
        seen.evaluate("document.querySelectorAll('img, iframe, object, embed, base, link, b, [onclick]').length") == 0
    )
    assert seen.evaluate("[...document.querySelectorAll('svg')].every(x => x.classList.contains('bar'))")
    assert seen.evaluate("[...document.links].every(x => x.getAttribute('href').startsWith('#'))")
    printed = seen.evaluate("[...document.querySelectorAll('.page.open .said bdi')].map(x => x.textContent)")
    ledger = pl.read_parquet(done / "data/lines.parquet").filter(page=f"drop/{NAME}")
    assert printed == ledger.filter(pl.col("role") != "blank")["text"].to_list()
    assert len(printed) >= 12


def test_what_got_past_the_escaping_would_still_be_stopped(at: Any) -> None:
    seen = at()
    violated = seen.evaluate(
        """async () => {
            const seen = [];
            addEventListener('securitypolicyviolation', (e) => seen.push(e.effectiveDirective));
            document.body.insertAdjacentHTML('beforeend',
                '<img src="https://evil.example/x.gif" onerror="window.pwned = 1"><p style="color: red"></p>');
            const script = document.createElement('script');
            script.textContent = 'window.pwned = 2';
            document.body.append(script);
            const style = document.createElement('style');
            style.textContent = '@import url(https://evil.example/x.css)';
            document.head.append(style);
            await fetch('https://evil.example/').catch(() => 0);
            await new Promise((done) => setTimeout(done, 300));
            return [...new Set(seen)].sort();
        }"""
    )
    expected = {"connect-src", "img-src", "script-src-elem", "style-src-attr", "style-src-elem"}
    assert expected <= set(violated)
    assert seen.evaluate("window.pwned") is None
    assert {url: why for url, why in seen.failed.items() if why != "csp"} == {}
    assert set(seen.requests) - set(seen.failed) == {seen.url}


def test_text_that_turns_directions_turns_only_itself(at: Any) -> None:
    seen = at()
    seen.evaluate("id => { location.hash = id }", seen.id_of("onerror"))
    kinds = seen.evaluate(
        "[...new Set([...document.querySelectorAll('bdi')].map(x => getComputedStyle(x).unicodeBidi))]"
    )
    assert kinds == ["isolate"]
    left_to_right = """() => [...document.querySelectorAll('.page.open .why, .page.open .kicker .muted')].every((x) => {
        const at = (n) => {
            const r = document.createRange();
            r.setStart(x.firstChild, n);
            r.setEnd(x.firstChild, n + 1);
            return r.getBoundingClientRect();
        };
        const length = Math.min(8, x.firstChild.data.length - 1);
        return at(0).left < at(length).left; })"""
    assert seen.evaluate(left_to_right)


def test_going_about_by_keys_and_links(at: Any) -> None:
    seen = at()
    assert seen.evaluate("document.querySelectorAll('.view.open').length") == 1
    assert seen.title() == "The corpus at a glance – Broadsheet review"
    first = seen.evaluate("document.querySelector('.pages a').getAttribute('href')")
    seen.click(".pages a >> nth=0")
    assert seen.evaluate("location.hash") == first
    seen.until("document.querySelector('.view.open').id !== 'start'")
    seen.keyboard.press("n")
    seen.until("first => document.querySelector('.view.open').id !== first", first[1:])
    assert seen.evaluate("location.hash") not in ("", first, "#start")
    assert seen.evaluate("document.activeElement.localName") == "h1", "a screen reader hears which page it is"
    seen.keyboard.press("p")
    seen.until("first => document.querySelector('.view.open').id === first", first[1:])
    seen.keyboard.press("j")
    seen.keyboard.press("j")
    seen.keyboard.press("k")
    line = seen.evaluate("document.activeElement.id")
    assert line == seen.evaluate("document.querySelector('.page.open .l:not(.blank)').id")
    seen.keyboard.press("Enter")
    assert seen.evaluate("document.getElementById('roles').open")
    seen.keyboard.press("Escape")
    assert seen.evaluate("document.activeElement.id") == line
    seen.keyboard.press("g")
    seen.until("document.querySelector('.view.open').id === 'start'")
    deep = at("#" + line)
    deep.until("line => document.activeElement.id === line", line)


def test_the_filter_finds_lines_and_pages(at: Any, done: Path) -> None:
    seen = at()
    seen.keyboard.press("/")
    seen.select_option("[name=role]", "caption")
    rows = pl.read_parquet(done / "data/lines.parquet").filter(role="caption")
    assert seen.text_content("#found") == f"{rows.height} lines on {rows['page'].n_unique()} pages"
    shown = seen.evaluate("[...document.querySelectorAll('tr[data-page]:not(.off)')].length")
    assert shown == rows["page"].n_unique()
    seen.click("text=Next match")
    seen.until("document.activeElement.classList.contains('caption')")
    seen.select_option("[name=role]", "")
    seen.select_option("[name=reason]", "page/teaser-block")
    seen.select_option("[name=fate]", "drop")
    teasers = pl.read_parquet(done / "data/lines.parquet").filter(reason="page/teaser-block").height
    assert seen.text_content("#found").startswith(f"{teasers} lines on ")
    seen.click("text=Clear")
    seen.until("document.getElementById('found').textContent === 'No filter'")
    seen.evaluate("location.hash = 'start'")
    seen.click("[data-reason='page/teaser-block']")
    seen.until("document.querySelector('.view.open').matches('.page')")
    seen.until("document.activeElement.dataset.why === 'page/teaser-block'")
    assert seen.text_content("#found").startswith(f"{teasers} lines on ")
    seen.click("text=Clear")
    seen.until("document.getElementById('found').textContent === 'No filter'")
    seen.fill("[name=sure]", "0.5")
    low = pl.read_parquet(done / "data/lines.parquet").filter(
        (pl.col("score").round(2) <= 0.5) & (pl.col("role") != "blank")
    )
    assert seen.text_content("#found").startswith(f"{low.height} line")


def test_from_a_click_to_the_next_run(at: Any, done: Path, tmp_path: Path) -> None:
    root = shutil.copytree(done, tmp_path / "copy", symlinks=True)
    seen = at(root=root)
    page = seen.id_of("lantern")
    seen.goto(f"{seen.url}#{page}")
    body = seen.locator(".page.open .l.body").nth(1)
    number = body.get_attribute("id").split("-")[1]
    body.hover()
    body.locator(".quick").click()
    seen.locator(f"#{page}-{number}.boilerplate.drop.edited").wait_for()
    seen.locator(".page.open .l.timestamp .role").click()
    seen.click("#roles [data-role=byline]")
    seen.locator(".page.open .l.boilerplate").first.focus()
    seen.keyboard.press("c")
    assert seen.text_content("#tray output") == "3 corrections"
    seen.keyboard.press("z")
    assert seen.text_content("#tray output") == "2 corrections"
    seen.reload()
    assert seen.text_content("#tray output") == "2 corrections", "kept until the next visit"
    with seen.expect_download() as download:
        seen.click("#tray .primary")
    assert download.value.suggested_filename == "corrections.csv"
    given = tmp_path / "corrections.csv"
    download.value.save_as(given)
    assert main(["correct", "--seeds", str(root / "seeds"), "--csv", str(given)]) == 0
    assert run(root / "seeds", root / "data").success
    ledger = pl.read_parquet(root / "data/lines.parquet").filter(reason="correction")
    assert sorted(ledger["role"]) == ["boilerplate", "byline"]
    assert pl.read_parquet(root / "data/corrections.parquet")["n_parts"].to_list() == [1, 1]
    seen.reload()
    assert seen.evaluate("document.getElementById('tray').hidden"), "what the corpus says by now is no correction"


def test_a_sample_is_judged(at: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = at("#audit")
    lines = seen.locator(".q:has([data-answer=ask])")
    lines.nth(0).locator("[data-answer=right]").click()
    lines.nth(1).locator("[data-answer=ask]").click()
    was = lines.nth(1).get_attribute("data-said")
    role = "body" if was == "boilerplate" else "boilerplate"
    seen.click(f"#roles [data-role={role}]")
    articles = seen.locator(".q:has([data-answer=wrong])")
    articles.nth(0).locator("[data-answer=wrong]").click()
    articles.nth(1).locator("[data-answer=wrong]").click()
    articles.nth(1).locator("[data-answer=right]").click()
    seen.reload()
    assert seen.text_content("#judged").startswith("4 of ")
    assert seen.evaluate("document.getElementById('tray').hidden"), "an answer is no correction"
    with seen.expect_download() as download:
        seen.click("text=Download audit.csv")
    given = tmp_path / "audit.csv"
    download.value.save_as(given)
    assert main(["audit", "--data", str(tmp_path / "none"), "--csv", str(given)]) == 0
    said = capsys.readouterr().out
    assert "lines with another role" in said and "1 of 2)" in said
    assert "articles that are not right" in said.splitlines()[-1] and "1 of 2)" in said.splitlines()[-1]


def test_a_store_that_others_wrote_to_does_no_harm(at: Any) -> None:
    seen = at()
    seen.evaluate('localStorage.setItem(\'broadsheet-corrections\', \'{"<img src=x>": "body", "x\\\\n=1": "<b>"}\')')
    seen.reload()
    assert seen.evaluate("document.getElementById('tray').hidden")
    seen.evaluate("localStorage.setItem('broadsheet-corrections', 'no json')")
    seen.reload()
    assert seen.said == []


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen(at: Any, width: int, scheme: str) -> None:
    seen = at(viewport={"width": width, "height": 844}, color_scheme=scheme)
    ids = seen.evaluate("[...document.querySelectorAll('.view')].map(x => x.id)")
    seen.click("[data-do=find]")
    for view in ids:
        seen.evaluate("id => { location.hash = id }", view)
        seen.until("id => document.querySelector('.view.open').id === id", view)
        assert seen.evaluate("document.documentElement.scrollWidth") <= width, view
    dark = seen.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark == ("rgb(19, 20, 22)" if scheme == "dark" else "rgb(246, 245, 241)")


def test_everything_has_a_name_for_those_who_hear_it(at: Any) -> None:
    seen = at()
    seen.click("text=Judge a random sample")
    seen.until("document.querySelector('.view.open').id === 'audit'")
    assert seen.evaluate("[...document.querySelectorAll('button')].every(x => x.textContent.trim())")
    assert seen.evaluate("[...document.querySelectorAll('input, select')].every(x => x.labels.length === 1)")
    assert seen.evaluate(
        "[...document.querySelectorAll('dialog, section.view, nav, aside')]"
        ".every(x => x.ariaLabel || document.getElementById(x.getAttribute('aria-labelledby')))"
    )
    assert seen.evaluate("document.querySelectorAll('.view.open h1').length") == 1


def test_without_scripts_everything_can_be_read(at: Any) -> None:
    seen = at(java_script_enabled=False)
    assert seen.locator("text=Why lines are dropped").is_visible()
    assert seen.locator(".page").count() == 5
    assert seen.locator(".page .published").first.is_visible()
    assert not seen.locator("[data-do=find]").is_visible()
