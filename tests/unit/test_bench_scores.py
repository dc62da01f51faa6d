"""The measures of bench/, against values worked out by hand."""

import math

import pytest

from bench.scores import golden_transfer, macro_f1, mcc, precision_recall_f1, rounded


def test_that_perfect_predictions_correlate_fully() -> None:
    assert mcc(["a", "b", "c", "a"], ["a", "b", "c", "a"]) == pytest.approx(1.0)


def test_that_two_classes_give_the_known_formula() -> None:
    truth, found = [1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 0, 1, 0, 0, 0, 0]
    assert mcc(truth, found) == pytest.approx((2 * 4 - 1 * 1) / math.sqrt(3 * 3 * 5 * 5))


def test_that_one_class_alone_correlates_with_nothing() -> None:
    assert mcc(["a", "b"], ["a", "a"]) == 0.0


def test_that_precision_recall_and_f1_are_shares() -> None:
    assert precision_recall_f1([True, True, False], [True, False, False]) == pytest.approx((1.0, 0.5, 2 / 3))
    assert precision_recall_f1([True], [False]) == (0.0, 0.0, 0.0)


def test_that_a_class_never_predicted_pulls_the_macro_mean_down() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "a", "a"]) == pytest.approx((0.8 + 0) / 2)


@pytest.mark.parametrize(
    ("positives", "predictions", "expected"),
    [
        ([], [], 1.0),
        ([3], [], 0.0),
        ([], [3], 0.0),
        ([3], [3], 1.0),
        ([3], [4], math.exp(-0.5)),
        ([3], [3, 4], (1 + math.exp(-0.5)) / 2),
    ],
)
def test_that_a_transfer_counts_by_how_near_it_came(
    positives: list[int], predictions: list[int], expected: float
) -> None:
    assert golden_transfer(positives, predictions, 1) == pytest.approx(expected, abs=1e-6)


def test_that_results_are_rounded_also_inside() -> None:
    assert rounded({"a": 0.123456, "b": {"c": 1 / 3}, "d": None}) == {"a": 0.1235, "b": {"c": 0.3333}, "d": None}
