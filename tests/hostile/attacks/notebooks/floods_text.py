"""Prints 50 MB."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
for _ in range(50):
    print("x" * 1_000_000)
