from meristem.runs import memory
from meristem.runs.memory import memory_limit


def test_the_container_counts(tmp_path, monkeypatch):
    file = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_GROUP", file)
    whole = memory_limit()
    assert whole > 2**28
    file.write_text("max\n")
    assert memory_limit() == whole
    file.write_text("123456\n")
    assert memory_limit() == 123456
    assert memory_limit(99) == 99
