"""A figure of a thousand million pixels, and one of a hundred thousand axes."""

# %%
import matplotlib.pyplot as plt

plt.figure(figsize=(30_000, 30_000))
plt.plot([1, 2])
plt.show()

# %%
plt.subplots(300, 300)
plt.show()


# %%
def spread(x):
    return x.max(axis=0)
