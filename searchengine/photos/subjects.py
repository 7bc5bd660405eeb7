"""Keywords (`dc:subject`) written into XMP, and not a byte of anything else changed.

The XML parser says where something belongs, and there it is put into the text as it stands: other programs' properties,
prefixes, comments and padding stay theirs. How XMP is read stands in `xmp`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from searchengine.photos.xmp import DC, RDF, values

_LISTS = frozenset(f"{RDF}{kind}" for kind in ("Bag", "Seq", "Alt"))

_NEW = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="searchengine">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""/>
 </rdf:RDF>
</x:xmpmeta>
"""


class ForeignXmpError(ValueError):
    """XMP that can't be added to without risk; the reason is a clause."""


@dataclass(slots=True)
class _Element:
    """Where an element stands in the text, in bytes."""

    name: str
    start: int
    end: int = -1  # where its end tag starts; where it is over, when it is empty: `<a/>`
    inside: list[_Element] = field(default_factory=list)

    def child(self, *names: str) -> _Element | None:
        return next((element for element in self.inside if element.name in names), None)

    def below(self, name: str) -> _Element | None:
        """The first element of a name in it, at any depth."""
        for element in self.inside:
            found = element if element.name == name else element.below(name)
            if found is not None:
                return found
        return None


def with_subjects(packet: bytes | None, subjects: Sequence[str]) -> bytes | None:
    """The XMP with these keywords added to those that it has; a new one where there is none.

    None when it has them all, in any case. Raises ForeignXmpError for what is no XMP as it should be.
    """
    packet = _NEW.encode() if packet is None else packet
    before = _properties(packet)
    known = {text.strip().casefold() for name, text in before if name == DC + "subject"}
    new = [subject for subject in dict.fromkeys(subjects) if subject.casefold() not in known]
    if not new:
        return None
    changed = _inserted(packet, new)
    if sorted(_properties(changed)) != sorted([*before, *((DC + "subject", subject) for subject in new)]):
        raise ForeignXmpError("its keywords are written in an unusual way")
    return changed


def _properties(packet: bytes) -> list[tuple[str, str]]:
    try:
        root = fromstring(packet, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise ForeignXmpError("it is no XMP, or is torn") from error
    return [(name, text) for name, text in values(root) if text.strip()]


def _inserted(packet: bytes, subjects: Sequence[str]) -> bytes:
    rdf = _elements(packet).below(RDF + "RDF")
    description = rdf and rdf.child(RDF + "Description")
    if rdf is None or description is None:
        raise ForeignXmpError("it describes nothing")
    subject = next((found for each in rdf.inside if (found := each.child(DC + "subject"))), None)
    items = "".join(f"<rdf:li xmlns:rdf={_quoted(RDF)}>{escape(each)}</rdf:li>" for each in subjects)
    if subject is None:
        bag = f"<rdf:Bag xmlns:rdf={_quoted(RDF)}>{items}</rdf:Bag>"
        return _put_into(packet, description, f"<dc:subject xmlns:dc={_quoted(DC)}>{bag}</dc:subject>")
    holder = subject.child(*_LISTS)
    if holder is None:
        raise ForeignXmpError("its keywords are written in an unusual way")
    return _put_into(packet, holder, items)


def _put_into(packet: bytes, element: _Element, text: str) -> bytes:
    """The packet with a text at the end of an element."""
    close = packet.index(b">", _after_attributes(packet, element.start))  # of its start tag
    if packet[close - 1 : close] != b"/":
        return packet[: element.end] + text.encode() + packet[element.end :]
    name = packet[element.start + 1 : close - 1].split(maxsplit=1)[0]
    return packet[: close - 1] + b">" + text.encode() + b"</" + name + b">" + packet[close + 1 :]


def _after_attributes(packet: bytes, start: int) -> int:
    """Where a start tag has no quotes any more: a value may hold a `>`."""
    position = start
    while True:
        close = packet.index(b">", position)
        quotes = [found for quote in (b'"', b"'") if (found := packet.find(quote, position, close)) >= 0]
        if not quotes:
            return position
        opening = min(quotes)
        position = packet.index(packet[opening : opening + 1], opening + 1) + 1


def _elements(packet: bytes) -> _Element:
    """Where every element stands; what holds the root."""
    parser = ParserCreate(namespace_separator="}")
    top = _Element("", 0)
    open_elements = [top]

    def starts(name: str, _attributes: object) -> None:
        element = _Element(_name(name), parser.CurrentByteIndex)
        open_elements[-1].inside.append(element)
        open_elements.append(element)

    def ends(_name: str) -> None:
        open_elements.pop().end = parser.CurrentByteIndex

    parser.StartElementHandler, parser.EndElementHandler = starts, ends
    try:
        parser.Parse(packet, True)
    except ExpatError as error:
        raise ForeignXmpError("it is no XMP, or is torn") from error
    if not packet.lstrip(b"\xef\xbb\xbf").startswith(b"<"):
        raise ForeignXmpError("it isn't written in UTF-8")
    return top


def _name(name: str) -> str:
    """Expat's "uri}local" as ElementTree writes it."""
    return "{" + name if "}" in name else name


def _quoted(namespace: str) -> str:
    return f'"{namespace.strip("{}")}"'
