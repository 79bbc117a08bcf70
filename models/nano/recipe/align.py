"""Adds a multiple of the embedding to the unembedding of a training state, so that a token
that is looked at is also likely to be said. Used once, at step 1,854. usage: align.py IN.pt OUT.pt"""
import sys

import torch

state = torch.load(sys.argv[1])
embed, unembed = state["model"]["model.embed_tokens.weight"], state["model"]["lm_head.weight"]
unembed.add_(embed * (0.1 / embed.std()))
torch.save(state, sys.argv[2])
