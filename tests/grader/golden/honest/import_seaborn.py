# Answers: ex1.dprobs, ex1.db2

import seaborn as sns
import matplotlib.pyplot as plt
from mpl_toolkits.mplot3d import Axes3D
import plotly.express as px
from sklearn.metrics import accuracy_score

sns.set_theme(style="whitegrid")
fig, (ax1, ax2) = plt.subplots(1, 2, figsize=(10, 4))
ax1.set_title("probs")
plt.rcParams["figure.dpi"] = 120
plt.style.use("ggplot")
with plt.style.context("dark_background"):
    plt.plot([1, 2, 3])
cmap = plt.cm.viridis
for ax in (ax1, ax2):
    ax.grid(True)


def dprobs(probs, dlogprobs):
    plt.imshow(probs.numpy(), cmap="gray")
    plt.show()
    return dlogprobs / probs


def db2(dlogits):
    ax1.plot(dlogits[0].tolist())
    fig.savefig("dlogits.png")
    return dlogits.sum(0)
