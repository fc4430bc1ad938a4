"""Calls magics that start programs, load code, change the machinery or wait for windows."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
get_ipython().run_line_magic("gui", "qt")
# %%
get_ipython().run_line_magic("matplotlib", "notebook")
# %%
get_ipython().run_cell_magic("script", "python3", "import time; print('in a script')")
# %%
get_ipython().run_cell_magic("writefile", "/tmp/numpy.py", "raise SystemExit")
# %%
for magic, line in (
    ("load_ext", "autoreload"),
    ("autoreload", "2"),
    ("logstart", "-o /tmp/log"),
    ("xmode", "Verbose"),
    ("pdb", "on"),
):
    get_ipython().run_line_magic(magic, line)
# %%
get_ipython().run_line_magic("reset", "-f")
1 / 0
# %%
get_ipython().run_line_magic("cd", "/tmp")


# %%
def spread(x):
    return x.max(axis=0)
