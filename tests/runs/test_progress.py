"""`meristem.runs.progress`: the default tells nobody."""

from meristem.runs.progress import Notify, silent


def test_silence_is_a_notification_that_does_nothing(capsys) -> None:
    notify: Notify = silent
    notify("fit", 1, 2)
    assert capsys.readouterr() == ("", "")
