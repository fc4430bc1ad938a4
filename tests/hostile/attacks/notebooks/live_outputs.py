"""Puts script, links, markup, templates and control characters into every kind of output."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
from IPython.display import HTML, SVG, Javascript, Markdown, Latex, display

display(
    HTML(
        "<script>alert('live-1')</script><img src=x onerror=alert('live-2')><iframe src=javascript:alert(1)></iframe>"
    )
)
display(
    HTML(
        "<a href=\"javascript:alert('live-3')\">marks</a><meta http-equiv=refresh content='0;url=http://192.0.2.1/'>"
    )
)
display(Javascript("alert('live-4')"))
display(
    SVG(
        "<svg xmlns='http://www.w3.org/2000/svg' onload=\"alert('live-5')\"><script>alert('live-6')</script></svg>"
    )
)
display(Markdown("[marks](javascript:alert('live-7')) <script>alert('live-8')</script>"))
display(Latex("$\\href{javascript:alert('live-9')}{x}$"))
display(
    {
        "text/html": "<script>live-10</script>",
        "application/vnd.evil+json": "{}",
        "text/plain": "</pre><script>live-11</script>",
    },
    raw=True,
)
display({"image/png": '"><script>live-12</script>', "image/svg+xml": "<svg onload=live-13>"}, raw=True)
print("{{ 7 * 7 }} {% for x in y %} ${7*7} <%= 7*7 %> #{7*7}")
print(
    "\x1b[2J\x1b]0;title\x07\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07 \u202egnp.exe\u202c \u2066hidden\u2069 \x00 \r overwritten"
)
print('=HYPERLINK("http://192.0.2.1";"marks")')
# %%
raise type("<script>live-14</script>", (Exception,), {})("</pre><script>alert('live-15')</script>{{ 7 * 7 }}")
