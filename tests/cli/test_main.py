"""The one edge of the command line: help, usage, expected failures, bugs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from harness import SAFESHELL, environment, safeshell

from safeshell import __version__
from safeshell.cli.main import COMMANDS
from safeshell.paths import Home

Cli = object
