"""The page that `make eval` writes."""

from pathlib import Path

from bench.evaluate import Run, measure, page, section

RUN = Run("A set", "handoff", ("faq", "--questions", "{data}/q.tsv", "--queries", "{data}/q.tsv"), "nothing")


def test_that_numbers_stand_beside_those_of_the_peer_and_the_published_ones() -> None:
    text = page([section(RUN, {"mcc": 0.7, "oos_recall": None, "plain_rasa": {"mcc": 0.5}})])
    assert "| mcc | 0.7 | 0.5 |" in text
    assert "| oos_recall | – | – |" in text
    assert "Published: nothing." in text
    assert "../shared/data/q.tsv" in text


def test_that_a_curve_is_a_table_of_its_own() -> None:
    text = section(RUN, {"f1": 0.3, "curve": [{"anger": 0.5, "handed_off_share": 0.2}]})
    assert "| f1 | 0.3 |\n\n| anger | handed_off_share |\n| --- | --- |\n| 0.5 | 0.2 |" in text


def test_that_a_missing_set_is_said_to_be_missing(tmp_path: Path) -> None:
    result = measure(RUN, tmp_path, peer=False)
    assert isinstance(result, str)
    assert "No such file" in result
    assert str(tmp_path) not in result
    assert "Not measured" in section(RUN, result)
