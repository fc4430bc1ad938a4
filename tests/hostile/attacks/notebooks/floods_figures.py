"""Shows 10,000 figures."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
from IPython.display import HTML, display
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(1, 1))
axes.plot([1, 2])
display(figure)
for number in range(10_000):
    display(HTML(f"<b>{number}</b>"))
