"""A Slack workspace on loopback that an app cannot tell from the real one."""

from bot.sandbox.slack.sandbox import SlackSandbox
from bot.sandbox.slack.values import Ack, App, CannotDo, Channel, Controls, Message, Person, Shortcut, UserGroup

__all__ = [
    "Ack",
    "App",
    "CannotDo",
    "Channel",
    "Controls",
    "Message",
    "Person",
    "Shortcut",
    "SlackSandbox",
    "UserGroup",
]
