import gzip

import pytest

from meristem.sequence.variants.tables import open_table


def test_a_table_is_kept_only_when_complete(tmp_path):
    with open_table(tmp_path / "t.tsv.gz") as stream:
        stream.write("a\n")
    assert gzip.open(tmp_path / "t.tsv.gz", "rt").read() == "a\n"
    with pytest.raises(ZeroDivisionError), open_table(tmp_path / "u.tsv") as stream:
        stream.write(str(1 / 0))
    assert [path.name for path in tmp_path.iterdir()] == ["t.tsv.gz"]
