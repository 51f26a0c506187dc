import errno
import gzip
import hashlib
from pathlib import Path

import pytest

from meristem.errors import DataError
from meristem.text import files
from meristem.text.files import (
    hash_file,
    read_text,
    replacing,
    require_file,
    unpacked,
    write_text,
)


def test_dress_of_text_does_not_matter(tmp_path: Path) -> None:
    plain = "a,b\n1,é\n"
    forms = {
        "plain": plain.encode(),
        "bom": b"\xef\xbb\xbf" + plain.encode(),
        "crlf": plain.replace("\n", "\r\n").encode(),
        "mac": plain.replace("\n", "\r").encode(),
        "gz": gzip.compress(plain.encode()),
    }
    for name, raw in forms.items():
        file = tmp_path / name
        file.write_bytes(raw)
        assert read_text(file) == plain, name
    for name in ("plain", "gz"):
        with unpacked(tmp_path / name) as stream:
            assert stream.read().decode() == plain


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"a\nb\xff\xfe\n", "line 2"),
        (gzip.compress(b"x" * 999, mtime=0)[:-9], "truncated"),
        (b"\x1f\x8b\x08\x00garbage", "truncated"),
        (b"a,b\n1,\0\n", "line 2"),
        (gzip.compress(b"1\n" + b"\0" * 40_000_000), "line 2"),
    ],
)
def test_unreadable_text_is_named(tmp_path: Path, raw: bytes, said: str) -> None:
    file = tmp_path / "bad"
    file.write_bytes(raw)
    with pytest.raises(DataError, match=said) as caught:
        read_text(file)
    assert str(file) in caught.value.message


def test_a_packed_file_may_not_grow_beyond_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_FREE_BYTES", 1 << 20)
    file = tmp_path / "trap.csv.gz"
    file.write_bytes(gzip.compress(b"line,y\n" + b"a,1\n" * 5_000_000))
    with pytest.raises(DataError, match="unpacks to more than") as caught:
        read_text(file)
    assert str(file) in caught.value.where


def test_lines_are_counted_while_they_are_read(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text("a\n" * 9)
    assert read_text(file, 9).count("a") == 9
    with pytest.raises(DataError, match="has more than 8 lines"):
        read_text(file, 8)


def test_folders_and_absent_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="folder"):
        require_file(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        require_file(tmp_path / "none")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "a"
    write_text(file, "old")

    def half() -> None:
        with replacing(file) as temporary:
            temporary.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DataError, match="No space left"):
        half()
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_folders_are_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "store"
    for content in ("one", "two"):
        with replacing(target) as temporary:
            temporary.mkdir()
            (temporary / content).write_text(content)
    assert [path.name for path in target.iterdir()] == ["two"]


def test_hashes_are_sha256(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    assert hash_file(file) == hashlib.sha256(b"abc").hexdigest()
