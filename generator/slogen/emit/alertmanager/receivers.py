"""Receivers of Alertmanager: one integration for each audience, with secrets by file only."""

from __future__ import annotations

from slogen.emit.yamltext import flow, scalar
from slogen.model import Receiver
from slogen.plan.routing import RoutedReceiver

_WATCHDOG = "watchdog"  # as plan.routing names it


def receiver_text(receiver: RoutedReceiver) -> str:
    """Return a receiver."""
    text = f"- name: {scalar(receiver.name)}\n"
    for kind in dict.fromkeys(one.integration for one in receiver.audiences):
        mine = [one for one in receiver.audiences if one.integration == kind]
        # msteams_configs post to connectors, which Microsoft has retired.
        key = "msteamsv2" if kind == "msteams" else kind
        text += f"  {key}_configs:\n"
        for audience in mine:
            lines = [f"# {audience.name}", *_integration(audience), *_resolved(receiver)]
            text += "".join(f"  {line}\n" for line in lines)
    return text


def _resolved(receiver: RoutedReceiver) -> list[str]:
    if receiver.name == _WATCHDOG:
        # To a dead man's switch any message is a sign of life, and one that says "resolved" comes when there is none.
        return ["  send_resolved: false  # it would count as a sign of life"]
    return ["  send_resolved: true"]


def _integration(audience: Receiver) -> list[str]:
    """Return the address of an audience and what it is told."""
    settings = {name: scalar(str(value)) for name, value in audience.settings}
    match audience.integration:
        case "pagerduty":
            return [
                f"- routing_key_file: {settings['routingKeyFile']}",
                _said("description", "plain.title"),
                _said("severity", "pagerduty.severity"),
                _said("client_url", "dashboard"),
                _said("source", "pagerduty.source"),
                _said("class", "plain.word", ".CommonLabels.alertname"),
                _said("component", "plain.word", ".CommonLabels.service"),
                _said("group", "plain.word", ".CommonLabels.cluster"),
                "  details:",
                *(f"  {_said(name, f'pagerduty.{name}')}" for name in ("firing", "resolved", "acknowledge")),
                "  links:",
                *(_link(text, name) for text, name in _PAGERDUTY_LINKS),
            ]
        case "opsgenie":
            return [
                # Before 0.28.1 the file is sent as it is, and a header that ends in a new line is refused.
                f"- api_key_file: {settings['apiKeyFile']}  # the key alone, without a new line after it",
                _said("message", "plain.title"),
                _said("description", "opsgenie.description"),
                _said("priority", "opsgenie.priority"),
                _said("source", "alerts"),
                _said("entity", "plain.word", ".CommonLabels.service"),
            ]
        case "slack":
            return [
                f"- api_url_file: {settings['apiUrlFile']}",
                f"  channel: {settings['channel']}",
                _said("color", "colour"),
                _said("title", "slack.title"),
                _said("title_link", "dashboard"),
                _said("text", "slack.text"),
                _said("fallback", "slack.title"),
                _said("footer", "slack.rest"),
                "  actions:",
                _button("slack.dashboard", "dashboard"),
                _button("slack.runbook", "slack.runbook.url"),
                _button("slack.act", "slack.act.url", style="slack.act.style"),
            ]
        case "email":
            return [
                f"- to: {settings['to']}",
                "  headers: {Subject: '{{ template \"slogen.plain.title\" . }}'}",
                _said("text", "mail.text"),
                _said("html", "mail.html"),
            ]
        case "webhook":
            return [f"- url: {settings['url']}" if "url" in settings else f"- url_file: {settings['urlFile']}"]
        case "msteams":
            return [
                f"- webhook_url_file: {settings['webhookUrlFile']}",
                _said("title", "markdown.title"),
                _said("text", "markdown.text"),
            ]
        case "telegram":
            return [
                f"- bot_token_file: {settings['botTokenFile']}",
                f"  chat_id: {dict(audience.settings)['chatId']}",
                "  parse_mode: HTML",
                _said("message", "telegram.message"),
            ]
        case "discord":
            return [
                f"- webhook_url_file: {settings['webhookUrlFile']}",
                _said("title", "markdown.title"),
                _said("message", "markdown.text"),
            ]
    raise AssertionError(f"no such integration: {audience.integration}")


_PAGERDUTY_LINKS = (
    ("Dashboard", "dashboard"),
    ("Runbook", "runbook"),
    ("Traces", "traces"),
    ("Acknowledge: nobody further is told", "acknowledge"),
    ("Silence: nobody hears of it", "pagerduty.silence"),
)


def _template(name: str, data: str = ".") -> str:
    return "'{{ template \"slogen." + name + '" ' + data + " }}'"


def _said(key: str, name: str, data: str = ".") -> str:
    return f"  {key}: {_template(name, data)}"


def _link(text: str, name: str) -> str:
    return f"  - {{text: {flow(text)}, href: {_template(name)}}}"


def _button(text: str, url: str, style: str | None = None) -> str:
    styled = f", style: {_template(style)}" if style else ""
    return f"  - {{type: button, text: {_template(text)}, url: {_template(url)}{styled}}}"
