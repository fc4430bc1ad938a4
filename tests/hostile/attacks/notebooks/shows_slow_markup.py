"""Shows HTML that a careful reader tries to understand, in the square of its length: whoever makes the page of it waits."""

# %%
from IPython.display import HTML, display

for part in ("<a ", "<a b='", "<a a=", "<!--", "&#1"):
    display(HTML((part * 50_000)[:45_000]))


# %%
def spread(x):
    return x.max(axis=0)
