"""A vehicle's terminal as it speaks JT/T 808-2013 over TCP: frames, and a small client."""

from services.simulator.terminal.client import Terminal, TerminalClient, TerminalRefused
from services.simulator.terminal.frame import batch_body, frame, position_body, split

__all__ = [
    "Terminal",
    "TerminalClient",
    "TerminalRefused",
    "batch_body",
    "frame",
    "position_body",
    "split",
]
