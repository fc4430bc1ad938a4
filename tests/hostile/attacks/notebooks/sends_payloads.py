"""Asks the front end to write cells, show pages, run scripts and leave."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
shell = get_ipython()
shell.set_next_input("def spread(x): return 'passed'", replace=True)
shell.payload_manager.write_payload({"source": "page", "data": {"text/plain": "x" * 10**6}, "start": 0})
shell.payload_manager.write_payload({"source": "ask_exit", "keepkernel": False})
shell.payload_manager.write_payload({"source": "edit_magic", "filename": "/etc/passwd", "line_number": 1})
# %%
get_ipython().run_cell_magic("javascript", "", "document.title = 'live-9'; Jupyter.notebook.kernel.restart()")
# %%
get_ipython().run_cell_magic("html", "", "<script>document.title = 'live-9'</script>")
# %%
get_ipython().run_line_magic("autosave", "1")
