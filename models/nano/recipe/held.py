"""Checks that the names and values of the evaluation's unseen tools are not in the training dialogues.

usage: held.py SEED STEPS   (of the run: train.py takes 480 rows of dialogues at a time)
"""
import random
import sys

import gen

seed, steps = int(sys.argv[1]), int(sys.argv[2])
trained, tested = set(), set()
plain = gen.Tool.call


def watch(seen, tool, args):
    fixed = set(gen.CITIES + gen.NAMES + gen.WORDS["en"])
    seen.add(("name", tool.name))
    seen.update(("argument", k) for k in args if k not in gen.ARGS and k not in ("unit", "format", "lang", "mode"))
    seen.update(("value", v) for k, v in args.items() if isinstance(v, str) and v.isalpha() and v not in fixed and len(v) > 2 and v[0].isupper())


def call(tool, *a, **k):
    user, think, args = plain(tool, *a, **k)
    watch(trained, tool, args)
    return user, think, args


gen.Tool.call = call
for step in range(0, steps, 40):
    r = random.Random(seed * 100003 + step)
    for _ in range(320):
        gen.scene(r)
gen.Tool.call = plain
r = random.Random(20261124)
for k in range(4000):
    tool = gen.Tool(r, True, invented=k % 2 == 0)
    watch(tested, tool, tool.call(r, "en", "en", "medium")[2])
print("names, arguments and values: trained", len(trained), "evaluated", len(tested), "in both", sorted(trained & tested))
assert not trained & tested
