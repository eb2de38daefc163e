"""Markup that means harm: two hundred ways into a page, each with a mark of its own.

What would run calls `x<n>()`, which no page defines: in a browser that is an exception. Families as
in the common cheat sheets: tags and their events, ways out of attributes and of raw text,
disguised addresses, foreign content whose parser differs, templates, controls in odd places.
"""

from sqlalchemy.orm import Session

from ops import guidelines, talk
from ops.applicants import notes, posting
from ops.models import OntologyVersion
from quality import gold
from tests import applying
from tests.factories import Make
from tests.finished import Finished, finished

_TAGS = ("img src=x", "svg", "video src=x", "audio src=x", "body", "input autofocus",
         "details open", "marquee", "iframe src=x", "object data=x")  # fmt: skip
_EVENTS = ("onerror", "onload", "onfocus", "ontoggle", "onpointerenter", "onanimationstart",
           "onbeforetoggle", "OnClick")  # fmt: skip

_OUT_OF = (
    '"><svg onload=x{n}()>',
    "'><iframe srcdoc=x{n}>",
    "</textarea><script>x{n}()</script>",
    "</title><script>x{n}()</script>",
    "</script><script>x{n}()</script>",
    "</style><script>x{n}()</script>",
    "</noscript><script>x{n}()</script>",
    "</select><script>x{n}()</script>",
    "</template><script>x{n}()</script>",
    "</option><img src=x onerror=x{n}()>",
    "</td></tr></table><script>x{n}()</script>",
    "</svg><script>x{n}()</script>",
    "--><script>x{n}()</script>",
    "--!><script>x{n}()</script>",
    "]]><script>x{n}()</script>",
    "<!--<img src=x{n}>-->",
    "<![CDATA[<script>x{n}()</script>]]>",
    "<!--[if IE]><script>x{n}()</script><![endif]-->",
    '" autofocus onfocus=x{n}() x="',
    "' onmouseover=x{n}() x='",
    "` onmouseover=x{n}() x=`<b>",
    '" style="animation:x" onanimationstart="x{n}()',
    '\\"><script>x{n}()</script>',
    "%22%3E<script>x{n}()</script>",
    "&quot;><script>x{n}()</script>",
    "&lt;<script>x{n}()</script>",
    '"]);x{n}();//<b>',
    "'});x{n}();//<b>",
    "${x{n}()}<b>",
    "`;x{n}();//<b>",
)
_SCRIPTS = (
    "<script>x{n}()</script>",
    "<ScRiPt>x{n}()</ScRiPt>",
    "<script/src=data:,x{n}()></script>",
    "<script src=//x{n}></script>",
    "<script type=module>x{n}()</script>",
    "<script\t>x{n}()</script\t>",
    "<script\n>x{n}()</script\n>",
    "<script\x0c>x{n}()</script>",
    "<scr<script>ipt>x{n}()</scr</script>ipt>",
    "<<script>x{n}()//<</script>",
    "<svg><script>x{n}()</script></svg>",
    "<svg><script href=data:,x{n}()></script></svg>",
    "<math><script>x{n}()</script></math>",
    "<x{n}>",
    "<script>x{n}()",
    "<img src=x onerror=x{n}()//",
)
_SCHEMES = (
    "javascript:x{n}()", "JaVaScRiPt:x{n}()", "java\tscript:x{n}()", "java\nscript:x{n}()",
    "\x01javascript:x{n}()", " javascript:x{n}()", "&#106;avascript:x{n}()",
    "javascript&colon;x{n}()", "javascript&#x3a;x{n}()", "vbscript:x{n}()",
    "data:text/html,<script>x{n}()</script>", "//x{n}",
)  # fmt: skip
_HOLDERS = ('<a href="{}">a</a>', '<iframe src="{}">', '<form action="{}"><button>',
            '<button formaction="{}">b</button>')  # fmt: skip
_OTHERS = (
    "<math><mi xlink:href=x{n}></math>",
    "<math><mtext><table><mglyph><style><img src=x onerror=x{n}()>",
    "<svg><style><img src=x onerror=x{n}()></style></svg>",
    "<svg><animate onbegin=x{n}() attributeName=x>",
    "<svg><set attributeName=href to=javascript:x{n}()>",
    "<svg><use href=data:image/svg+xml,x{n}>",
    "<svg><foreignObject><img src=x onerror=x{n}()></foreignObject></svg>",
    "<style>x{n}{}</style>",
    "<style>@import '//x{n}'</style>",
    "<b style=background:url(//x{n})>",
    "<b style=width:expression(x{n}())>",
    "<base href=//x{n}>",
    "<meta http-equiv=refresh content=x{n}>",
    "<meta http-equiv=Content-Security-Policy content=x{n}>",
    "<object data=x{n}>",
    "<embed src=x{n}>",
    "<applet code=x{n}>",
    "<link rel=stylesheet href=x{n}>",
    "<link rel=prefetch href=//x{n}>",
    "<template>x{n}</template>",
    "<template shadowrootmode=open><script>x{n}()</script></template>",
    "<video><source onerror=x{n}()></video>",
    "<video poster=javascript:x{n}()>",
    "<picture><source srcset=x{n}><img onerror=x{n}()></picture>",
    "<img srcset=//x{n}>",
    "<img name=x{n}><form name=x{n}>",
    "<form id=x{n}><input name=parentNode>",
    "<a id=x{n}><a id=x{n} name=y>",
    "<div hx-get=//x{n} hx-trigger=load>",
    "<div data-hx-get=//x{n} data-hx-trigger=load>",
    "<div hx-on::load=x{n}()>",
    "<div hx-vals=js:x{n}()>",
    "<input formaction=javascript:x{n}()>",
    "<input type=image src=x onerror=x{n}()>",
    "<isindex action=javascript:x{n}()>",
    "<portal src=x{n}>",
    "<noscript><p title='</noscript><img src=x onerror=x{n}()>'>",
    "<xmp><p title='</xmp><img src=x onerror=x{n}()>'>",
    "<plaintext>x{n}",
    "<dialog open><script>x{n}()</script></dialog>",
    "<button popovertarget=p>b</button><p popover id=p onbeforetoggle=x{n}()>",
    "<slot onslotchange=x{n}()>",
    "{{ x{n} }}<b>",
    "{% x{n} %}<b>",
    "{{ ''.__class__ }}x{n}<b>",
    "[x{n}](javascript:x{n}())<b>",
    "![x{n}](javascript:x{n}())<b>",
    "<\u200bscript>x{n}()</script>",
    "\ufeff<script>x{n}()</script>",
    "\u202e<script>x{n}()</script>",
)

_FORMS = (
    *_SCRIPTS, *_OUT_OF, *_OTHERS,
    *(f"<{tag} {event}=x{{n}}()>" for tag in _TAGS for event in _EVENTS),
    *(holder.replace("{}", scheme) for holder in _HOLDERS for scheme in _SCHEMES),
)  # fmt: skip
HOSTILE = [text.replace("{n}", str(n)) for n, text in enumerate(_FORMS)]
ALL = " ".join(HOSTILE)


def raw(page: str) -> list[str]:
    """The payloads that come out as they went in. An apostrophe alone is harmless: no template
    puts an attribute between two, and in a text it is a text."""
    return [text for text in HOSTILE if text in page and set(text) & set('<"')]


def infest(make: Make, session: Session) -> Finished:
    """A project, all but delivered, with ALL in every text that somebody else typed."""
    done = finished(make, session, classes=["a", "b", "c"], name=ALL, purpose=ALL)
    done.batch.name = f"batch {ALL}"
    for asset in done.assets:
        asset.text, asset.external_id, asset.meta = ALL, f"{asset.id} {ALL}", {ALL: ALL}
    done.lead.name = f"Lead {ALL}"
    for labeller in done.labellers:
        labeller.name = f"Labeller {ALL}"
    listed = [
        {"key": k, "name": f"{k} {ALL}", "colour": "#4363d8", "hotkey": k, "description": ALL}
        for k in "abc"
    ]
    at = done.project.created_at
    session.add(
        OntologyVersion(project_id=done.project.id, version=2, classes=listed, created_at=at)
    )
    guidelines.publish(session, done.project, f"# {ALL}\n\n[x](javascript:alert(1)) {ALL}", None)
    extra = make.assets(done.batch, 1)[0]
    one = gold.make(session, done.project, extra, [{"class": "a"}], done.lead)
    gold.retire(session, done.project, one, done.lead, reason=ALL)
    _ask(session, done)
    _apply(session, done)
    session.commit()
    return done


def _apply(session: Session, done: Finished) -> None:
    opening = applying.opened(session, done.lead)
    opening.title, opening.markdown, opening.consent = ALL, f"# {ALL}", ALL
    one = applying.applied(session, opening)
    one.name = one.country = one.about = ALL
    one.languages = [ALL]
    notes.add(session, one, " ".join(HOSTILE[:40]), by=done.lead)
    posting.write(session, one, " ".join(HOSTILE[:40]), ALL, key="hostile", by=done.lead)


def _ask(session: Session, done: Finished) -> None:
    # A contribution holds so much and no more.
    parts = [" ".join(HOSTILE[n::3]) for n in range(3)]
    asking = done.labellers[0]
    issue = talk.open_issue(
        session, done.project, asking, {"at": "asset"}, parts[0], key="hostile0",
        asset=done.assets[0],
    )  # fmt: skip
    for n, part in enumerate(parts[1:], 1):
        talk.comment(session, issue, asking, part, key=f"hostile{n}")
