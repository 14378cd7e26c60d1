"""Independent parser of multipart bodies."""

from __future__ import annotations

from dataclasses import dataclass, field

from python_multipart.multipart import MultipartParser, parse_options_header


@dataclass
class Part:
    """Part of a form."""

    name: str
    filename: str | None
    content: bytes
    headers: list[str] = field(default_factory=list, compare=False)


class _Reader:
    """Collects the events of the parser."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._headers: dict[str, bytes] = {}
        self._name = self._value = self._content = b""

    def on_part_begin(self) -> None:
        self._headers, self._content = {}, b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self._headers[self._name.decode().lower()] = self._value
        self._name = self._value = b""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._content += data[start:end]

    def on_part_end(self) -> None:
        _, options = parse_options_header(self._headers["content-disposition"])
        filename = options.get(b"filename")
        name, filename = options[b"name"].decode(), filename.decode() if filename else None
        self.parts.append(Part(name, filename, self._content, list(self._headers)))


def parse_form(content_type: str, body: bytes) -> list[Part]:
    """Return the parts of a form in order."""
    reader = _Reader()
    names = ("on_part_begin", "on_header_field", "on_header_value", "on_header_end", "on_part_data", "on_part_end")
    parser = MultipartParser(
        parse_options_header(content_type)[1][b"boundary"], {name: getattr(reader, name) for name in names}
    )
    parser.write(body)
    parser.finalize()
    return reader.parts
