"""A calculator that strangers may type into: `+ - * / // % **`, signs, parentheses, ints and floats.

Rule: every bound (length, nesting, digits) is checked before the work it bounds, and whatever is wrong is a
`CalculationError` whose text is for the user. No `eval` and no `ast`: a precedence climber over one table, so
that what is not in the table cannot happen. Neighbour: `tools`, which offers it to the model.
"""

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_LENGTH = 200  # characters of an expression
MAX_DEPTH = 40  # operators and parentheses inside one another
MAX_DIGITS = 1000  # of a whole number

_MAX_BITS = int(MAX_DIGITS * math.log2(10))
_TOKEN = re.compile(r"\s*((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|\*\*|//|[-+*/%()])", re.ASCII)
_WORD = re.compile(r"\s*(\w{1,20}|.)", re.DOTALL)
_END = ""

Number = int | float


class CalculationError(ValueError):
    """The expression has no result; the text says why."""


@dataclass(frozen=True, slots=True)
class _Operator:
    level: int  # binds tighter when higher
    right: int  # the least level of its right operand: its own when it groups from the right
    apply: Callable[[Any, Any], Any]


_SIGNED = 3  # a sign binds looser than a power: -2**2 is -4
_SIGNS: dict[str, Callable[[Any], Any]] = {"+": operator.pos, "-": operator.neg}
_OPERATORS = {
    "+": _Operator(1, 2, operator.add),
    "-": _Operator(1, 2, operator.sub),
    "*": _Operator(2, 3, operator.mul),
    "/": _Operator(2, 3, operator.truediv),
    "//": _Operator(2, 3, operator.floordiv),
    "%": _Operator(2, 3, operator.mod),
    "**": _Operator(4, 4, operator.pow),
}


def calculate(expression: str) -> str:
    """The value of `expression` in digits; raises `CalculationError`."""
    if len(expression) > MAX_LENGTH:
        raise CalculationError(f"the expression is longer than {MAX_LENGTH} characters")
    value = _Parser(_tokens(expression)).whole()
    return str(value) if isinstance(value, int) else f"{value + 0.0:.15g}"  # + 0.0 makes -0.0 a plain 0


def _tokens(expression: str) -> list[str]:
    text, position, tokens = expression.rstrip(), 0, []
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            word = _WORD.match(text, position)
            raise CalculationError(f"{word[1] if word else text!r} is no number and none of + - * / // % ** ( )")
        tokens.append(match[1])
        position = match.end()
    return [*tokens, _END]


class _Parser:
    """Reads the tokens once, from left to right, and computes as it goes."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = iter(tokens)
        self._next = next(self._tokens)

    def whole(self) -> Number:
        value = self._expression(level=1, depth=0)
        self._expect(_END)
        return value

    def _expression(self, level: int, depth: int) -> Number:
        value = self._operand(depth)
        while (found := _OPERATORS.get(self._next)) and found.level >= level:
            self._take()
            value = _apply(found, value, self._expression(found.right, depth + 1))
        return value

    def _operand(self, depth: int) -> Number:
        if depth > MAX_DEPTH:
            raise CalculationError(f"the expression is nested more than {MAX_DEPTH} deep")
        symbol = self._take()
        if symbol == "(":
            value = self._expression(level=1, depth=depth + 1)
            self._expect(")")
            return value
        if symbol in _SIGNS:
            return _checked(_SIGNS[symbol](self._expression(_SIGNED, depth + 1)))
        if symbol in _OPERATORS or symbol in {")", _END}:
            raise CalculationError(f"a number is missing before {symbol or 'the end'}")
        return _checked(int(symbol) if symbol.isdigit() else float(symbol))

    def _take(self) -> str:
        token, self._next = self._next, next(self._tokens, _END)
        return token

    def _expect(self, token: str) -> None:
        if self._next != token:
            missing = f"{token} is missing" if token else "an operator is missing"
            raise CalculationError(f"{missing} before {self._next or 'the end'}")
        self._take()


def _apply(found: _Operator, left: Number, right: Number) -> Number:
    if found.apply is operator.pow and isinstance(left, int) and isinstance(right, int):
        # The least that the result can have, so that it is refused before it is computed.
        _refuse_beyond(_MAX_BITS, (left.bit_length() - 1) * right)
    try:
        return _checked(found.apply(left, right))
    except ZeroDivisionError:
        raise CalculationError("division by zero") from None
    except OverflowError:
        raise CalculationError("the result is too large") from None


def _checked(value: int | float | complex) -> Number:
    if isinstance(value, complex):
        raise CalculationError("the result is not a real number")
    if isinstance(value, int):
        _refuse_beyond(_MAX_BITS, value.bit_length())
    elif not math.isfinite(value):
        raise CalculationError("the result is too large")
    return value


def _refuse_beyond(limit: int, bits: int) -> None:
    if bits > limit:
        raise CalculationError(f"the result has more than {MAX_DIGITS} digits")
