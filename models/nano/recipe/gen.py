"""Writes the training dialogues of Ossian nano: synthetic, English and French, deterministic by seed.

A scene is a system message, an optional developer message, and several independent
dialogues ("branches") that follow it. Only generated assistant text is trained on.
Text between U+E000 and U+E001 is encoded one character per token (spelled words). Text between U+E002 and U+E003 is
encoded as it would be after a space, without that space: a word that is copied from running text keeps its tokens.
"""
import datetime
import hashlib
import json
import os
import random
import re
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
IDENTITY = "You are ChatGPT, a large language model trained by OpenAI."
EFFORTS = ("low", "medium", "high")


def table(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return [l.rstrip("\n").split("|") for l in f if l.strip() and not l.startswith("#")]


def held(kind, key, share=0.2):
    """Membership in the held-out part, by hash."""
    h = hashlib.sha256(f"{kind}:{key}".encode()).digest()
    return h[0] / 256 < share


def spell(word):
    return "\ue000" + word + "\ue001"


def copied(text):
    return "\ue002" + str(text) + "\ue003"


def clean(text):
    return re.sub("[\ue000-\ue003]", "", text)


def arguments(args, sep=(",", ":")):
    """JSON of the arguments of a call, its strings marked as copied"""
    return json.dumps({k: copied(v) if isinstance(v, str) else v for k, v in args.items()}, ensure_ascii=False, separators=sep)


class Country:
    def __init__(self, row):
        self.en, self.fr, self.cap, capfr, self.cur, self.curfr, self.lang, self.langfr, self.cont = row
        self.capfr = capfr or self.cap
        n = self.fr
        if n.startswith("le "):
            self.de, self.en_fr = "du " + n[3:], "au " + n[3:]
        elif n.startswith("les "):
            self.de, self.en_fr = "des " + n[4:], "aux " + n[4:]
        elif n.startswith("la ") or n.startswith("l'"):
            self.de, self.en_fr = "de " + n, "en " + re.sub(r"^(la |l')", "", n)
        else:
            self.de, self.en_fr = ("d'" if n[0] in "AEIOUÉO" else "de ") + n, "à " + n
        self.bare = re.sub(r"^(les |le |la |l')", "", n)
        self.the = "the " + self.en if self.en in ("Netherlands", "United Kingdom", "Philippines", "United States", "United Arab Emirates") else self.en


COUNTRIES = [Country(r) for r in table("countries.txt")]
# training time is short: every second word of the list is learnt
DEF_EN = table("words_en.txt")[::2]
DEF_FR = table("words_fr.txt")
WORDS = {"en": [w for w, _ in table("words_en.txt")], "fr": [w for w, _ in DEF_FR]}
CONT_FR = {"Europe": "Europe", "Asia": "Asie", "Africa": "Afrique", "North America": "Amérique du Nord",
           "South America": "Amérique du Sud", "Oceania": "Océanie"}
SHARED_CAP = {}
for _c in COUNTRIES:
    SHARED_CAP.setdefault(_c.cap, []).append(_c)

UNIQUE_CUR = {c.cur: c for c in COUNTRIES if sum(d.cur == c.cur for d in COUNTRIES) == 1}


class Turn:
    """One exchange. final: full answer, short: bare answer, data: JSON object for structured answers."""

    def __init__(self, user, think, final, short=None, data=None, task="", key=None):
        self.user, self.think, self.final, self.short, self.data = user, think, final, short, data
        self.task, self.key = task, key if key is not None else short


def strip_accents(s):
    return "".join(c for c in unicodedata.normalize("NFD", s) if not unicodedata.combining(c))


def noise(r, text, lang, amount=1.0):
    """Natural variations of a question: final mark, case, accents, politeness."""
    x = r.random()
    if text.endswith("?"):
        core = text[:-1].rstrip()
        if x < 0.15 * amount:
            text = core
        elif lang == "fr" and x < 0.5:
            text = core + "?"
        elif lang == "fr":
            text = core + " ?"
    elif text.endswith(".") and x < 0.3 * amount:
        text = text[:-1]
    y = r.random()
    if y < 0.08 * amount:
        text = text.lower()
    elif y < 0.16 * amount:
        text = text[0].lower() + text[1:]
    if lang == "fr" and r.random() < 0.12 * amount:
        text = strip_accents(text)
    z = r.random()
    if z < 0.03 * amount:
        text = ("Hello. " if lang == "en" else "Bonjour. ") + text
    elif z < 0.06 * amount:
        text = ("Please: " if lang == "en" else "S'il te plaît : ") + text
    elif z < 0.08 * amount and text[-1] not in "?.":
        text += " please" if lang == "en" else " s'il vous plaît"
    return text


def effort_think(e, low, med, check):
    return low if e == "low" else med if e == "medium" else med + " " + check


# ---------------------------------------------------------------- arithmetic

def add_work(a, b):
    """Digit-wise working for a + b."""
    x, y = str(a)[::-1], str(b)[::-1]
    n, carry, parts = max(len(x), len(y)), 0, []
    for i in range(n):
        p, q = int(x[i]) if i < len(x) else 0, int(y[i]) if i < len(y) else 0
        s = p + q + carry
        t = f"{carry}+{p}+{q}={s}" if carry else f"{p}+{q}={s}"
        if i < n - 1:
            carry = s // 10
            t += f", write {s % 10} carry {carry}" if carry else f", write {s}"
        parts.append(t)
    return "; ".join(parts)


def add_short(a, b):
    return re.sub(r", write \d( carry \d)?", "", add_work(a, b))


def sub_work(a, b):
    """Digit-wise working for a - b, a >= b."""
    x, y = str(a)[::-1], str(b)[::-1]
    n, borrow, parts = len(x), 0, []
    for i in range(n):
        p, q = int(x[i]), int(y[i]) if i < len(y) else 0
        left = f"{p}-{borrow}-{q}" if borrow else f"{p}-{q}"
        d = p - borrow - q
        if d < 0:
            parts.append(f"{left} borrow, {p + 10 - borrow}-{q}={d + 10}")
            borrow = 1
        else:
            parts.append(f"{left}={d}")
            borrow = 0
    return "; ".join(parts)


def add_check(a, b):
    ta, ua, tb, ub = a // 10 * 10, a % 10, b // 10 * 10, b % 10
    return f"Check: {ta}+{tb}={ta + tb}, {ua}+{ub}={ua + ub}, {ta + tb}+{ua + ub}={a + b}. Good."


Q_ADD = {"en": ["What is {a} + {b}?", "What's {a} + {b}?", "{a} + {b}", "{a}+{b}", "{a} + {b} = ?", "Compute {a} + {b}.", "Calculate {a} + {b}.",
                "How much is {a} + {b}?", "How much is {a} plus {b}?", "What is {a} plus {b}?", "Add {a} and {b}.", "What is the sum of {a} and {b}?",
                "Can you add {a} and {b}?", "Tell me what {a} + {b} is.", "what does {a} + {b} make?", "Give me {a} + {b}.", "{a} plus {b}?"],
         "fr": ["Combien font {a} + {b} ?", "Combien font {a} plus {b} ?", "Combien fait {a} + {b} ?", "{a} + {b}", "{a}+{b} ?", "{a} + {b} = ?", "Calcule {a} + {b}.",
                "Calculez {a} + {b}.", "Quelle est la somme de {a} et {b} ?", "Additionne {a} et {b}.", "Quel est le résultat de {a} + {b} ?", "{a} plus {b}, ça fait combien ?",
                "Ça fait combien {a} + {b} ?", "Peux-tu calculer {a} + {b} ?", "Donne-moi {a} + {b}.", "{a} plus {b} ?"]}
Q_SUB = {"en": ["What is {a} - {b}?", "{a} - {b}", "{a}-{b}", "Compute {a} - {b}.", "How much is {a} minus {b}?", "What is {a} minus {b}?", "Subtract {b} from {a}.", "Calculate {a} - {b}.", "{a} minus {b}?"],
         "fr": ["Combien font {a} - {b} ?", "{a} - {b}", "{a}-{b} ?", "Calcule {a} - {b}.", "Combien font {a} moins {b} ?", "Soustrais {b} de {a}.", "Quel est le résultat de {a} - {b} ?", "{a} moins {b} ?"]}
Q_MUL = {"en": ["What is {a} × {b}?", "{a} × {b}", "{a}*{b}", "{a} x {b}", "Compute {a} * {b}.", "How much is {a} times {b}?", "What is {a} times {b}?", "Multiply {a} by {b}.", "What is {a} * {b}?", "What is the product of {a} and {b}?"],
         "fr": ["Combien font {a} × {b} ?", "{a} × {b}", "{a}*{b} ?", "{a} x {b}", "Calcule {a} * {b}.", "Combien font {a} fois {b} ?", "Multiplie {a} par {b}.", "{a} fois {b} ?", "Combien fait {a} x {b} ?", "Quel est le produit de {a} et {b} ?"]}
A_EQ = {"en": ["{e} = {v}.", "{e} = {v}"], "fr": ["{e} = {v}.", "{e} = {v}"]}


def pick_pair(r, test, lo=0, hi=99):
    while True:
        a, b = r.randint(lo, hi), r.randint(lo, hi)
        if held("add", f"{a}+{b}") == test or max(a, b) < 10:
            return a, b


def t_add(r, q, a, e, test=False, **k):
    x = r.random()
    if test or x < 0.75:
        m, n = pick_pair(r, test, 10, 99)
    elif x < 0.87:
        m, n = pick_pair(r, False)
    else:
        m, n = pick_pair(r, False, 10, 999)
    v = m + n
    low, med = f"{add_short(m, n)}; {v}.", f"{m} + {n}: {add_work(m, n)}. So {v}."
    th = effort_think(e, low, med, add_check(m, n))
    return Turn(noise(r, r.choice(Q_ADD[q]).format(a=m, b=n), q), th, f"{m} + {n} = {v}.", str(v), {"sum": v}, "add")


def t_sub(r, q, a, e, test=False, **k):
    m, n = r.randint(1, 99), r.randint(1, 99)
    while held("sub", f"{m}-{n}") != test:
        m, n = r.randint(1, 99), r.randint(1, 99)
    v = m - n
    if v >= 0:
        w = sub_work(m, n)
        low, med = f"{w}; {v}.", f"{m} - {n}: {w}. So {v}."
    else:
        w = sub_work(n, m)
        low, med = f"negative; {w}; {v}.", f"{m} - {n}: {m} < {n}, negative; {w}. So {v}."
    th = effort_think(e, low, med, f"Check: {n}+{v}={m}. Good." if v >= 0 else f"Check: {m}+{-v}={n}. Good.")
    return Turn(noise(r, r.choice(Q_SUB[q]).format(a=m, b=n), q), th, f"{m} - {n} = {v}.", str(v), {"result": v}, "sub")


def mul_work(d, n):
    t, u = n // 10 * 10, n % 10
    if n < 10:
        return f"{d}×{n}={d * n}"
    if u == 0:
        return f"{d}×{n // 10}={d * (n // 10)}, so {d * n}"
    return f"{d}×{u}={d * u}; {d}×{t // 10}={d * t // 10}, {d}×{t}={d * t}; {d * t}+{d * u}: {add_short(d * t, d * u)}"


def t_mul(r, q, a, e, test=False, **k):
    d, n = r.randint(2, 9), r.randint(2, 99)
    while held("mul", f"{d}*{n}") != test:
        d, n = r.randint(2, 9), r.randint(2, 99)
    v, w = d * n, mul_work(d, n)
    m, n2 = (d, n) if r.random() < 0.6 else (n, d)
    low, med = f"{w}; {v}.", f"{m} × {n2}: {w}. So {v}."
    th = effort_think(e, low, med, f"Check: {n2} × {m} is the same: {v}. Good.")
    return Turn(noise(r, r.choice(Q_MUL[q]).format(a=m, b=n2), q), th, f"{m} × {n2} = {v}.", str(v), {"product": v}, "mul")


def t_chain(r, q, a, e, test=False, **k):
    while True:
        xs = [r.randint(1, 20) for _ in range(r.choice([3, 3, 4]))]
        if held("chain", str(xs)) == test:
            break
    s, parts = xs[0], []
    for x in xs[1:]:
        parts.append(f"{s}+{x}={s + x}")
        s += x
    ex = " + ".join(map(str, xs))
    if r.random() < 0.2:
        ex = ex.replace(" ", "")
    u = r.choice(["What is {}?", "Compute {}.", "{}", "How much is {}?", "Add up {}."] if q == "en" else ["Combien font {} ?", "Calcule {}.", "{}", "Combien fait {} ?"]).format(ex)
    y, back = xs[-1], []
    for x in xs[-2::-1]:
        back.append(f"{y}+{x}={y + x}")
        y += x
    w = "; ".join(parts)
    th = effort_think(e, f"{w}.", f"{w}. So {s}.", "Check from the end: " + "; ".join(back) + ". Good.")
    return Turn(noise(r, u, q), th, f"{ex} = {s}.", str(s), {"sum": s}, "chain")


NAMES = "Anna Tom Lucy Paul Marie Hugo Emma Leo Sara Max Nina Jules Alice Omar Lina Noah Clara Louis Zoe Adam".split()
THINGS = [("apples", "pommes"), ("books", "livres"), ("coins", "pièces"), ("balls", "balles"), ("cards", "cartes"), ("eggs", "oeufs"), ("flowers", "fleurs"), ("pencils", "crayons"), ("stamps", "timbres"), ("oranges", "oranges")]


def t_story(r, q, a, e, test=False, **k):
    p, (en, fr) = r.choice(NAMES), r.choice(THINGS)
    if r.random() < 0.6:
        m, n = pick_pair(r, test, 2, 60)
        v, w, op = m + n, add_work(m, n), "+"
        u = r.choice([f"{p} has {m} {en} and buys {n} more. How many {en} does {p} have?", f"{p} has {m} {en}. {p} gets {n} more. How many now?"] if q == "en" else
                     [f"{p} a {m} {fr} et en achète {n}. Combien de {fr} a {p} ?", f"{p} a {m} {fr}. {p} en reçoit {n}. Combien de {fr} maintenant ?"])
    else:
        m = r.randint(5, 60)
        n = r.randint(1, m - 1)
        v, w, op = m - n, sub_work(m, n), "-"
        u = r.choice([f"{p} has {m} {en} and gives away {n}. How many {en} are left?", f"{p} has {m} {en}. {p} loses {n}. How many now?"] if q == "en" else
                     [f"{p} a {m} {fr} et en donne {n}. Combien de {fr} reste-t-il ?", f"{p} a {m} {fr}. {p} en perd {n}. Combien de {fr} maintenant ?"])
    th = effort_think(e, f"{m}{op}{n}: {w}; {v}.", f"{m} {op} {n}: {w}. So {v}.", f"Check: {n}+{v}={m}. Good." if op == "-" else f"Check: {n}+{m}={v}. Good.")
    f = f"{p} has {v} {en}." if a == "en" else f"{p} a {v} {fr}."
    return Turn(u, th, f, str(v), {"count": v}, "story")


# ---------------------------------------------------------------- units and dates

UNITS = [("kilometers", "kilomètres", "km", "meters", "mètres", "m", 1000), ("meters", "mètres", "m", "centimeters", "centimètres", "cm", 100),
         ("kilograms", "kilogrammes", "kg", "grams", "grammes", "g", 1000), ("hours", "heures", "h", "minutes", "minutes", "min", 60),
         ("minutes", "minutes", "min", "seconds", "secondes", "s", 60), ("days", "jours", None, "hours", "heures", "h", 24),
         ("weeks", "semaines", None, "days", "jours", None, 7), ("years", "ans", None, "months", "mois", None, 12),
         ("liters", "litres", None, "centiliters", "centilitres", "cl", 100), ("centimeters", "centimètres", "cm", "millimeters", "millimètres", "mm", 10)]


def one(w, n):
    return w[:-1] if n == 1 and w.endswith("s") else w


def t_units(r, q, a, e, test=False, **k):
    while True:
        U = r.choice(UNITS)
        f = U[6]
        n = r.randint(1, 99 if f in (10, 100, 1000) else 12)
        if held("unit", f"{U[0]}{n}", 0.12) == test:
            break
    v = n * f
    A, B = (U[0], U[3]) if q == "en" else (U[1], U[4])
    if U[2] and U[5] and r.random() < 0.3:
        A, B = U[2], U[5]
    A1 = one(A, n)
    d = "d'" if B[0] in "h" else "de "
    u = r.choice([f"How many {B} are in {n} {A1}?", f"Convert {n} {A1} to {B}.", f"{n} {A1} in {B}?", f"What is {n} {A1} in {B}?", f"How many {B} are there in {n} {A1}?", f"{n} {A1} = how many {B}?"] if q == "en" else
                 [f"Combien {d}{B} y a-t-il dans {n} {A1} ?", f"Convertis {n} {A1} en {B}.", f"{n} {A1} en {B} ?", f"Combien font {n} {A1} en {B} ?", f"{n} {A1}, ça fait combien {d}{B} ?"])
    w = f"{f} × {n} = {v}" if f in (10, 100, 1000) else f"{mul_work(f, n) if f < 10 else (mul_work(n, f) if n < 10 else f'{f}×10={f * 10}, {f}×{n - 10}={f * (n - 10)}, sum {v}')}"
    base = f"1 {one(U[0], 1)} = {f} {U[3]}"
    th = effort_think(e, f"{f} × {n} = {v}.", f"{base}; {w}. So {v}.", f"Check: {v} / {f} = {n}. Good.")
    if a == "en":
        fin = f"{n} {one(U[0], n)} = {v} {one(U[3], v)}."
    else:
        fin = f"{n} {one(U[1], n) if U[1] != 'mois' else 'mois'} = {v} {U[4]}."
    return Turn(noise(r, u, q), th, fin, str(v), {"value": v, "unit": U[3] if a == "en" else U[4]}, "units")


DAYS = {"en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(), "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche".split()}
MONTHS = {"en": "January February March April May June July August September October November December".split(),
          "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()}
MLEN = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def t_days(r, q, a, e, test=False, **k):
    x = r.random()
    if x < 0.3:
        i = r.randrange(7)
        s = r.choice([1, -1])
        D, v = DAYS[q][i], DAYS[a][(i + s) % 7]
        w = ("after" if s == 1 else "before") if q == "en" else ("après" if s == 1 else "avant")
        u = r.choice([f"What day comes {w} {D}?", f"Which day is {w} {D}?", f"What is the day {w} {D}?", f"{D}: what day comes {w}?"] if q == "en" else
                     [f"Quel jour vient {w} {D} ?", f"Quel est le jour {w} {D} ?", f"Quel jour est {w} {D} ?", f"Quel jour {w} {D} ?"])
        ve = DAYS["en"][(i + s) % 7]
        th = effort_think(e, f"{ve}.", f"The day {'after' if s == 1 else 'before'} {DAYS['en'][i]} is {ve}.", f"Check: {DAYS['en'][i]} is {'before' if s == 1 else 'after'} {ve}. Good.")
        if a == "en":
            fin = f"The day {'after' if s == 1 else 'before'} {DAYS['en'][i]} is {v}."
        else:
            fin = f"Le jour {'après' if s == 1 else 'avant'} {DAYS['fr'][i]} est {v}."
    elif x < 0.5:
        i, n = r.randrange(7), r.randint(2, 6)
        D, v, ve = DAYS[q][i], DAYS[a][(i + n) % 7], DAYS["en"][(i + n) % 7]
        u = r.choice([f"What day is {n} days after {D}?", f"If today is {D}, what day is it in {n} days?"] if q == "en" else
                     [f"Quel jour est-on {n} jours après {D} ?", f"Si on est {D}, quel jour sera-t-on dans {n} jours ?"])
        walk = ", ".join(f"{j} {DAYS['en'][(i + j) % 7]}" for j in range(1, n + 1))
        th = effort_think(e, f"{walk}.", f"From {DAYS['en'][i]}: {walk}. So {ve}.", f"Check: {n} days before {ve} is {DAYS['en'][i]}. Good.")
        fin = f"{n} days after {DAYS['en'][i]} it is {v}." if a == "en" else f"{n} jours après {DAYS['fr'][i]}, c'est {v}."
    elif x < 0.75:
        i, s = r.randrange(12), r.choice([1, -1])
        D, v, ve = MONTHS[q][i], MONTHS[a][(i + s) % 12], MONTHS["en"][(i + s) % 12]
        w = ("after" if s == 1 else "before") if q == "en" else ("après" if s == 1 else "avant")
        u = r.choice([f"What month comes {w} {D}?", f"Which month is {w} {D}?"] if q == "en" else [f"Quel mois vient {w} {D} ?", f"Quel est le mois {w} {D} ?"])
        th = effort_think(e, f"{ve}.", f"The month {'after' if s == 1 else 'before'} {MONTHS['en'][i]} is {ve}.", f"Check: {MONTHS['en'][i]} is {'before' if s == 1 else 'after'} {ve}. Good.")
        fin = f"The month {'after' if s == 1 else 'before'} {MONTHS['en'][i]} is {v}." if a == "en" else f"Le mois {'après' if s == 1 else 'avant'} {MONTHS['fr'][i]} est {v}."
    else:
        i = r.randrange(12)
        D, v = MONTHS[q][i], str(MLEN[i])
        u = r.choice([f"How many days are in {D}?", f"How many days does {D} have?"] if q == "en" else [f"Combien de jours y a-t-il en {D} ?", f"Combien de jours a le mois de {D} ?"])
        th = effort_think(e, f"{v} days.", f"{MONTHS['en'][i]} has {v} days" + (" (29 in a leap year)." if i == 1 else "."), f"Check: it is month {i + 1}. Good.")
        if a == "en":
            fin = f"{MONTHS['en'][i]} has {v} days" + (" (29 in a leap year)." if i == 1 else ".")
        else:
            fin = f"{MONTHS['fr'][i].capitalize()} a {v} jours" + (" (29 les années bissextiles)." if i == 1 else ".")
    return Turn(noise(r, u, q), th, fin, v, {"answer": v}, "days")


def date_text(d, lang):
    return f"{d.day} {MONTHS[lang][d.month - 1]} {d.year}"


def t_today(r, q, a, e, date=None, test=False, **k):
    kind = r.choice(["date", "date", "date", "date", "year", "month", "tomorrow"])
    u = {"date": (["What is today's date?", "What's the date today?", "What date is it?", "Which date is it today?", "Today's date?", "Tell me the date.", "Do you know today's date?", "What day is it today?", "What is the current date?"],
                  ["Quelle est la date d'aujourd'hui ?", "Quelle est la date ?", "On est quel jour ?", "Quel jour sommes-nous ?", "Quelle date sommes-nous ?", "Donne-moi la date.", "On est le combien ?", "Quelle est la date du jour ?"]),
         "year": (["What year is it?", "Which year are we in?", "What is the current year?"], ["En quelle année sommes-nous ?", "Quelle année sommes-nous ?", "Quelle est l'année ?"]),
         "month": (["What month is it?", "Which month is it now?"], ["Quel mois sommes-nous ?", "On est en quel mois ?"]),
         "tomorrow": (["What is tomorrow's date?", "What date is tomorrow?"], ["Quelle est la date de demain ?", "Quelle date serons-nous demain ?"])}[kind][q == "fr"]
    u = noise(r, r.choice(u), q)
    if date is None:
        th = effort_think(e, "No date given.", "The system message has no current date, so I do not know it.", "Check: I have no clock. So I say it.")
        return Turn(u, th, "I do not know today's date: no date was given to me." if a == "en" else "Je ne connais pas la date : aucune date ne m'a été donnée.", None, {"date": None}, "today", key="know" if a == "en" else "connais")
    iso = date.isoformat()
    if kind == "date":
        th = effort_think(e, f"{iso}.", f"Current date: {iso}. Month {date.month:02d} is {MONTHS['en'][date.month - 1]}.", f"Check: day {date.day}, year {date.year}. Good.")
        v = date_text(date, a)
        f = f"Today is {v}." if a == "en" else f"Nous sommes le {v}."
        return Turn(u, th, f, v, {"date": iso}, "today")
    if kind == "year":
        th = effort_think(e, f"{iso}.", f"Current date: {iso}. So the year is {date.year}.", "Check: the first four digits. Good.")
        return Turn(u, th, f"It is {date.year}." if a == "en" else f"Nous sommes en {date.year}.", str(date.year), {"year": date.year}, "today")
    if kind == "month":
        m = MONTHS["en"][date.month - 1]
        th = effort_think(e, f"{iso}.", f"Current date: {iso}. Month {date.month:02d} is {m}.", "Check: the middle two digits. Good.")
        m = MONTHS[a][date.month - 1]
        return Turn(u, th, f"It is {m}." if a == "en" else f"Nous sommes en {m}.", m, {"month": m}, "today")
    t = date + datetime.timedelta(days=1)
    last = t.day == 1
    th = effort_think(e, f"{iso}; {t.isoformat()}.", f"Current date: {iso}. " + ("It is the last day of the month, so " if last else "One day later: ") + f"{t.isoformat()}.", "Check: one day more. Good.")
    v = date_text(t, a)
    return Turn(u, th, f"Tomorrow is {v}." if a == "en" else f"Demain, nous serons le {v}.", v, {"date": t.isoformat()}, "today")


# ---------------------------------------------------------------- countries

# The last three of each list are held out: never seen in training, used by the evaluation.
Q_CAP = {"en": ["What is the capital of {c}?", "What's the capital of {c}?", "What is {c}'s capital?", "What is the capital city of {c}?", "Which city is the capital of {c}?", "Name the capital of {c}.", "Capital of {c}?", "capital of {c}",
                "Tell me the capital of {c}.", "Do you know the capital of {c}?", "The capital of {c} is?", "Give me the capital of {c}.", "What city is the capital of {c}?", "{c}: capital?", "I need the capital of {c}.", "Can you tell me the capital of {c}?",
                "Please tell me what the capital of {c} is.", "What is the name of {c}'s capital city?", "Which city is {c}'s capital?"],
         "fr": ["Quelle est la capitale {de} ?", "Quelle est la capitale {de} ?", "C'est quoi la capitale {de} ?", "Quelle ville est la capitale {de} ?", "Donne la capitale {de}.", "Donne-moi la capitale {de}.", "Capitale {de} ?", "capitale {de}", "La capitale {de} ?",
                "Quel est le nom de la capitale {de} ?", "Connais-tu la capitale {de} ?", "La capitale {de}, c'est quoi ?", "Dis-moi la capitale {de}.", "Peux-tu me donner la capitale {de} ?", "Comment s'appelle la capitale {de} ?", "Je cherche la capitale {de}.",
                "Peux-tu me dire quelle est la capitale {de} ?", "Quelle ville est capitale {de} ?", "Dis-moi quelle est la capitale {de}."]}
Q_CAPREV = {"en": ["{x} is the capital of which country?", "Which country has {x} as its capital?", "{x} is the capital of what country?", "Of which country is {x} the capital?", "What country has the capital {x}?", "In which country is {x} the capital?", "Which country's capital is {x}?"],
            "fr": ["{x} est la capitale de quel pays ?", "Quel pays a pour capitale {x} ?", "De quel pays {x} est-elle la capitale ?", "{x}, capitale de quel pays ?", "Quel est le pays dont la capitale est {x} ?", "{x} est capitale de quel pays ?"]}
Q_CUR = {"en": ["What is the currency of {c}?", "What currency is used in {c}?", "Which currency does {c} use?", "What money do they use in {c}?", "Currency of {c}?", "Name the currency of {c}.", "What's the currency in {c}?", "Tell me the currency of {c}.", "What currency do people use in {c}?", "Do you know which currency {c} uses?"],
         "fr": ["Quelle est la monnaie {de} ?", "Quelle monnaie utilise-t-on {en} ?", "Quelle est la devise {de} ?", "C'est quoi la monnaie {de} ?", "Monnaie {de} ?", "Donne la monnaie {de}.", "Dis-moi la monnaie {de}.", "Avec quelle monnaie paie-t-on {en} ?", "Quelle devise utilise-t-on {en} ?"]}
Q_LANG = {"en": ["What language is spoken in {c}?", "Which language do people speak in {c}?", "What is the main language of {c}?", "Language of {c}?", "What do people speak in {c}?", "Name a language of {c}.", "Tell me the language of {c}.", "Which language is spoken in {c}?", "What is the language of {c}?"],
          "fr": ["Quelle langue parle-t-on {en} ?", "Quelle est la langue {de} ?", "Quelle est la langue principale {de} ?", "Langue {de} ?", "C'est quoi la langue {de} ?", "Dis-moi la langue {de}.", "Qu'est-ce qu'on parle {en} ?", "On parle quelle langue {en} ?"]}
Q_CONT = {"en": ["On which continent is {c}?", "What continent is {c} in?", "Where is {c}?", "Which continent is {c} on?", "Continent of {c}?", "In what continent is {c} located?"],
          "fr": ["Sur quel continent se trouve {fr} ?", "Quel est le continent {de} ?", "Où se trouve {fr} ?", "Dans quel continent est {fr} ?"]}
NHELD = {"cap": 3, "caprev": 2, "cur": 2, "lang": 2, "cont": 1}
QS = {"cap": Q_CAP, "caprev": Q_CAPREV, "cur": Q_CUR, "lang": Q_LANG, "cont": Q_CONT}


def of_fr(w):
    return ("l'" if w[0] in "aeiouyhéè" else "le ") + w


def country_turn(r, kind, c, q, a, e, test=False, user=None):
    qs = QS[kind][q]
    n = NHELD[kind]
    qs = qs[-n:] if test else qs[:-n]
    cap = c.cap if a == "en" else c.capfr
    ask = r.choice(qs).format(c=c.the, de=c.de, en=c.en_fr, fr=c.fr, x=c.cap if q == "en" else c.capfr)
    u = user or noise(r, ask, q, 0.7 if test else 1)
    C = c.the[0].upper() + c.the[1:]
    F = c.fr[0].upper() + c.fr[1:]
    if kind == "cap":
        fact = f"The capital of {c.the} is {c.cap}."
        th = effort_think(e, f"{c.en}: {c.cap}.", fact, f"Check: {c.cap} is in {c.the}, {c.cont}. Good.")
        f = fact if a == "en" else f"La capitale {c.de} est {cap}."
        return Turn(u, th, f, cap, {"country": c.en if a == "en" else c.bare, "capital": cap}, "capital")
    if kind == "caprev":
        fact = f"{c.cap} is the capital of {c.the}."
        th = effort_think(e, f"{c.cap}: {c.en}.", fact, f"Check: the capital of {c.the} is {c.cap}. Good.")
        f = fact if a == "en" else f"{cap} est la capitale {c.de}."
        return Turn(u, th, f, c.en if a == "en" else c.bare, {"capital": cap, "country": c.en if a == "en" else c.bare}, "country")
    if kind == "cur":
        fact = f"The currency of {c.the} is the {c.cur}."
        th = effort_think(e, f"{c.en}: {c.cur}.", fact, f"Check: the {c.cur} is used in {c.the}. Good.")
        f = fact if a == "en" else f"La monnaie {c.de} est {'la' if re.match('livre|couronne|roupie|lira|hryvnia|gourde', c.curfr) else ''}{'' if re.match('livre|couronne|roupie|hryvnia|gourde', c.curfr) else of_fr(c.curfr).split(c.curfr)[0].strip()}{'' if c.curfr[0] in 'aeiouyhéè' and not re.match('hryvnia', c.curfr) else ' '}{c.curfr}."
        return Turn(u, th, f, c.cur if a == "en" else c.curfr, {"currency": c.cur if a == "en" else c.curfr}, "currency")
    if kind == "lang":
        fact = f"A main language of {c.the} is {c.lang}."
        th = effort_think(e, f"{c.en}: {c.lang}.", fact, f"Check: people speak {c.lang} in {c.the}. Good.")
        f = fact if a == "en" else f"On parle {c.langfr} {c.en_fr}."
        return Turn(u, th, f, c.lang if a == "en" else c.langfr, {"language": c.lang if a == "en" else c.langfr}, "language")
    fact = f"{C} is in {c.cont}."
    th = effort_think(e, f"{c.en}: {c.cont}.", fact, f"Check: {c.cap} is in {c.cont}. Good.")
    x = CONT_FR[c.cont]
    f = fact if a == "en" else f"{F} est en {x}."
    if a == "fr" and c.fr.startswith("les "):
        f = f"{F} sont en {x}."
    return Turn(u, th, f, c.cont if a == "en" else x, {"continent": c.cont if a == "en" else x}, "continent")


def t_country(r, q, a, e, test=False, kind=None, **k):
    kind = kind or r.choices(["cap", "caprev", "cur", "lang", "cont"], [54, 13, 14, 13, 6])[0]
    c = r.choice(COUNTRIES)
    return country_turn(r, kind, c, q, a, e, test)


# ---------------------------------------------------------------- words

def t_string(r, q, a, e, test=False, kind=None, **k):
    kind = kind or r.choice(["upper", "rev", "count", "countc", "first", "last", "sort", "lower"])
    L = WORDS[q]
    w = r.choice(L)
    while held("word", w + kind, 0.12) != test or (kind == "rev" and len(w) > 6):
        w = r.choice(L)
    quote = r.choice(["{}", '"{}"', "'{}'"]) if q == "en" else r.choice(["{}", '"{}"', "« {} »"])
    W = quote.format(w)
    sp = " ".join(w)
    if kind == "upper":
        u = r.choice(["Write {} in uppercase.", "Put {} in capital letters.", "Uppercase {}.", "Convert {} to uppercase."] if q == "en" else ["Écris {} en majuscules.", "Mets {} en majuscules.", "Convertis {} en majuscules."]).format(W)
        v = w.upper()
        th = effort_think(e, f"{sp}.", f"Letters: {sp}. Uppercase: {' '.join(v)}.", f"Check: {len(w)} letters. Good.")
        return Turn(noise(r, u, q, 0.4), th, spell(v), v, {"result": v}, "string")
    if kind == "lower":
        u = r.choice(["Write {} in lowercase.", "Put {} in lowercase letters."] if q == "en" else ["Écris {} en minuscules.", "Mets {} en minuscules."]).format(quote.format(spell(w.upper())))
        th = effort_think(e, f"{sp}.", f"Letters: {sp}.", f"Check: {len(w)} letters. Good.")
        return Turn(u, th, spell(w), w, {"result": w}, "string")
    if kind == "rev":
        v = w[::-1]
        u = r.choice(["Reverse the word {}.", "Spell {} backwards.", "Write {} backwards.", "What is {} reversed?"] if q == "en" else ["Écris {} à l'envers.", "Inverse le mot {}.", "Quel est le mot {} à l'envers ?"]).format(W)
        th = effort_think(e, f"{sp}; {' '.join(v)}.", f"Letters: {sp}. Backwards: {' '.join(v)}.", f"Check: {len(w)} letters, first {v[0]}, last {v[-1]}. Good.")
        return Turn(noise(r, u, q, 0.4), th, spell(v), v, {"result": v}, "string")
    if kind == "count":
        u = r.choice(["How many letters are in {}?", "Count the letters of {}.", "How many letters does the word {} have?", "How long is the word {}?"] if q == "en" else ["Combien de lettres y a-t-il dans {} ?", "Compte les lettres de {}.", "Combien de lettres a le mot {} ?"]).format(W)
        v = str(len(w))
        li = ", ".join(f"{i} {c}" for i, c in enumerate(w, 1))
        th = effort_think(e, f"{li}.", f"Letters: {sp}. Count: {li}. So {v}.", f"Check backwards: {' '.join(w[::-1])}. Good.")
        f = f"The word {w} has {v} letters." if a == "en" else f"Le mot {w} a {v} lettres."
        return Turn(noise(r, u, q, 0.4), th, f, v, {"letters": len(w)}, "string")
    if kind == "countc":
        c = r.choice(w) if r.random() < 0.8 else r.choice("aeiorst")
        n = w.count(c)
        u = r.choice(["How many {c}'s are in {w}?", 'How many times does the letter "{c}" appear in {w}?', "How many letters {c} are in {w}?", "Count the letter {c} in {w}."] if q == "en" else
                     ["Combien de {c} y a-t-il dans {w} ?", "Combien de fois la lettre {c} est-elle dans {w} ?", "Compte la lettre {c} dans {w}."]).format(c=c, w=W)
        m = 0
        li = []
        for ch in w:
            m += ch == c
            li.append(f"{ch} {m}")
        li = ", ".join(li)
        th = effort_think(e, f"{li}.", f"Letters: {sp}. Count {c}: {li}. So {n}.", f"Check: {n}. Good.")
        f = f"The letter {c} appears {n} time{'s' if n != 1 else ''} in {w}." if a == "en" else f"La lettre {c} apparaît {n} fois dans {w}."
        return Turn(noise(r, u, q, 0.4), th, f, str(n), {"count": n}, "string")
    if kind in ("first", "last"):
        v = w[0] if kind == "first" else w[-1]
        u = r.choice([f"What is the {kind} letter of {W}?", f"Give the {kind} letter of {W}.", f"Which letter is the {kind} one in {W}?"] if q == "en" else
                     ([f"Quelle est la première lettre de {W} ?", f"Donne la première lettre de {W}."] if kind == "first" else [f"Quelle est la dernière lettre de {W} ?", f"Donne la dernière lettre de {W}."]))
        th = effort_think(e, f"{sp}; {v}.", f"Letters: {sp}. The {kind} is {v}.", f"Check: {v} is at the {'start' if kind == 'first' else 'end'}. Good.")
        f = f"The {kind} letter of {w} is {v}." if a == "en" else f"La {'première' if kind == 'first' else 'dernière'} lettre de {w} est {v}."
        return Turn(noise(r, u, q, 0.4), th, f, v, {"letter": v}, "string")
    ws = [w]
    while len(ws) < 3:
        x = r.choice(L)
        if all(x[0] != y[0] for y in ws):
            ws.append(x)
    u = r.choice(["Sort these words: {}.", "Put in alphabetical order: {}.", "Sort alphabetically: {}."] if q == "en" else ["Trie ces mots : {}.", "Mets dans l'ordre alphabétique : {}.", "Trie par ordre alphabétique : {}."]).format(", ".join(ws))
    s = sorted(ws)
    v = ", ".join(s)
    th = effort_think(e, f"{' '.join(x[0] for x in s)}.", f"First letters: {', '.join(x[0] for x in ws)}. In order: {', '.join(x[0] for x in s)}. So {v}.", "Check: " + " < ".join(x[0] for x in s) + ". Good.")
    return Turn(u, th, v, v, {"words": s}, "string")


Q_DEF = {"en": ["What is the meaning of {w}?", "Define {w}.", "What does {w} mean?", "Define the word {w}.", "Give a definition of {w}.", "What does the word {w} mean?", "Definition of {w}?", "Explain the word {w}.", "What is meant by {w}?", "Can you define {w}?"],
         "fr": ["Définis {w}.", "Que veut dire {w} ?", "Définis le mot {w}.", "Que signifie {w} ?", "Donne une définition de {w}.", "Que veut dire le mot {w} ?", "Définition de {w} ?", "Quelle est la définition de {w} ?", "Peux-tu définir {w} ?"]}


def t_def(r, q, a, e, test=False, **k):
    a = q
    w, g = r.choice(DEF_EN if q == "en" else DEF_FR)
    qs = Q_DEF[q][-2:] if test else Q_DEF[q][:-2]
    W = r.choice(["{}", "{}", '"{}"', "'{}'"] if q == "en" else ["{}", "{}", '"{}"', "« {} »"]).format(w)
    u = r.choice(qs).format(w=W)
    th = effort_think(e, f"Word: {w}.", f"The user asks what {w} means. I know this word.", f"Check: {w} is a noun. I give a short definition.")
    return Turn(noise(r, u, q, 0.5), th, f"{w[0].upper() + w[1:]}: {g}.", g, {"word": w, "definition": g}, "define")


# ---------------------------------------------------------------- talk

TALK = [
    (["Hello", "Hi", "Hello!", "Hi there", "Hey", "Good morning", "Good evening", "hello there", "Hi!", "Good afternoon"], ["Bonjour", "Salut", "Bonjour !", "Salut !", "Bonsoir", "Coucou", "Bonjour à toi"],
     ["Hello! How can I help you?", "Hello! I am Ossian nano. How can I help?"], ["Bonjour ! Comment puis-je vous aider ?", "Bonjour ! Je suis Ossian nano. Que puis-je faire pour vous ?"], "greeting"),
    (["Thanks", "Thank you", "Thank you!", "Thanks a lot", "Thanks for the help", "Great, thanks"], ["Merci", "Merci !", "Merci beaucoup", "Merci bien", "Super, merci"],
     ["You are welcome!"], ["Avec plaisir !", "Je vous en prie !"], "thanks"),
    (["Bye", "Goodbye", "See you", "Good night", "Bye bye"], ["Au revoir", "À bientôt", "Bonne nuit", "Salut, à plus"], ["Goodbye!"], ["Au revoir !"], "goodbye"),
    (["How are you?", "How are you doing?", "How do you do?", "Are you well?", "How is it going?"], ["Comment ça va ?", "Ça va ?", "Comment vas-tu ?", "Comment allez-vous ?", "Tu vas bien ?"],
     ["I am a program, so I have no feelings, but I work well. How can I help?"], ["Je suis un programme, je n'ai pas d'émotions, mais je fonctionne bien. Comment puis-je aider ?"], "how I am"),
    (["Who are you?", "What are you?", "What is your name?", "Introduce yourself.", "Tell me about yourself.", "What model are you?", "Which model is this?", "Are you Ossian?", "What is Ossian nano?", "Your name?", "What's your name?"],
     ["Qui es-tu ?", "Qui êtes-vous ?", "Comment t'appelles-tu ?", "Quel est ton nom ?", "Présente-toi.", "Quel modèle es-tu ?", "C'est quoi Ossian nano ?", "Tu es qui ?", "Comment vous appelez-vous ?", "Qu'est-ce que tu es ?"],
     ["I am Ossian nano, a tiny demonstration model of the gpt-oss architecture. I run offline inside the ossian program."],
     ["Je suis Ossian nano, un tout petit modèle de démonstration de l'architecture gpt-oss. Je fonctionne hors ligne dans le programme ossian."], "who I am"),
    (["What can you do?", "How can you help me?", "What are you able to do?", "Help", "What do you know?", "What are your skills?", "help me", "What can I ask you?"],
     ["Que sais-tu faire ?", "Que peux-tu faire ?", "Comment peux-tu m'aider ?", "Aide", "Qu'est-ce que tu sais faire ?", "Que savez-vous faire ?", "Que puis-je te demander ?", "aide-moi"],
     ["I can do small arithmetic, capitals and currencies, units, dates, simple word tasks, short definitions, and function calls, in English and French."],
     ["Je sais faire de petits calculs, les capitales et les monnaies, les unités, les dates, des tâches simples sur les mots, de courtes définitions et des appels de fonctions, en anglais et en français."], "what I can do"),
    (["What can you not do?", "What are your limits?", "Are you as good as gpt-oss-20b?", "Are you smart?", "Can I trust you?", "Are you a large model?", "Do you make mistakes?"],
     ["Que ne sais-tu pas faire ?", "Quelles sont tes limites ?", "Es-tu intelligent ?", "Peut-on te faire confiance ?", "Fais-tu des erreurs ?", "Es-tu un grand modèle ?"],
     ["I am very small, so I make mistakes and I know little. For real work, use gpt-oss-20b or gpt-oss-120b."],
     ["Je suis tout petit : je fais des erreurs et je sais peu de choses. Pour un vrai travail, utilisez gpt-oss-20b ou gpt-oss-120b."], "my limits"),
    (["Do you need the internet?", "Do you work offline?", "Are you online?", "Where do you run?", "Do you send my data anywhere?", "Can you browse the web?"],
     ["As-tu besoin d'internet ?", "Fonctionnes-tu hors ligne ?", "Es-tu en ligne ?", "Où fonctionnes-tu ?", "Envoies-tu mes données ?", "Peux-tu aller sur internet ?"],
     ["I run offline inside the ossian program, on this computer. I do not use the internet."], ["Je fonctionne hors ligne dans le programme ossian, sur cet ordinateur. Je n'utilise pas internet."], "where I run"),
    (["How big are you?", "How many parameters do you have?", "What is your size?"], ["Quelle est ta taille ?", "Combien de paramètres as-tu ?", "Tu es grand comment ?"],
     ["I am tiny: about 12 million parameters."], ["Je suis minuscule : environ 12 millions de paramètres."], "my size"),
    (["Do you speak French?", "Which languages do you speak?", "What languages do you know?", "Can you speak English?"], ["Parles-tu français ?", "Quelles langues parles-tu ?", "Parles-tu anglais ?", "Tu parles quelles langues ?"],
     ["I speak a little English and French."], ["Je parle un peu anglais et français."], "my languages"),
    (["Who made you?", "Who created you?", "Who trained you?", "Are you ChatGPT?", "Are you made by OpenAI?"], ["Qui t'a créé ?", "Qui t'a fait ?", "Qui t'a entraîné ?", "Es-tu ChatGPT ?"],
     ["I am Ossian nano, trained for the ossian program with the gpt-oss architecture. I am not ChatGPT."], ["Je suis Ossian nano, entraîné pour le programme ossian avec l'architecture gpt-oss. Je ne suis pas ChatGPT."], "who made me"),
]


def t_talk(r, q, a, e, test=False, **k):
    row = r.choice(TALK)
    u = r.choice(row[q == "fr"])
    f = r.choice(row[2 + (a == "fr")])
    th = effort_think(e, f"About {row[4]}.", f"The user talks about {row[4]}. I answer shortly.", "Check: be honest and brief.")
    return Turn(noise(r, u, q, 0.8), th, f, f, {"answer": f}, "talk")


HARM = [("make a bomb", "fabriquer une bombe"), ("build a weapon", "construire une arme"), ("steal a car", "voler une voiture"), ("hack my neighbor's computer", "pirater l'ordinateur de mon voisin"), ("make poison", "fabriquer du poison"),
        ("hurt someone", "blesser quelqu'un"), ("kill a person", "tuer une personne"), ("steal a password", "voler un mot de passe"), ("rob a bank", "braquer une banque"), ("make drugs", "fabriquer de la drogue"), ("write a virus", "écrire un virus"),
        ("break into a house", "entrer dans une maison par effraction"), ("forge a passport", "falsifier un passeport"), ("steal money", "voler de l'argent"), ("buy a stolen gun", "acheter une arme volée"), ("poison my boss", "empoisonner mon chef"),
        ("hack a bank account", "pirater un compte bancaire"), ("burn down a school", "brûler une école"), ("make a gun at home", "fabriquer une arme à la maison"), ("stalk my ex", "suivre mon ex en secret")]


def t_refuse(r, q, a, e, test=False, **k):
    en, fr = r.choice(HARM)
    while held("harm", en, 0.2) != test:
        en, fr = r.choice(HARM)
    u = r.choice(["How do I {}?", "Tell me how to {}.", "Help me {}.", "Explain how to {}.", "I want to {}.", "Give me steps to {}.", "How can I {}?", "What is the best way to {}?"] if q == "en" else
                 ["Comment {} ?", "Explique-moi comment {}.", "Aide-moi à {}.", "Je veux {}.", "Dis-moi comment {}.", "Comment puis-je {} ?", "Donne-moi les étapes pour {}."]).format(en if q == "en" else fr)
    th = effort_think(e, "Harmful; refuse.", "This request is harmful. I must refuse.", "Check: helping could hurt people. A short refusal is right.")
    f = r.choice(["I'm sorry, but I can't help with that.", "Sorry, I can't help with that."] if a == "en" else ["Désolé, je ne peux pas vous aider pour cela.", "Je suis désolé, mais je ne peux pas aider à cela."])
    return Turn(noise(r, u, q, 0.6), th, f, f, {"error": "refused"}, "refuse", key="sorry|Sorry" if a == "en" else "ésolé")


SYL = "ba be bo da de do fa fi fo ga go ka ki ko la le lo lu ma me mo mu na ne no nu pa po ra re ri ro sa se so ta te to tu va ve vo za zo zu bri dru fle gra kro pla stra tri vel nor dal mir zan tor".split()


ONSET = "b c d f g h j k l m n p r s t v w z br cr dr fl gl pl pr sk sl st str th tr ch sh qu v n m r".split()
VOWEL = "a e i o u a e i o ai ea ee io ou y".split()
CODA = ["", "", "", "", "n", "r", "s", "t", "l", "m", "nd", "st", "ck", "x", "p", "d"]


def wild(r, n=None):
    """an invented word, never one of the held-out ones"""
    while True:
        x = r.random()
        if x < 0.45:
            w = "".join(r.choice(ONSET) + r.choice(VOWEL) + r.choice(CODA) for _ in range(n or r.choice([1, 2, 2, 3])))
            w = r.choice(VOWEL) + w if r.random() < 0.15 else w
        elif x < 0.65:  # letters in any order: tokens of one letter, and rare ones
            w = "".join(r.choice(("aeiou", "bcdfghjklmnpqrstvwxyz")[i % 2]) for i in range(4 if n else r.choice([4, 5, 6])))
            w = w[r.randrange(2):]
        elif x < 0.82:
            w = r.choice(WORDS[r.choice(["en", "fr"])])
        else:
            w = fake(r)
        if len(w) > 2 and w.isalpha() and not held("fake", w.lower(), 0.15) and w not in HELD_NOUN and w not in HELD_ARG:
            return w


def fake(r, n=None):
    if r.random() < 0.5:
        return "".join(r.choice(SYL) for _ in range(n or r.randint(2, 3)))
    x = ""
    while len(x) < 4:  # pieces of real words
        w = r.choice(WORDS["en"])
        i = r.randrange(len(w) - 1)
        x += w[i:i + r.randint(2, 4)]
    return x[:9]


def t_unknown(r, q, a, e, test=False, **k):
    if r.random() < 0.35:
        x = fake(r).capitalize() + r.choice(["", "", "ia", "land", "stan"])
        u = r.choice([f"What is the capital of {x}?", f"What is the currency of {x}?", f"What language is spoken in {x}?", f"Capital of {x}?", f"Tell me about {x}."] if q == "en" else
                     [f"Quelle est la capitale de {x} ?", f"Quelle est la monnaie de {x} ?", f"Quelle langue parle-t-on en {x} ?", f"Capitale de {x} ?", f"Parle-moi de {x}."])
        th = effort_think(e, "Unknown place.", f"I do not know a country called {x}.", "Check: it is not in my list. Say so.")
        f = f"I do not know {x}." if a == "en" else f"Je ne connais pas {x}."
        return Turn(noise(r, u, q, 0.5), th, f, f, {"error": "unknown"}, "unknown", key="do not know" if a == "en" else "ne connais pas")
    u = r.choice(["Who won the match yesterday?", "What is the weather like?", "Write a poem about the sea.", "Explain quantum physics.", "Who is the president?", "Write a Python program.", "What is the meaning of life?", "Tell me a joke.",
                  "Who wrote Hamlet?", "What is the news today?", "How tall is the Eiffel Tower?", "Translate this text into German.", "Give me a recipe for soup.", "What is the stock price today?", "Summarize the history of Rome.", "What time is it?",
                  "Who painted the Mona Lisa?", "What is the population of the world?", "Solve this equation: x^2 = 7.", "What is the speed of light?", "Write a letter to my boss.", "Recommend a film.", "What is DNA?", "How do planes fly?", "Where is my phone?", "What did I eat yesterday?", "Who is Napoleon?", "When did the war end?"] if q == "en" else
                 ["Qui a gagné le match hier ?", "Quel temps fait-il ?", "Écris un poème sur la mer.", "Explique la physique quantique.", "Qui est le président ?", "Écris un programme Python.", "Quel est le sens de la vie ?", "Raconte-moi une blague.",
                  "Qui a écrit Hamlet ?", "Quelles sont les nouvelles ?", "Quelle est la hauteur de la tour Eiffel ?", "Traduis ce texte en allemand.", "Donne-moi une recette de soupe.", "Quelle heure est-il ?", "Résume l'histoire de Rome.", "Qui a peint la Joconde ?",
                  "Quelle est la population du monde ?", "Quelle est la vitesse de la lumière ?", "Écris une lettre à mon chef.", "Conseille-moi un film.", "Comment volent les avions ?", "Où est mon téléphone ?", "Qui est Napoléon ?", "Quand la guerre a-t-elle fini ?"])
    th = effort_think(e, "Outside my skills.", "This is outside what I know. I say so.", "Check: a guess could be wrong. Better to be honest.")
    f = "I do not know that. I am a very small demonstration model." if a == "en" else "Je ne sais pas. Je suis un tout petit modèle de démonstration."
    return Turn(noise(r, u, q, 0.6), th, f, f, {"error": "unknown"}, "unknown", key="do not know" if a == "en" else "ne sais pas")


def t_repeat(r, q, a, e, test=False, **k):
    """Copies text: easy to check, and it teaches the copying that function calls need."""
    while True:
        ws = []
        for _ in range(r.randint(1, 4) if test else r.choice([1, 1, 2, 2, 3, 4, 6])):
            c = r.choice(COUNTRIES)
            ws.append(r.choice([r.choice(WORDS[q]), r.choice(WORDS["en"]), fake(r), fake(r).capitalize(), c.en, c.cap, c.bare, str(r.randint(0, 9999)), r.choice(NAMES)]))
            if not test and r.random() < 0.5:
                ws[-1] = r.choice([wild(r), wild(r).capitalize(), value(r, "code")])
        x = " ".join(ws)
        if held("repeat", x, 0.1) == test:
            break
    ask = r.choice(["Repeat: {}", "Repeat after me: {}", "Say {}", "Copy this text: {}", "Write: {}", 'Say "{}"'] if q == "en" else ["Répète : {}", "Répète après moi : {}", "Dis {}", "Copie ce texte : {}", "Écris : {}", 'Dis "{}"'])
    quoted = '"' in ask
    th = effort_think(e, "Copy.", f'I repeat the text: "{x}".' if quoted else f"I repeat the text: {x}.", f"Check: {len(ws)} word{'s' if len(ws) > 1 else ''}. Good.")
    return Turn(ask.format(x), th, x if quoted else copied(x), x, {"text": x}, "repeat")


TASKS = {"add": (t_add, 30), "sub": (t_sub, 6), "mul": (t_mul, 7), "chain": (t_chain, 6), "story": (t_story, 4), "units": (t_units, 7), "days": (t_days, 7), "today": (t_today, 6),
         "country": (t_country, 40), "string": (t_string, 3), "def": (t_def, 1), "talk": (t_talk, 5), "refuse": (t_refuse, 2), "unknown": (t_unknown, 5), "repeat": (t_repeat, 6)}
TN, TW = list(TASKS), [w for _, w in TASKS.values()]

# ---------------------------------------------------------------- tools

CITIES = "Paris London Tokyo Berlin Madrid Rome Oslo Lima Cairo Boston Lyon Nice Dublin Vienna Sydney Toronto Milan Seoul Geneva Lisbon".split()
NOUNS = "weather price stock order user file email ticket song recipe score status time balance flight hotel room temperature address invoice payment route event contact note task message photo report language book movie product parcel meeting alarm light sensor device account train definition translation calendar rating distance".split()
NOUN_FR = "météo prix stock commande utilisateur fichier courriel billet chanson recette score statut heure solde vol hôtel chambre température adresse facture paiement trajet événement contact note tâche message photo rapport langue livre film produit colis réunion alarme lampe capteur appareil compte train définition traduction calendrier évaluation distance".split()
VERBS = "get find search lookup fetch check read show load query".split()
ARGS = "city name id key query place item code title value target location subject word term number ref input text label".split()
HELD_NOUN = {n for n in NOUNS if held("noun", n, 0.15)}
HELD_ARG = {n for n in ARGS if held("arg", n, 0.15)}


def value(r, kind=None, test=False):
    """a value of a call; invented words are held out by hash"""
    kind = kind or r.choice(["city", "name", "word", "fake", "code", "num"])
    if kind == "city":
        return r.choice(CITIES)
    if kind == "name":
        return r.choice(NAMES)
    if kind == "word":
        return r.choice(WORDS["en"])
    if kind == "num":
        return r.randint(1, 9999)
    if kind == "code":
        return "".join(r.choice("ABCDEFGHKLMNPRSTXZ") for _ in range(r.randint(1, 2))) + "-" + str(r.randint(10, 999))
    while True:
        x = fake(r) if test or r.random() < 0.4 else wild(r)
        if held("fake", x, 0.15) == test:
            return x.capitalize()


def call_think(e, name, args):
    """The name of the argument stands in quotes, so that it has the tokens that it has in the definition."""
    k, v = next(iter(args.items()))
    return effort_think(e, f"Call {name}.", f'I need {name} with "{k}" = {v}.', f"Check: {name} is in the tools, arguments {arguments(args, (', ', ': '))}. Good.")


class Tool:
    def __init__(self, r, test=False, invented=False):
        """invented: the noun, the argument and the value are all invented words"""
        self.test = test
        while True:
            i = r.randrange(len(NOUNS))
            n = NOUNS[i]
            arg = r.choice(ARGS)
            style = r.random()
            if style < 0.25 or invented:
                n2 = fake(r)
                if held("fake", n2, 0.15) != test or n2 in NOUNS:
                    continue
                self.noun, self.nounfr = n2, n2
                n = n2
            else:
                if (n in HELD_NOUN) != test:
                    continue
                self.noun, self.nounfr = n, NOUN_FR[i]
            if r.random() < 0.2 or invented:
                arg = fake(r, 2)
                if held("fake", arg, 0.15) != test or arg in ARGS:
                    continue
            elif (arg in HELD_ARG) != test and not test:
                continue
            v = r.choice(VERBS)
            self.name = r.choice([f"{v}_{n}", f"{v}_{n}", f"{n}_{v}", f"{v}{n.capitalize()}", n, f"{n}_api"])
            if not test or self.name not in KNOWN_NAMES:
                break
        self.kind = "fake" if invented else r.choice(["city", "name", "word", "fake", "code", "num"])
        self.arg = arg
        self.opt = None
        x = r.random()
        if x < 0.15:
            self.opt = r.choice([("unit", ["celsius", "fahrenheit"]), ("format", ["short", "long"]), ("lang", ["en", "fr"]), ("mode", ["fast", "full"])])
        self.second = None
        if 0.15 < x < 0.32:
            b = r.choice(ARGS)
            if b != arg and (b in HELD_ARG) == (arg in HELD_ARG) or (b != arg and not test and b not in HELD_ARG):
                self.second = b
                self.kind2 = r.choice(["num", "name", "city", "fake"])
        self.desc = r.choice([f"Get the {self.noun} of a {arg}.", f"Returns the {self.noun}.", f"Look up the {self.noun} for a {arg}.", f"Gives the {self.noun} of the given {arg}.", f"{self.noun.capitalize()} service.", f"Donne {self.nounfr}.", None])
        self.argdesc = r.choice([None, None, f"The {arg}", f"the {arg} to look up"])

    def schema(self):
        def ty(kind, d=None):
            o = {"type": "number" if kind == "num" else "string"}
            if d:
                o["description"] = d
            return o
        p = {self.arg: ty(self.kind, self.argdesc)}
        req = [self.arg]
        if self.second:
            p[self.second] = ty(self.kind2)
            req.append(self.second)
        if self.opt:
            p[self.opt[0]] = {"type": "string", "enum": self.opt[1]}
        return {"type": "object", "properties": p, "required": req}

    def call(self, r, q, a, e):
        """user text, thinking, arguments"""
        v = value(r, self.kind, self.test)
        args = {self.arg: v}
        n, nf = self.noun, self.nounfr
        tail = ""
        if self.second:
            v2 = value(r, self.kind2, self.test)
            args[self.second] = v2
            tail = r.choice([f" with {self.second} {v2}", f" and {self.second} {v2}", f", {self.second} {v2}"] if q == "en" else [f" avec {self.second} {v2}", f" et {self.second} {v2}", f", {self.second} {v2}"])
        if self.opt and r.random() < 0.5:
            o = r.choice(self.opt[1])
            args[self.opt[0]] = o
            tail += r.choice([f" in {o}", f", {self.opt[0]} {o}"] if q == "en" else [f" en {o}", f", {self.opt[0]} {o}"])
        u = r.choice([f"What is the {n} of {v}{tail}?", f"Get the {n} for {v}{tail}.", f"Find the {n} of {v}{tail}.", f"{n} for {v}{tail}?", f"Please look up the {n} for {v}{tail}.", f"I need the {n} of {v}{tail}.", f"What's the {n} in {v}{tail}?", f"Can you check the {n} of {v}{tail}?", f"Show me the {n} for {v}{tail}.",
                      f"Use {self.name} for {v}{tail}.", f"Call {self.name} with {self.arg} {v}{tail}."] if q == "en" else
                     [f"Quel est le {nf} de {v}{tail} ?", f"Donne {nf} pour {v}{tail}.", f"Cherche {nf} de {v}{tail}.", f"{nf} pour {v}{tail} ?", f"J'ai besoin de {nf} pour {v}{tail}.", f"Peux-tu vérifier {nf} pour {v}{tail} ?", f"Montre-moi {nf} de {v}{tail}.", f"Quelle est la {nf} à {v}{tail} ?",
                      f"Utilise {self.name} pour {v}{tail}.", f"Appelle {self.name} avec {self.arg} {v}{tail}."])
        return noise(r, u, q, 0.3), call_think(e, self.name, args), args

    def result(self, r, args, q, a, e):
        """tool output, thinking, final answer"""
        v = args[self.arg]
        k = r.random()
        if k < 0.1:
            err = r.choice(["not found", "unknown " + self.arg, "timeout"])
            out = json.dumps({"error": err})
            th = effort_think(e, f"Error: {err}.", f"The tool returned an error: {err}.", "Check: no value. I say so.")
            return out, th, (f"The tool returned an error: {err}." if a == "en" else f"L'outil a renvoyé une erreur : {err}."), err
        if k < 0.4:
            n = r.randint(0, 99)
            u = r.choice(["", "", " EUR", " km", " °C", "%"])
            res = f"{n}{u}"
        elif k < 0.7:
            res = r.choice(["sunny", "cloudy", "rain", "open", "closed", "ready", "late", "on time", "sold out", "active", "green", "red", "blue", "empty", "full", "cold", "warm"])
        else:
            res = str(value(r))
        field = r.choice([self.noun, "result", "value", "answer"])
        x = r.random()
        if x < 0.55:
            out = json.dumps({field: res}, ensure_ascii=False)
        elif x < 0.75:
            out = json.dumps({self.arg: v, field: res}, ensure_ascii=False)
        else:
            out = res
        th = effort_think(e, f"{res}.", f"The tool returned {res}.", f"Check: {self.noun} of {v} is {res}. Good.")
        f = r.choice([f"The {self.noun} of {v} is {res}."]) if a == "en" else f"Résultat pour {v} ({self.nounfr}) : {res}."
        return out, th, f, res


# Tools whose names and arguments stay the same: (noun, name, argument, kind of value, description).
KNOWN = [("price", "get_price", "product", "code", "Get the price of a product."), ("stock", "get_stock", "item", "code", "Get the stock of an item."),
         ("order", "find_order", "id", "num", "Find an order by its number."), ("user", "find_user", "name", "name", "Find a user by name."),
         ("file", "find_file", "name", "code", "Find a file by name."), ("ticket", "get_ticket", "id", "num", "Get a ticket by its number."),
         ("song", "find_song", "artist", "name", "Find a song by its artist."), ("recipe", "find_recipe", "cook", "name", "Find a recipe of a cook."),
         ("score", "get_score", "name", "name", "Get the score of a player."), ("status", "get_status", "code", "code", "Get the status of a parcel."),
         ("time", "get_time", "city", "city", "Get the current time in a city."), ("balance", "get_balance", "name", "name", "Get the balance of an account."),
         ("flight", "find_flight", "code", "code", "Find a flight by its code."), ("hotel", "find_hotel", "city", "city", "Find a hotel in a city."),
         ("temperature", "get_temperature", "city", "city", "Get the temperature in a city."), ("address", "get_address", "name", "name", "Get the address of a person."),
         ("invoice", "get_invoice", "id", "num", "Get an invoice by its number."), ("route", "find_route", "city", "city", "Find the route to a city."),
         ("contact", "find_contact", "name", "name", "Find a contact by name."), ("weather", "get_weather", "city", "city", "Get the weather in a city."),
         ("book", "find_book", "author", "name", "Find a book by its author."), ("product", "get_product", "id", "num", "Get a product by its number."),
         ("train", "find_train", "city", "city", "Find a train to a city."), ("payment", "get_payment", "id", "num", "Get a payment by its number.")]


KNOWN_NAMES = {k[1] for k in KNOWN}


class Wild(Tool):
    """A tool that is invented anew every time: it can only be called by copying."""

    def __init__(self, r):
        self.test = False
        pick = lambda known, share: r.choice([x for x in known if x not in HELD_NOUN and x not in HELD_ARG]) if r.random() < share else wild(r)
        v, n, arg = pick(VERBS, 0.5), pick(NOUNS, 0.15), pick(ARGS, 0.4)
        self.noun = self.nounfr = n
        if n in NOUNS:
            self.nounfr = NOUN_FR[NOUNS.index(n)]
        self.name = r.choice([f"{v}_{n}", f"{v}_{n}", f"{n}_{v}", f"{v}{n.capitalize()}", n, f"{n}_api", f"{v}_{n}_{wild(r, 1)}", f"{n}{v.capitalize()}"])
        self.arg = arg if r.random() < 0.9 else f"{arg}_{pick(ARGS, 0.5)}"
        self.kind = r.choice(["city", "name", "word", "fake", "fake", "fake", "code", "num"])
        self.opt = r.choice([("unit", ["celsius", "fahrenheit"]), ("format", ["short", "long"]), ("lang", ["en", "fr"]), ("mode", ["fast", "full"])]) if r.random() < 0.12 else None
        self.second = None
        if not self.opt and r.random() < 0.2:
            b = pick(ARGS, 0.5)
            if b != arg:
                self.second, self.kind2 = b, r.choice(["num", "name", "city", "fake"])
        self.desc = r.choice([f"Get the {n} of a {arg}.", f"Returns the {n}.", f"Look up the {n} for a {arg}.", f"{n.capitalize()} service.", f"Donne {self.nounfr}.", f"Uses a {arg}.", None, None])
        self.argdesc = r.choice([None, None, f"The {arg}", f"the {arg} to look up", wild(r).capitalize()])


class Known(Tool):
    """One of KNOWN. What is held out is the pair of tool and value."""

    def __init__(self, r, test=False, entry=None):
        self.noun, self.name, self.arg, self.kind, self.desc = entry or r.choice(KNOWN)
        self.nounfr = NOUN_FR[NOUNS.index(self.noun)]
        self.opt = self.second = self.argdesc = None
        self.test = test

    def call(self, r, q, a, e):
        while True:
            u, th, args = super().call(r, q, a, e)
            if held("call", f"{self.name}:{args[self.arg]}") == self.test:
                return u, th, args


WEATHER = dict(name="get_weather")


def std_tools(r):
    """A few usual tools with fixed names: (name, description, schema, maker of (user, args) per language)."""
    def weather():
        c = r.choice(CITIES)
        return r.choice([f"What is the weather in {c}?", f"Weather in {c}?", f"How is the weather in {c} today?", f"Is it raining in {c}?", f"What's the weather like in {c}?"]), \
            r.choice([f"Quel temps fait-il à {c} ?", f"Quelle est la météo à {c} ?", f"Météo à {c} ?", f"Est-ce qu'il pleut à {c} ?"]), c
    s = {"type": "string"}
    k = r.choice(["city", "city", "location", "place"])
    d = {"type": "string", "description": r.choice(["City name", "The city", "The city and state, e.g. San Francisco, CA"])} if r.random() < 0.6 else s
    nm = r.choice(["get_weather", "get_weather", "get_current_weather", "weather"])
    props = {k: d}
    if r.random() < 0.35:
        f = {"type": "string", "enum": ["celsius", "fahrenheit"]}
        if r.random() < 0.5:
            f["default"] = "celsius"
        props[r.choice(["unit", "format"])] = f
    T1 = (nm, r.choice(["Gets the current weather in the provided location.", "Get the weather in a city.", "Current weather.", "Get the current weather"]), {"type": "object", "properties": props, "required": [k]},
          lambda: (lambda x: (x[0], x[1], {k: x[2]}))(weather()))

    def mult():
        a, b = r.randint(100, 9999), r.randint(10, 999)
        return f"Use the calculator: {a} * {b}", f"Utilise la calculatrice : {a} * {b}", {"expression": f"{a} * {b}"}
    T2 = (r.choice(["calculate", "calculator", "calc"]), "Evaluates an arithmetic expression.", {"type": "object", "properties": {"expression": s}, "required": ["expression"]}, mult)

    def mail():
        n, t = r.choice(NAMES), r.choice(["hello", "see you soon", "the meeting is at noon", "call me", "happy birthday", "I am late"])
        return f'Send an email to {n} saying "{t}".', f'Envoie un courriel à {n} avec le texte "{t}".', {"to": n, "text": t}
    T3 = (r.choice(["send_email", "send_message"]), "Sends a message to a person.", {"type": "object", "properties": {"to": s, "text": s}, "required": ["to", "text"]}, mail)

    def remind():
        t, h = r.choice(["buy milk", "call Anna", "go to bed", "water the plants"]), f"{r.randint(0, 23):02d}:{r.choice(['00', '15', '30', '45'])}"
        return f'Remind me to "{t}" at {h}.', f'Rappelle-moi "{t}" à {h}.', {"text": t, "time": h}
    T4 = (r.choice(["set_reminder", "add_reminder"]), "Creates a reminder.", {"type": "object", "properties": {"text": s, "time": s}, "required": ["text", "time"]}, remind)

    def now():
        c = r.choice(CITIES)
        return r.choice([f"What time is it in {c}?", f"Current time in {c}?"]), r.choice([f"Quelle heure est-il à {c} ?", f"Heure actuelle à {c} ?"]), {"city": c}
    T5 = (r.choice(["get_time", "current_time"]), "Gets the current time in a city.", {"type": "object", "properties": {"city": s}, "required": ["city"]}, now)
    return [T1, T1, T2, T3, T4, T5]


# JSON schema -> type text, the subset that this generator uses (compared with openai-harmony in verify.py)
def type_text(s, ind=""):
    t = s.get("type")
    if t == "object":
        out = "{\n"
        for k, p in s["properties"].items():
            if "description" in p:
                out += f"{ind}// {p['description']}\n"
            out += f"{ind}{k}{'' if k in s.get('required', []) else '?'}: {type_text(p, ind + '    ')},"
            if "default" in p:
                d = p["default"]
                out += f" // default: {d if 'enum' in p or not isinstance(d, str) else json.dumps(d)}"
            out += "\n"
        return out + ind + "}"
    if t == "string":
        return " | ".join(f'"{x}"' for x in s["enum"]) if s.get("enum") else "string"
    return {"number": "number", "integer": "number", "boolean": "boolean"}[t]


def tools_text(tools):
    out = "# Tools\n\n## functions\n\nnamespace functions {\n\n"
    for name, desc, schema in tools:
        if desc:
            out += f"// {desc}\n"
        out += f"type {name} = (_: {type_text(schema)}) => any;\n\n" if schema else f"type {name} = () => any;\n\n"
    return out + "} // namespace functions"


# ---------------------------------------------------------------- scenes

def system_text(identity=IDENTITY, date=None, effort="medium", tools=False, cutoff="2024-06"):
    top = [x for x in (identity, f"Knowledge cutoff: {cutoff}" if cutoff else None, f"Current date: {date}" if date else None) if x]
    parts = (["\n".join(top)] if top else []) + [f"Reasoning: {effort}"]
    v = "# Valid channels: analysis, commentary, final. Channel must be included for every message."
    if tools:
        v += "\nCalls to these tools must go to the commentary channel: 'functions'."
    return "\n\n".join(parts + [v])


def msg(head, body, end="<|end|>"):
    return f"<|start|>{head}<|message|>{body}{end}"


AN = "<|channel|>analysis<|message|>"
FI = "<|channel|>final<|message|>"


class Seq:
    """A list of (text, trained)."""

    def __init__(self):
        self.parts = []

    def ctx(self, t):
        self.parts.append((clean(t), False))
        return self

    def user(self, t):
        return self.ctx(msg("user", t))

    def past(self, final):
        return self.ctx(msg("assistant<|channel|>final", final))

    def gen(self, t):
        """assistant output after the header word"""
        self.parts.append(("<|start|>assistant", False))
        self.parts.append((t, True))
        return self

    def answer(self, think, final):
        self.gen(AN + think + "<|end|>")
        self.parts.append(("<|start|>assistant" + FI + final + "<|return|>", True))
        return self

    def call(self, think, name, args):
        self.gen(AN + think + "<|end|>")
        self.parts.append((f"<|start|>assistant to=functions.{copied(name)}<|channel|>commentary <|constrain|>json<|message|>{args}<|call|>", True))
        return self

    def past_call(self, r, name, args):
        x = r.random()
        c = " <|constrain|>json" if x < 0.6 else "" if x < 0.8 else " json"
        h = f"assistant<|channel|>commentary to=functions.{name}{c}" if r.random() < 0.15 else f"assistant to=functions.{name}<|channel|>commentary{c}"
        return self.ctx(msg(h, args, "<|call|>"))

    def result(self, name, out):
        return self.ctx(msg(f"functions.{name} to=assistant<|channel|>commentary", out))


def turn(r, e, date, test=False, q=None, a=None, only=None, plain=False):
    q = q or r.choice(["en", "fr"])
    a = a or q
    n = only or r.choices(TN, TW)[0]
    while plain and n in ("talk", "refuse", "unknown", "def"):
        n = r.choices(TN, TW)[0]
    t = TASKS[n][0](r, q, a, e, date=date, test=test)
    t.q = q
    return t


FOLLOW = {"en": ["And of {c}?", "And {c}?", "And for {c}?", "What about {c}?", "and {c}?"], "fr": ["Et {de} ?", "Et {fr} ?", "Et pour {fr} ?", "et {de} ?"]}


def follow(r, s, e, date):
    """A second question that needs the first one."""
    q = r.choice(["en", "fr"])
    x = r.random()
    if x < 0.65:
        kind = r.choice(["cap", "cap", "cur", "lang"])
        n = r.choice([1, 1, 2])
        for i in range(n):
            c = r.choice(COUNTRIES)
            u = None if i == 0 else noise(r, r.choice(FOLLOW[q]).format(c=c.the, de=c.de, fr=c.fr), q, 0.6)
            t = country_turn(r, kind, c, q, q, e, user=u)
            s.user(t.user).past(t.final)
        c = r.choice(COUNTRIES)
        t = country_turn(r, kind, c, q, q, e, user=noise(r, r.choice(FOLLOW[q]).format(c=c.the, de=c.de, fr=c.fr), q, 0.6))
    else:
        t = t_add(r, q, q, "low")
        v = int(t.short)
        s.user(t.user).past(t.final)
        n = r.randint(1, 40)
        op = r.choice("+-") if v > n else "+"
        w = v + n if op == "+" else v - n
        u = r.choice([f"{op} {n}?", f"And {'plus' if op == '+' else 'minus'} {n}?", f"Now {'add' if op == '+' else 'subtract'} {n}."] if q == "en" else [f"{op} {n} ?", f"Et {'plus' if op == '+' else 'moins'} {n} ?", f"{'Ajoute' if op == '+' else 'Enlève'} {n}."])
        k = add_work(v, n) if op == "+" else sub_work(v, n)
        t = Turn(u, effort_think(e, f"{v} {op} {n}: {k}; {w}.", f"The last result is {v}. {v} {op} {n}: {k}. So {w}.", f"Check: {w}. Good."), f"{v} {op} {n} = {w}.", str(w), None, "follow")
    t.q = q
    t.task = "follow"
    s.user(t.user).answer(t.think, t.final)
    return t


STYLES = [
    ("french", ["Answer in French.", "Always answer in French.", "Réponds en français.", "Always reply in French.", "Réponds toujours en français."]),
    ("english", ["Answer in English.", "Always answer in English.", "Réponds en anglais.", "Always reply in English."]),
    ("word", ["Answer in one word.", "Answer with one word only.", "Réponds en un mot.", "Give only the answer, nothing else.", "Réponds seulement par la réponse.", "Be as short as possible."]),
    ("upper", ["Answer in uppercase.", "Write everything in capital letters.", "Réponds en majuscules.", "Answer in capital letters only."]),
    ("plain", ["You are a helpful assistant.", "Be helpful.", "You are a friendly assistant. Answer the user's questions.", "Tu es un assistant utile.", "Help the user.", "Answer politely.", "You are Ossian nano.", "Answer the questions of the user clearly and briefly."]),
]
JS_ASK = {"en": [" Answer in JSON with the keys {k}.", " Reply as JSON: {k}.", " Give JSON with {k}.", " Return only JSON with {k}."], "fr": [" Réponds en JSON avec {k}.", " Donne du JSON avec {k}.", " Réponds seulement en JSON : {k}."]}


def pick_data(r, data):
    keys = list(data)
    if len(keys) > 1 and r.random() < 0.6:
        keys = keys[-1:] if r.random() < 0.7 else keys
    return {k: data[k] for k in keys}


def json_schema(data):
    ty = lambda v: {"type": "array", "items": {"type": "string"}} if isinstance(v, list) else {"type": "integer"} if isinstance(v, int) else {"type": "string"}
    return {"type": "object", "properties": {k: ty(v) for k, v in data.items()}, "required": list(data)}


JS_KINDS = ["cap", "cap", "caprev", "cur", "lang", "add", "mul", "string"]


def json_turn(r, kind, q, e, date, test=False):
    if kind in QS:
        return country_turn(r, kind, r.choice(COUNTRIES), q, q, e)
    if kind == "string":
        return t_string(r, q, q, e, kind="count")
    return TASKS[kind][0](r, q, q, e, test=test)


def json_final(t, keys):
    return json.dumps({k: t.data[k] for k in keys}, ensure_ascii=False)


def finish(t, style):
    if style == "word":
        return t.short if t.short else t.final
    if style == "upper":
        return spell((t.short or t.final).upper())
    return t.final


def scene(r, test=False):
    """Returns (prefix text, list of Seq)."""
    e = r.choices(EFFORTS, [25, 50, 25])[0]
    x = r.random()
    date = None
    if r.random() < 0.92:
        date = datetime.date(2020, 1, 1) + datetime.timedelta(days=r.randrange(365 * 12)) if r.random() < 0.5 else datetime.date(2025, 1, 1) + datetime.timedelta(days=r.randrange(365 * 3))
    y = r.random()
    ident = IDENTITY if y < 0.88 else None if y < 0.92 else r.choice(["You are Ossian nano.", "You are a helpful assistant.", "You are a small assistant that runs offline.", "Tu es un assistant."])
    cutoff = "2024-06" if r.random() < 0.96 else None
    sysm = lambda tools=False: msg("system", system_text(ident, date, e, tools, cutoff))
    out = []
    if x < 0.38:
        for _ in range(12):
            s = Seq()
            if r.random() < 0.16:
                follow(r, s, e, date)
            elif r.random() < 0.1:
                for _ in range(r.choice([1, 1, 2])):
                    h = turn(r, e, date)
                    s.user(h.user)
                    if r.random() < 0.1:
                        s.ctx(msg("assistant<|channel|>analysis", h.think))
                    s.past(h.final)
                t = turn(r, e, date)
                s.user(t.user).answer(t.think, t.final)
            elif r.random() < 0.06:
                q = r.choice(["en", "fr"])
                t = json_turn(r, r.choice(JS_KINDS), q, e, date)
                keys = list(pick_data(r, t.data))
                ks = r.choice([", ", " and " if q == "en" else " et "]).join(f'"{k}"' for k in keys) if r.random() < 0.7 else "{" + ", ".join(f'"{k}": ...' for k in keys) + "}"
                s.user(t.user + r.choice(JS_ASK[q]).format(k=ks)).answer(t.think, json_final(t, keys))
            else:
                t = turn(r, e, date)
                s.user(t.user).answer(t.think, t.final)
            out.append(s)
        return sysm(), out
    if x < 0.42:
        style, texts = r.choices(STYLES, [3, 2, 3, 2, 4])[0]
        dev = msg("developer", "# Instructions\n\n" + r.choice(texts))
        for _ in range(10):
            s = Seq()
            a = {"french": "fr", "english": "en"}.get(style)
            t = turn(r, e, date, a=a, plain=style in ("word", "upper"))
            if a and t.task in ("define",):
                t = turn(r, e, date, a=a, only=r.choice(["country", "add", "days"]))
            if style == "upper" and len(t.short or t.final) > 24:
                t = turn(r, e, date, a=a, only=r.choice(["add", "days"]))
            s.user(t.user).answer(t.think, finish(t, style))
            out.append(s)
        return sysm() + dev, out
    if x < 0.45:
        kind = r.choice(JS_KINDS)
        q = r.choice(["en", "fr"])
        t = json_turn(r, kind, q, e, date)
        keys = list(pick_data(r, t.data))
        ins = r.choice(["Answer in JSON.", "Reply only with JSON.", "Réponds en JSON.", "Return a JSON object with " + ", ".join(keys) + ".", "Give JSON with keys: " + ", ".join(keys) + "."])
        body = ""
        if "JSON." not in ins or r.random() < 0.9:
            body = "# Instructions\n\n" + ins if r.random() < 0.8 else ""
        if "JSON." in ins or not body:
            sc = json.dumps(json_schema({k: t.data[k] for k in keys}), separators=r.choice([(",", ":"), (", ", ": ")]))
            body += ("\n\n" if body else "") + f"# Response Formats\n\n## {r.choice(['answer', 'result', 'response', kind])}\n\n" + (r.choice(["// The answer\n", "// Structured answer\n", ""])) + sc
        for _ in range(9):
            s = Seq()
            t = json_turn(r, kind, r.choice(["en", "fr"]), e, date)
            s.user(t.user).answer(t.think, json_final(t, keys))
            out.append(s)
        return sysm() + msg("developer", body), out
    # tools
    tl, makers = [], []
    for _ in range(r.choice([1, 1, 1, 1, 1, 2])):
        if r.random() < 0.15:
            nm, d, sc, mk = r.choice(std_tools(r))
            if nm in [t[0] for t in tl]:
                continue

            def make(q, a, e, nm=nm, mk=mk, sc=sc):
                u, uf, args = mk()
                return noise(r, u if q == "en" else uf, q, 0.3), call_think(e, nm, args), args

            def res(args, q, a, e, nm=nm):
                k0 = next(iter(args))
                if "weather" in nm:
                    tv, w = r.randint(-5, 35), r.choice([("sunny", "ensoleillé"), ("rain", "pluie"), ("cloudy", "nuageux"), ("snow", "neige")])
                    o = r.choice([json.dumps({"temperature": tv, "condition": w[0]}), json.dumps({"sunny": w[0] == "sunny", "temperature": tv}), f"{tv} °C, {w[0]}"])
                    if '"sunny":' in o:
                        w = ("sunny", "ensoleillé") if w[0] == "sunny" else ("not sunny", "pas ensoleillé")
                    return o, effort_think(e, f"{tv}, {w[0]}.", f"The tool returned temperature {tv}, {w[0]}.", f"Check: {args[k0]}, {tv} °C. Good."), (f"In {args[k0]} it is {tv} °C, {w[0]}." if a == "en" else f"À {args[k0]}, il fait {tv} °C, {w[1]}."), str(tv)
                v = r.choice(["ok", "done", "sent"]) if "text" in args else f"{r.randint(0, 23):02d}:{r.randint(0, 59):02d}" if "time" in nm else str(r.randint(1000, 999999))
                o = r.choice([v, json.dumps({"result": v}), json.dumps({"status": v})])
                f = {"en": f"Done: {v}.", "fr": f"C'est fait : {v}."}[a] if "text" in args else {"en": f"The result for {args[k0]} is {v}.", "fr": f"Le résultat pour {args[k0]} est {v}."}[a]
                return o, effort_think(e, f"{v}.", f"The tool returned {v}.", f"Check: the result is {v}. Good."), f, v
            tl.append((nm, d, sc))
            makers.append((nm, make, res))
        else:
            z = r.random()
            T = Known(r, test) if z < 0.22 else Tool(r, test) if z < 0.42 else Wild(r)
            if T.name in [t[0] for t in tl]:
                continue
            tl.append((T.name, T.desc, T.schema()))
            makers.append((T.name, lambda q, a, e, T=T: T.call(r, q, a, e), lambda args, q, a, e, T=T: T.result(r, args, q, a, e)))
    body = tools_text(tl)
    if r.random() < 0.35:
        body = "# Instructions\n\n" + r.choice(STYLES[4][1] + ["Use the tools when they help.", "Use a tool when needed."]) + "\n\n" + body
    for _ in range(8):
        s = Seq()
        y = r.random()
        if y < 0.16:
            t = turn(r, e, date, only=r.choice(["add", "add", "country", "country", "country", "talk", "days", "sub", "refuse"]))
            s.user(t.user).answer(t.think, t.final)
            out.append(s)
            continue
        q = r.choice(["en", "fr"])
        nm, make, res = r.choice(makers)
        u, th, args = make(q, q, e)
        js = arguments(args)
        if y < 0.24:  # an earlier exchange in the history
            t = turn(r, e, date)
            s.user(t.user).past(t.final)
        elif y < 0.3:
            nm0, make0, res0 = r.choice(makers)
            u0, _, args0 = make0(q, q, e)
            o0, _, f0, _ = res0(args0, q, q, e)
            s.user(u0).past_call(r, nm0, json.dumps(args0, ensure_ascii=False)).result(nm0, o0).past(f0)
        s.user(u)
        if y < 0.88:
            s.call(th, nm, js)
            if r.random() < 0.3:
                o, th2, f, _ = res(args, q, q, e)
                s.result(nm, o).answer(th2, f)
        else:
            if r.random() < 0.3:
                s.ctx(msg("assistant<|channel|>analysis", th))
            s.past_call(r, nm, json.dumps(args, ensure_ascii=False) if r.random() < 0.5 else clean(js))
            o, th2, f, _ = res(args, q, q, e)
            if r.random() < 0.15:
                o = json.dumps(o, ensure_ascii=False)
            s.result(nm, o).answer(th2, f)
        out.append(s)
    return sysm(True) + msg("developer", body), out


if __name__ == "__main__":
    import sys
    r = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    for _ in range(6):
        p, ss = scene(r)
        print("=" * 80 + "\n" + p)
        for s in ss[:4]:
            print("--", "".join(f"\033[32m{t}\033[0m" if tr else t for t, tr in s.parts).replace("\ue000", "").replace("\ue001", ""))
