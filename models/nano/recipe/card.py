"""Writes the accuracy table of README.md from eval.json. usage: card.py README.md eval.json"""
import json
import sys

readme, ev = sys.argv[1:3]
e = json.load(open(ev))
rows = ["| task | English | French | all | n | 95 % interval |", "|---|---|---|---|---|---|"]
pc = lambda x: f"{100 * x['accuracy']:.1f} %" if x else "–"
for task, v in e["tasks"].items():
    a = v["all"]
    rows.append(f"| {task} | {pc(v.get('en'))} | {pc(v.get('fr'))} | {pc(a)} | {a['n']} | {100 * max(0, a['ci95'][0]):.1f}–{100 * a['ci95'][1]:.1f} % |")
rows += ["", "| effort | mean length of the analysis, tokens | accuracy on the same questions | n |", "|---|---|---|---|"]
rows += [f"| {k} | {v['mean analysis tokens']} | {100 * v['accuracy']:.1f} % | {v['n']} |" for k, v in e["effort"].items()]
rows += ["", "The four questions of the demonstration, each with many dates and without one:", "", "| question | right | of |", "|---|---|---|"]
rows += [f"| {q} | {v['right']} | {v['n']} |" for q, v in e["demo"].items()]
t = open(readme, encoding="utf-8").read()
a, b = t.index("<!-- table -->"), t.index("<!-- end -->")
open(readme, "w", encoding="utf-8").write(t[:a] + "<!-- table -->\n" + "\n".join(rows) + "\n" + t[b:])
