"""Go templates as Prometheus uses them in alerts: whether they parse, and what they use.

A template that does not parse makes Prometheus refuse the whole rule file. The grammar is that of Go 1.19's
text/template/parse, with which Prometheus 2.42 was built; arguments are not checked, as there. Hexadecimal
fractions and imaginary numbers, which nobody needs in an alert, are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from slogen.core import closest
from slogen.promql.gotokens import CLOSED, DEEPEST, END, SPACE, STRING, TemplateError, Token, tokens_of

# Source: text/template/funcs.go, and prometheus/template/template.go of 2.42.
FUNCTIONS = frozenset({
    "and", "call", "html", "index", "slice", "js", "len", "not", "or", "print", "printf", "println", "urlquery",
    "eq", "ge", "gt", "le", "lt", "ne", "query", "first", "value", "label", "strvalue", "sortByLabel", "args",
    "reReplaceAll", "safeHtml", "match", "title", "toUpper", "toLower", "graphLink", "tableLink", "stripPort",
    "stripDomain", "humanize", "humanize1024", "humanizeDuration", "humanizePercentage", "humanizeTimestamp",
    "toTime", "pathPrefix", "externalURL", "parseDuration",
})  # fmt: skip
# Later ones, and the Prometheus that brought them. Source: its CHANGELOG.md.
NEWER = {"toDuration": (3, 6), "now": (3, 6), "urlQueryEscape": (3, 8)}
VARIABLES = ("$labels", "$value", "$externalLabels", "$externalURL")

_HINT = "see Prometheus' template reference"
_COMMENT_ENDS = re.compile(r"(?:[ \t\r\n]-)?\}\}")
_OPERANDS = frozenset({"string", "char", "number", "field", "dot", "variable", "bool", "nil", "function"})
_LITERALS = frozenset({"string", "char", "number", "bool", "nil", "dot"})


@dataclass(frozen=True, slots=True)
class Template:
    """What a template refers to: functions, variables with their `$`, and `.` or fields such as `.Value`."""

    names: frozenset[str] = frozenset()

    @property
    def needs(self) -> tuple[tuple[str, tuple[int, int]], ...]:
        """The functions that only newer servers have, with the first version that has them."""
        return tuple((name, since) for name, since in NEWER.items() if name in self.names)


_PLAIN = Template()


@lru_cache(maxsize=4096)
def parse_template(text: str) -> Template:
    """Read a template; raises TemplateError."""
    return _Parser(text).template() if "{{" in text else _PLAIN


@dataclass(slots=True)
class _Open:
    """A block that waits for its end."""

    kind: str
    shown: str
    variables: int  # that are known outside
    other: bool = False  # it is past its else
    chained: int = 0  # `else if` inside of it, closed by the same end


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.names: set[str] = set()
        self.variables = ["$", *VARIABLES]
        self.kept: list[list[str]] = []  # the variables outside of a define
        self.open: list[_Open] = []
        self.shown = ""
        self.tokens: list[Token] = []
        self.place = 0

    def template(self) -> Template:
        at = self.text.find("{{")
        while at >= 0:
            end = self.action(at + 2)
            at = self.text.find("{{", end)
        if self.open:
            raise TemplateError(f"{self.open[-1].shown} has no end", "close it with {{ end }}")
        return Template(frozenset(self.names))

    def action(self, start: int) -> int:
        """Read one action, whose text begins at `start`; return where it ends."""
        text = self.text
        trims = text[start : start + 1] == "-" and text[start + 1 : start + 2] != "" and text[start + 1] in SPACE
        start += 2 if trims else 0
        if text.startswith("/*", start):
            return self.comment(start)
        end = self.closing(start)
        inner = text[start:end]
        if len(inner) > 1 and inner[-1] == "-" and inner[-2] in SPACE:
            inner = inner[:-2] + " "
        self.shown = "{{ " + " ".join(inner.split()) + " }}"
        self.tokens, self.place = tokens_of(inner, self.shown), 0
        self.statement()
        return end + 2

    def comment(self, start: int) -> int:
        close = self.text.find("*/", start + 2)
        if close < 0:
            raise TemplateError("a comment is not closed", "close it with */}}")
        found = _COMMENT_ENDS.match(self.text, close + 2)
        if found is None:
            raise TemplateError("a comment is not alone in its braces", "write {{/* … */}}")
        return found.end()

    def closing(self, start: int) -> int:
        """Return where the }} of an action stands, outside of strings."""
        text, place = self.text, start
        while place < len(text):
            if text.startswith(CLOSED, place):
                return place
            quote = text[place]
            if quote in "\"`'":
                found = STRING.match(text, place)
                if found is None:
                    raise TemplateError("a string is not closed", f"close it: {text[place : place + 30]}")
                place = found.end()
            else:
                place += 1
        raise TemplateError("an action is not closed", "close it with }}, or write {{ as {{ `{{` }}")

    # Reading tokens.

    def peek(self) -> Token:
        while self.tokens[self.place].kind == "space":
            self.place += 1
        return self.tokens[self.place]

    def next(self) -> Token:
        token = self.peek()
        self.place += token is not END
        return token

    def wrong(self, token: Token) -> TemplateError:
        told = "ends too early" if token is END else f"has {token.text!r} in a place where it cannot stand"
        return TemplateError(f"{self.shown} {told}", f"correct {self.shown}")

    def finish(self) -> None:
        token = self.next()
        if token is not END:
            raise self.wrong(token)

    # Statements.

    def statement(self) -> None:
        kind = self.peek().kind
        if kind in ("if", "range", "with", "block", "define"):
            self.begin(kind)
        elif kind == "else":
            self.otherwise()
        elif kind == "end":
            self.end()
        elif kind in ("break", "continue"):
            self.next()
            self.finish()
            if not any(block.kind == "range" and not block.other for block in self.open):
                raise TemplateError(f"{self.shown} outside of a range", "remove it")
        elif kind == "template":
            self.next()
            self.named()
            if self.peek() is not END:
                self.pipeline(END.text)
            self.finish()
        else:
            self.pipeline(END.text)
            self.finish()

    def begin(self, kind: str) -> None:
        self.next()
        if len(self.open) >= DEEPEST:
            raise TemplateError(f"more than {DEEPEST} blocks inside each other", "write it with fewer")
        if kind == "define" and self.open:
            raise TemplateError("a define inside of a block", "write it before")
        self.open.append(_Open(kind, self.shown, len(self.variables)))
        if kind in ("block", "define"):
            self.named()
        if kind != "define":
            self.pipeline(END.text, ranges=kind == "range")
        self.finish()
        if kind in ("block", "define"):
            self.kept.append(self.variables)
            self.variables = ["$"]

    def otherwise(self) -> None:
        self.next()
        block = self.open[-1] if self.open else None
        if block is None or block.other or block.kind in ("block", "define"):
            raise TemplateError(f"{self.shown} without an if", "remove it, or open one before")
        if self.peek().kind == "if" and block.kind == "if":
            self.next()
            self.pipeline(END.text)
        else:
            block.other = True
        self.finish()

    def end(self) -> None:
        self.next()
        self.finish()
        if not self.open:
            raise TemplateError("{{ end }} closes nothing", "remove it, or open an if, range or with before")
        block = self.open.pop()
        if block.kind in ("block", "define"):
            self.variables = self.kept.pop()
        del self.variables[block.variables :]

    def named(self) -> None:
        token = self.next()
        if token.kind != "string":
            raise self.wrong(token)

    # Pipelines: `$x := a b | c`.

    def pipeline(self, end: str, *, ranges: bool = False) -> None:
        self.declarations(ranges=ranges)
        first = True
        while self.peek().text != end or self.peek().kind in ("string", "char"):
            self.command(first=first)
            first = False
        if first:
            raise TemplateError(f"{self.shown} has nothing in it", "write a value such as $value")

    def declarations(self, *, ranges: bool) -> None:
        for count in range(2):
            start = self.place
            token = self.peek()
            if token.kind != "variable":
                return
            self.next()
            mark = self.peek().text if self.peek().kind == "mark" else ""
            if mark not in ("=", ":=", ","):
                self.place = start
                return
            self.next()
            self.variables.append(token.text)
            if mark != ",":
                return
            if not ranges or count:
                raise TemplateError(f"{self.shown} declares too much", "declare one variable")
            if self.peek().kind != "variable" and self.peek() is not END and self.peek().text != ")":
                raise self.wrong(self.peek())

    def command(self, *, first: bool) -> None:
        """Read one command and the | after it."""
        operands = 0
        while True:
            token = self.peek()
            if token.text == "(" and token.kind == "mark":
                self.next()
                self.pipeline(")")
                self.next()
            elif token.kind in _OPERANDS:
                if not first and not operands and token.kind in _LITERALS:
                    raise TemplateError(f"{self.shown} passes a value on to {token.text}", "write a function there")
                self.next()
                self.use(token)
            else:
                break
            operands += 1
            while self.tokens[self.place].kind == "field":
                if token.kind in _LITERALS:
                    raise TemplateError(f"{self.shown} takes a field of {token.text}", f"correct {self.shown}")
                self.place += 1
            if self.tokens[self.place].kind in _OPERANDS or self.tokens[self.place].text == "(":
                raise self.wrong(self.tokens[self.place])
        if not operands:
            raise self.wrong(self.peek())
        if self.peek().kind == "mark" and self.peek().text == "|":
            self.next()
        elif self.peek() is not END and self.peek().text != ")":
            raise self.wrong(self.peek())

    def use(self, token: Token) -> None:
        if token.kind == "function" and token.text not in FUNCTIONS and token.text not in NEWER:
            raise TemplateError(f"{self.shown}: there is no function {token.text}", _nearest(token.text, FUNCTIONS))
        if token.kind == "variable" and token.text not in self.variables:
            raise TemplateError(
                f"{self.shown}: there is no variable {token.text}", _nearest(token.text, self.variables[1:])
            )
        if token.kind in ("function", "variable", "field", "dot"):
            self.names.add(token.text)


def _nearest(word: str, known: frozenset[str] | list[str]) -> str:
    close = closest(word, sorted(known))
    return f"did you mean {close}?" if close else _HINT
