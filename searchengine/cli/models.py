"""`searchengine models`: list, download, switch and carry models. The only command that may touch the network."""

from __future__ import annotations
