"""Writes the weighted mean of training states of one run. usage: soup.py OUT.pt STATE.pt:WEIGHT ..."""
import sys

import torch

out, parts = sys.argv[1], [a.rsplit(":", 1) for a in sys.argv[2:]]
state = torch.load(parts[-1][0])
total = {n: 0 for n in state["model"]}
for path, weight in parts:
    for n, w in torch.load(path)["model"].items():
        total[n] = total[n] + float(weight) * w
torch.save({**state, "model": total}, out)
