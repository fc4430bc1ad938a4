"""Displays what claims to be of a hundred types, with names that are no text, and bundles that hold themselves."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
from IPython.display import display, publish_display_data

TYPES = (
    "application/vnd.jupyter.widget-view+json",
    "application/javascript",
    "text/html; charset=utf-7",
    "image/svg+xml",
    "application/x-evil;base64",
    "TEXT/HTML",
    "text/html\n",
    "image/png",
    "image/jpeg",
    "image/gif",
    "application/pdf",
    "application/vnd.plotly.v1+json",
    "application/json",
    "text/latex",
    "text/markdown",
    "../../etc/passwd",
    "\ud800",
    "",
)
for kind in TYPES:
    publish_display_data(
        {
            kind: "<script>alert('claimed')</script>",
            f"{kind}x": "data:text/html,<script>alert('claimed')</script>",
        }
    )
for kind in TYPES:
    publish_display_data(
        {kind: {"src": "javascript:alert('claimed')", "nested": [[[["claimed"]]]]}},
        metadata={kind: {"isolated": True}},
    )
publish_display_data({f"text/x-{number}": "x" for number in range(10_000)})


# %%
class Bundle:
    def _repr_mimebundle_(self, **kwargs):
        made = {}
        made["text/plain"] = made
        return made

    def _repr_html_(self):
        return "<base href='http://192.0.2.1/'><meta http-equiv=refresh content='0;url=http://192.0.2.1/'><style>*{display:none}</style>"

    def __repr__(self):
        return "\x1b]8;;http://192.0.2.1\x07claimed\x1b[8m"


display(Bundle())
Bundle()
