import errno
import gzip
import hashlib
from pathlib import Path

import pytest

from meristem.errors import DataError
from meristem.text.files import (
    hash_file,
    open_text,
    read_text,
    replacing,
    require_file,
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
    assert open_text(tmp_path / "crlf").readlines() == ["a,b\n", "1,é\n"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"a\nb\xff\xfe\n", "line 2"),
        (gzip.compress(b"x" * 999, mtime=0)[:-9], "truncated"),
        (b"\x1f\x8b\x08\x00garbage", "truncated"),
    ],
)
def test_unreadable_text_is_named(tmp_path: Path, raw: bytes, said: str) -> None:
    file = tmp_path / "bad"
    file.write_bytes(raw)
    with pytest.raises(DataError, match=said) as caught:
        read_text(file)
    assert str(file) in caught.value.message


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
