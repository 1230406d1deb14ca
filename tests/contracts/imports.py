"""What every desk for imports holds to, the real one and the simulated one."""

from __future__ import annotations

import pytest

from pitstop.model.accounts import Actor, Role
from pitstop.model.errors import Conflict, InvalidInput, NotFound, NotPermitted
from pitstop.service.desk import ImportsDesk
from pitstop.wire.views import ImportView, NewFile, NewImport

OPERATOR = Actor("ada", Role.OPERATOR, "test")
READER = Actor("rea", Role.READER, "test")
FILES = (NewFile(name="usb/a.bin", size=4), NewFile(name="usb/b.bin", size=0))


class ImportsContract:
    """Subclasses give the fixture ``desk``."""

    def begun(self, desk: ImportsDesk) -> ImportView:
        return desk.begin(OPERATOR, NewImport(name="usb", files=FILES))

    def test_an_upload_says_how_much_of_each_file_is_here(self, desk: ImportsDesk) -> None:
        item = self.begun(desk)
        assert (item.state, item.handed, item.by, item.kept) == ("receiving", "uploaded", "ada", True)
        assert desk.receive(OPERATOR, item.id, 0, 0, b"ab") == 2
        shown = desk.show(READER, item.id)
        assert [(file.name, file.size, file.received) for file in shown.files] == [
            ("usb/a.bin", 4, 2),
            ("usb/b.bin", 0, 0),
        ]
        assert desk.list(READER) == (shown,)

    def test_bytes_at_the_wrong_place_are_refused_with_the_right_one(self, desk: ImportsDesk) -> None:
        item = self.begun(desk)
        desk.receive(OPERATOR, item.id, 0, 0, b"ab")
        for offset in (0, 1, 3):
            with pytest.raises(Conflict) as refused:
                desk.receive(OPERATOR, item.id, 0, offset, b"c")
            assert refused.value.hint == "Go on from byte 2."
        assert desk.receive(OPERATOR, item.id, 0, 2, b"cd") == 4

    def test_what_is_not_whole_is_not_finished(self, desk: ImportsDesk) -> None:
        item = self.begun(desk)
        with pytest.raises(Conflict, match=r"a\.bin is not whole yet"):
            desk.finish(OPERATOR, item.id)
        assert desk.show(READER, item.id).state == "receiving"

    def test_a_discarded_import_is_gone(self, desk: ImportsDesk) -> None:
        item = self.begun(desk)
        desk.discard(OPERATOR, item.id)
        assert desk.list(READER) == ()
        with pytest.raises(NotFound):
            desk.show(READER, item.id)

    def test_what_is_not_there_is_said(self, desk: ImportsDesk) -> None:
        item = self.begun(desk)
        with pytest.raises(NotFound):
            desk.receive(OPERATOR, item.id, 2, 0, b"x")
        with pytest.raises(NotFound):
            desk.finish(OPERATOR, "01234567-0000")
        with pytest.raises(InvalidInput):
            desk.begin(OPERATOR, NewImport(name="usb", files=FILES, path="/media/usb"))
        with pytest.raises(InvalidInput):
            desk.begin(OPERATOR, NewImport(name="usb"))

    def test_readers_only_look(self, desk: ImportsDesk) -> None:
        item = self.begun(desk)
        with pytest.raises(NotPermitted):
            desk.begin(READER, NewImport(name="usb", files=FILES))
        with pytest.raises(NotPermitted):
            desk.receive(READER, item.id, 0, 0, b"ab")
        with pytest.raises(NotPermitted):
            desk.finish(READER, item.id)
        with pytest.raises(NotPermitted):
            desk.discard(READER, item.id)

    def test_of_a_form_the_files_are_what_comes(self, desk: ImportsDesk) -> None:
        item = desk.begin_form(OPERATOR, "usb", 1_000)
        for name, chunk in (("a.bin", b""), ("a.bin", b"ab"), ("b.bin", b""), ("a.bin", b"c")):
            desk.receive_named(OPERATOR, item.id, name, chunk)
        shown = desk.show(READER, item.id)
        assert [(file.name, file.size, file.received) for file in shown.files] == [
            ("a.bin", 3, 3),
            ("b.bin", 0, 0),
        ]
        assert desk.finish(OPERATOR, item.id).state != "receiving"

    def test_a_form_without_files_is_not_finished(self, desk: ImportsDesk) -> None:
        item = desk.begin_form(OPERATOR, "usb", 1_000)
        with pytest.raises(InvalidInput, match="no files were chosen"):
            desk.finish(OPERATOR, item.id)
        with pytest.raises(NotPermitted):
            desk.begin_form(READER, "usb", 1_000)
        with pytest.raises(NotPermitted):
            desk.receive_named(READER, item.id, "a.bin", b"x")
