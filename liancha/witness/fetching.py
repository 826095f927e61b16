"""Asking a site, over plain http or https, with the standard library; nothing is believed."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

LARGEST = 64 * 1024 * 1024
SECONDS = 20.0


class Unreachable(Exception):
    """No answer, or none that can be read. Chinese; says which address."""


class Answered(Exception):
    """The site answered with an error status; what it said."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status} {text[:200]}")
        self.status = status
        self.text = text


class Site:
    """One site's public log, or a witness; base is its address, with or without a slash."""

    def __init__(self, base: str, seconds: float = SECONDS) -> None:
        parts = urllib.parse.urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreachable(f"{base} 不是 http:// 或 https:// 开头的地址")
        self.base = base.rstrip("/")
        self.seconds = seconds

    def get(self, path: str, **asked: int | str) -> bytes:
        """Raises Answered for a status of 4xx or 5xx, Unreachable."""
        query = f"?{urllib.parse.urlencode(asked)}" if asked else ""
        return self._send(urllib.request.Request(f"{self.base}{path}{query}"))

    def json(self, path: str, **asked: int | str) -> Any:
        """Raises Answered, Unreachable."""
        data = self.get(path, **asked)
        try:
            return json.loads(data)
        except ValueError as error:
            raise Unreachable(f"{self.base}{path} 的回答不是 JSON") from error

    def post(self, path: str, body: str) -> str:
        """Raises Answered, Unreachable."""
        request = urllib.request.Request(
            f"{self.base}{path}",
            data=body.encode(),
            headers={"Content-Type": "text/plain; charset=utf-8"},
            method="POST",
        )
        return self._send(request).decode(errors="replace")

    def _send(self, request: urllib.request.Request) -> bytes:
        request.add_header("User-Agent", "liancha-witness/1")
        request.add_header("Accept", "application/json, text/plain")
        try:
            with urllib.request.urlopen(request, timeout=self.seconds) as answer:
                data: bytes = answer.read(LARGEST + 1)
        except urllib.error.HTTPError as error:
            with error:
                raise Answered(error.code, error.read(4096).decode(errors="replace")) from error
        except (OSError, ValueError) as error:
            raise Unreachable(f"{request.full_url} 没有回答：{error}") from error
        if len(data) > LARGEST:
            raise Unreachable(f"{request.full_url} 的回答太大")
        return data
