"""Reasons why a runner is not taken off when the command starts, for its row's `kept`."""

from __future__ import annotations

TEXT = "it runs a text: the shell that reads it looks commands up along PATH, where their shims are"
ELSEWHERE = "it runs elsewhere: no directory or variable of ours counts there"
WORD = "it is a word of the shell's: no program starts"
PATH = "it looks the command up along PATH, where its shim is"
ANOTHER = "it looks the command up as another user, where no shim is: rules can name it itself"
OWN_PATH = "it looks the command up along a PATH of its own, on which ours follows"

SHELL = (b"sh",)
"""The user's shell, whichever that is, as a row's `default`."""

UTIL = ("-h", "--help", "-V", "--version")
HELP = ("--help", "--version")
