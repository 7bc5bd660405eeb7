"""Keywords written beside photos: added to what is there, and nothing else of it changed."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchengine.photos import xmp
from searchengine.photos.sidecars import Sidecar, add_subjects
from searchengine.photos.subjects import ForeignXmpError, with_subjects

DIGIKAM = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <!-- rated by hand -->
  <rdf:Description rdf:about=""
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmp:Rating="4" digiKam:PickLabel="a > b">
   <digiKam:TagsList>
    <rdf:Seq>
     <rdf:li>Trips/2019 &amp; before</rdf:li>
    </rdf:Seq>
   </digiKam:TagsList>
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">Grandma's caf\u00e9</rdf:li>
    </rdf:Alt>
   </dc:description>
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Trips</rdf:li>
     <rdf:li>Dog</rdf:li>
    </rdf:Bag>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""

DARKTABLE = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:darktable="http://darktable.sf.net/"
   darktable:xmp_version="5"
   darktable:auto_presets_applied="1">
   <darktable:history>
    <rdf:Seq>
     <rdf:li darktable:num="0" darktable:operation="exposure" darktable:params="gz03eJx"/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""


def written(packet: str | None, *subjects: str) -> str:
    changed = with_subjects(None if packet is None else packet.encode(), subjects)
    assert changed is not None
    return changed.decode()


def test_a_new_file_holds_the_keywords_alone() -> None:
    facts = xmp.read(written(None, "dog", "birthday cake", "R&B <live>"))
    assert facts.keywords == ("dog", "birthday cake", "R&B <live>")
    assert facts.caption is None


def test_keywords_are_added_and_every_other_byte_stays() -> None:
    changed = written(DIGIKAM, "dog", "beach")
    assert xmp.read(changed).keywords == ("Trips", "Dog", "beach")
    assert re.sub(r"<rdf:li[^>]*>beach</rdf:li>", "", changed) == DIGIKAM


def test_where_there_are_no_keywords_a_list_of_them_is_made() -> None:
    changed = written(DARKTABLE, "beach")
    assert xmp.read(changed).keywords == ("beach",)
    assert re.sub(r"<dc:subject.*</dc:subject>", "", changed) == DARKTABLE


@pytest.mark.parametrize(
    "packet",
    [
        '<rdf:Description rdf:about="a > b"/>',
        "<rdf:Description rdf:about='' d:quote='\"/>' ></rdf:Description>",
        '<rdf:Description><dc:subject xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Bag/></dc:subject></rdf:Description>',
        (
            '<rdf:Description d:a="1"/><rdf:Description><k:subject xmlns:k="http://purl.org/dc/elements/1.1/"><rdf:Seq>'
            "</rdf:Seq></k:subject></rdf:Description>"
        ),
    ],
)
def test_however_it_is_written_the_keywords_find_their_place(packet: str) -> None:
    whole = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="urn:d">' + packet + "</rdf:RDF>"
    assert xmp.read(written(whole, "beach", "sea")).keywords == ("beach", "sea")


@pytest.mark.parametrize("packet", [None, DIGIKAM, DARKTABLE])
def test_what_has_them_all_in_any_case_is_not_written(packet: str | None) -> None:
    once = written(packet, "dog", "beach")
    assert with_subjects(once.encode(), ["DOG", "Beach"]) is None


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"not XML",
        DIGIKAM.encode()[:-40],
        DIGIKAM.encode("utf-16"),
        b"<html><body>no photo</body></html>",
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + DARKTABLE.encode().partition(b"?>\n")[2],
        DARKTABLE.replace("<darktable:history>", '<dc:subject xmlns:dc="http://purl.org/dc/elements/1.1/">dog</dc:subject>'
                          "<darktable:history>").encode(),
        DARKTABLE.encode() + b"<more/>",
    ],
)  # fmt: skip
def test_what_is_foreign_or_torn_is_left(packet: bytes) -> None:
    with pytest.raises(ForeignXmpError):
        with_subjects(packet, ["beach"])


@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30), min_size=1, max_size=5))
def test_any_words_can_be_read_again(words: list[str]) -> None:
    known = list({word.casefold(): word for word in words}.values())
    assert set(known) <= set(xmp.read(written(DARKTABLE, *known)).keywords)


@pytest.mark.parametrize(
    ("photo", "expected"), [("a.jpg", "a.jpg.xmp"), ("a.NEF", "a.xmp"), ("b.c.heic", "b.c.heic.xmp")]
)
def test_a_new_file_lies_where_photo_programs_look(tmp_path: Path, photo: str, expected: str) -> None:
    (tmp_path / photo).write_bytes(b"a photo")
    assert add_subjects(bytes(tmp_path / photo), ["dog"]) == Sidecar(bytes(tmp_path / expected), new=True)
    assert xmp.read((tmp_path / expected).read_bytes()).keywords == ("dog",)
    assert (tmp_path / photo).read_bytes() == b"a photo"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([photo, expected])


def test_the_file_that_is_there_is_added_to_and_keeps_its_rights(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    sidecar = tmp_path / "a.xmp"
    sidecar.write_text(DIGIKAM, "utf-8")
    sidecar.chmod(0o640)
    assert add_subjects(bytes(tmp_path / "a.jpg"), ["beach"]) == Sidecar(bytes(sidecar), new=False)
    assert xmp.read(sidecar.read_bytes()).keywords == ("Trips", "Dog", "beach")
    assert stat.S_IMODE(sidecar.stat().st_mode) == 0o640
    assert add_subjects(bytes(tmp_path / "a.jpg"), ["Beach"]) is None


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    assert add_subjects(bytes(tmp_path / "a.jpg"), ["dog"], dry_run=True) is not None
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_what_cannot_be_done_is_said_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    (tmp_path / "a.jpg.xmp").write_bytes(b"my own notes")
    left = add_subjects(bytes(tmp_path / "a.jpg"), ["dog"])
    assert left is not None
    assert left.problem == "it is no XMP, or is torn"
    assert (tmp_path / "a.jpg.xmp").read_bytes() == b"my own notes"
    gone = add_subjects(os.fsencode(tmp_path / "gone.jpg"), ["dog"])
    assert gone is not None
    assert gone.problem == "there is no such file"
    (tmp_path / "b.jpg").write_bytes(b"a photo")
    (tmp_path / "b.jpg.xmp").mkdir()
    folder = add_subjects(bytes(tmp_path / "b.jpg"), ["dog"])
    assert folder is not None
    assert folder.problem == "it is no regular file"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "a.jpg.xmp", "b.jpg", "b.jpg.xmp"]
