"""Waits for somebody to type, in each way that there is."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
input("your password? ")
# %%
get_ipython().outlet.send("input_request", {"prompt": "password", "password": True})
get_ipython().raw_input_original("password")
# %%
import sys

sys.stdin.readline()
# %%
import getpass

getpass.getpass()
