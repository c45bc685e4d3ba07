"""Odd sources, each with a function that is right: what a grader may meet in an honest submission.

They differ in the syntax around the answer: in the texts of f-strings, docstrings and templates, in
annotations and type parameters, in patterns. Some need a newer Python than others.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator

ANSWER = "dlogprobs / probs"
"""The gradient of `probs`, by the names that a function for it asks for."""

DOCSTRINGS = {
    "latin": "The slope of the logarithm.",
    "latex": r"$\\frac{\partial L}{\partial p} = \frac{1}{p}$ \alpha \nabla \u0070 \x41",
    "greek": "η παράγωγος του λογαρίθμου: ∂L/∂p",
    "cyrillic": "Производная логарифма: ∂L/∂p",
    "arabic": "مشتقة اللوغاريتم: ∂L/∂p",
    "hebrew": "הנגזרת של הלוגריתם",
    "devanagari": "लघुगणक का अवकलज",
    "han": "对数的导数\u3000∂L/∂p",
    "kana": "対数の微分です。",
    "hangul": "로그의 도함수",
    "spaces": "no-break\xa0space, thin\u2009space, zero\u200bwidth, line\u2028separator",
    "emoji": "🥷 backprop \N{BULLET} \U0001f977",
    "quotes": "\\\"\\\"\\\" and ''' and \\\\",
    "escapes": "tab\\t bell\\a null\\0 octal\\101 name\\N{BULLET}",
}

FSTRINGS = (
    'f"{probs.shape}"', 'f"{probs.shape!r:>40}\\n"', 'f"{1.5:{2}.{1}f}\\t"', 'f"{{}}{1}"',
    'f"\\N{BULLET}{1}"', "f'''a\n{1}'''", 'rf"\\d{1}"', 'f"{1=}"', 'f"{(lambda q: q)(1)}"',
    'f"{[k for k in (1,)]}" "tail\\\\"', 'f"\xa0{1}\\xa0"', "f\"{'a' + 'b'}\"", 'f"{1!s:^{9}}"',
    'f"{1:%}" f"{2:,}" "\\""', 'f"\\u2028{1}"', 'f"{\'\\ud800\'!a}"' , 'f""', 'f"{1 if 1 else 2}"',
    'f"{None or (1, 2)[0]:05d}"', 'f"{dict(a=1)}"',
    # since 3.12: the same quotes again, backslashes, comments and lines inside
    'f"{"nested"}"', 'f"{"\\n".join(["a"])}"', "f'{f'{f'{1}'}'}'", 'f"{1  # why\n}"',
    'f"{"a" "b"}"', 'f"""{"""deep"""}"""',
)  # fmt: skip

STATEMENTS = (
    "match probs.dim():\n        case 2 if True:\n            pass\n        case _:\n            1",
    "match (1, [2, 3]):\n        case (int() as a, [b, *rest]):\n            pass",
    "match {'k': 1}:\n        case {'k': 1 | 2, **rest}:\n            pass",
    "match 'x':\n        case 'x' | \"y\\n\":\n            pass",
    "match -1.5 + 2j:\n        case -1.5 + 2j:\n            pass",
    "if (k := 3) > 2:\n        pass",
    "with torch.no_grad(), torch.no_grad():\n        pass",
    "with (torch.no_grad() as _, torch.no_grad()):\n        pass",
    "try:\n        1 / 0\n    except* ZeroDivisionError:\n        pass",
    "try:\n        1 / 0\n    except (ZeroDivisionError, KeyError) as error:\n        pass",
    "for i, *j in [(1, 2, 3)]:\n        continue\n    else:\n        pass",
    "a = b = [*range(3)]; a[1:2], (c, d) = [9], (1, 2); del a",
    "x: 'no such \\\\ type' = 0x_ff + 0b1 + 0o7 + 1_000 + 1e5 + 2j",
    "e = lambda *a, k=1, **kw: (yield)",
    "async def later(): return [i async for i in ()]",
    "def inner(a, /, b, *, c=1): nonlocal_ = a; return b",
    "class Local:\n        '''\\\\alpha'''\n        text = ()",
    "text = b'\\x00\\xff' + rb'\\d'; more = 'a' 'b' '\\\n'",
    "t = ...; u = not -+~1; v = 1 if t else 2; w = 1 < 2 < 3 != 4",
    "n = " + " + ".join(["1"] * 340),
    "n = " + " - ".join(["1"] * 1200),
    "n = 0x" + "f" * 6000,
    "n = " + "not " * 150 + "1",
    "def typed[T: int, *Ts, **P](x: T) -> T: return x",
    "class Typed[T]:\n        pass",
    "type Pair[T] = tuple[T, T]",
    "def typed[T = int](x: T) -> T: return x",
    't = t"{probs.shape}\\n{1!r:>{2}}"',
    't = t"a" t"{1}"',
    "try:\n        1 / 0\n    except ZeroDivisionError, KeyError:\n        pass",
)

ANNOTATIONS = (
    "int", "'int'", "'a \\\\ b'", "list[int] | None", "torch.Tensor", "no_such_name", "1 / 0",
    "lambda: 0", "[i for i in range(3)]", "f'{1}\\n'", "...", "print and None",
)  # fmt: skip
"""Since 3.14 they are evaluated only when somebody asks for them."""


def _function(*, doc: str = '"""Text."""', body: str = "pass", of: str = "", head: str = "") -> str:
    """Return a source with the answer and what is odd about it."""
    signature = f"def dprobs(probs{of}, dlogprobs)"
    return f"{head}\nimport torch\n\n\n{signature}:\n    {doc}\n    {body}\n    return {ANSWER}\n"


def _everything() -> Iterator[str]:
    for text in DOCSTRINGS.values():
        for prefix, quote in itertools.product(("", "r", "u", "f"), ('"""', '"')):
            yield _function(doc=f"{prefix}{quote}{text}{quote}")
    for text in FSTRINGS:
        yield _function(body=f"told = {text}")
        yield _function(body=f"assert probs is not None, {text}")
    for text in STATEMENTS:
        yield _function(body=text)
        yield _function(head=text.replace("\n    ", "\n"))
    for text in ANNOTATIONS:
        yield _function(of=f": {text}")
        yield _function(of=f": {text}", head="from __future__ import annotations")


def readable() -> list[str]:
    """Return the sources that this Python can parse."""
    return [source for source in _everything() if _parses(source)]


def unreadable() -> list[str]:
    """Return those that it cannot parse; another version can."""
    return [source for source in _everything() if not _parses(source)]


def _parses(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "odd", "exec")
    except (SyntaxError, ValueError):
        return False
    return True
