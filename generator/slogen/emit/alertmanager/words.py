"""The words of ROUTES.md: paragraphs, lists, tables, and what it calls receivers and intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from slogen.model import Receiver, TimeInterval

_WIDTH = 118
_KINDS = {"pagerduty": "PagerDuty", "opsgenie": "Opsgenie", "msteams": "Microsoft Teams", "discord": "Discord"}


def prose(text: str) -> str:
    """Return a paragraph."""
    return _fold(text, "") + "\n"


def bullets(texts: Iterable[str]) -> str:
    """Return a list."""
    return "".join(_fold(f"- {text}", "  ") for text in texts) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines) + "\n"


def commands(lines: Iterable[str]) -> str:
    """Return lines for a shell."""
    return "".join(f"{line}\n" for line in ["```sh", *lines, "```"]) + "\n"


def _fold(text: str, indent: str) -> str:
    lines = textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "".join(f"{line}\n" for line in lines)


def listed(things: Sequence[str]) -> str:
    """Return things as a sentence lists them: `a, b and c`."""
    return things[0] if len(things) == 1 else ", ".join(things[:-1]) + " and " + things[-1]


def code(text: str) -> str:
    """Return a text as code, fit for a cell of a table."""
    fence, space = ("``", " ") if "`" in text else ("`", "")
    return fence + space + text.replace("|", "\\|") + space + fence


def over(receiver: Receiver) -> str:
    """Return what reaches an audience."""
    settings = {key: str(value) for key, value in receiver.settings}
    match receiver.integration:
        case "slack":
            return f"Slack {code(settings['channel'])}"
        case "email":
            return f"mail to {code(settings['to'])}"
        case "webhook":
            return f"webhook {code(settings['url'])}" if "url" in settings else "webhook"
        case "telegram":
            return f"Telegram, chat {settings['chatId']}"
    return _KINDS[receiver.integration]


def pagers(receivers: Iterable[Receiver]) -> list[str]:
    """Return the services among receivers in which people acknowledge."""
    return sorted({_KINDS[one.integration] for one in receivers if one.integration in ("pagerduty", "opsgenie")})


def interval_words(interval: TimeInterval) -> str:
    """Return when a time interval is: `Monday to Friday, 09:00 to 17:30, Europe/Berlin`."""
    parts = [
        _either(_span(text) for text in interval.weekdays),
        _either(_span(text) for text in interval.months),
        _either(_days(text) for text in interval.days_of_month),
        _either(f"{start} to {end}" for start, end in interval.times),
        interval.location or "UTC",
    ]
    return ", ".join(part for part in parts if part)


def _either(texts: Iterable[str]) -> str:
    found = list(texts)
    return " or ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)


def _span(text: str) -> str:
    return " to ".join(end.capitalize() for end in text.split(":"))


def _days(text: str) -> str:
    return " to ".join(_day(end) for end in text.split(":")) + " of the month"


def _day(number: str) -> str:
    """Return a day of the month: `the 3rd`, `the last day`, `the 3rd last day`."""
    if number == "-1":
        return "the last day"
    days = number.removeprefix("-")
    end = "th" if days[-2:-1] == "1" else {"1": "st", "2": "nd", "3": "rd"}.get(days[-1], "th")
    return f"the {days}{end}" + (" last day" if number.startswith("-") else "")
