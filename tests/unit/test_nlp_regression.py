"""The numbers under the classifier."""

import numpy as np
import pytest

from nlp.regression import best_temperature, fit_softmax, minimise, project, rank_for, softmax
from nlp.scope import ScopeGate, evidence


def test_that_the_minimum_of_a_bowl_is_found() -> None:
    scales = np.array([1.0, 10.0, 100.0])
    goal = np.array([3.0, -2.0, 0.5])
    found = minimise(
        lambda x: (float((scales * (x - goal) ** 2).sum()), 2 * scales * (x - goal)), np.zeros(3), iterations=100
    )
    assert found == pytest.approx(goal, abs=1e-2)


def test_that_a_projection_gives_the_same_products() -> None:
    rows = np.random.default_rng(3).standard_normal((40, 12)).astype(np.float32)
    projection = project(rows @ rows.T, 1000)
    assert np.allclose(projection.rows @ projection.rows.T, rows @ rows.T, atol=1e-2)
    weights = np.ones((projection.rows.shape[1], 1), np.float32)
    assert np.allclose(rows @ (rows.T @ (projection.back @ weights)), projection.rows @ weights, atol=1e-2)


def test_that_large_matrices_are_projected_nearly_as_well() -> None:
    rows = np.random.default_rng(3).standard_normal((200, 10)).astype(np.float32)
    projection = project(rows @ rows.T, 30)
    assert projection.rows.shape[1] <= 30
    assert np.allclose(projection.rows @ projection.rows.T, rows @ rows.T, atol=0.1)


def test_that_a_few_rows_can_stand_for_all() -> None:
    rows = np.random.default_rng(3).standard_normal((200, 10)).astype(np.float32)
    examples = np.arange(0, 200, 4)
    projection = project(rows @ rows[examples].T, 30, examples=examples)
    assert projection.back.shape[0] == len(examples)
    assert np.allclose(projection.rows @ projection.rows.T, rows @ rows.T, atol=0.1)
    weights = np.ones((projection.rows.shape[1], 1), np.float32)
    assert np.allclose(rows @ (rows[examples].T @ (projection.back @ weights)), projection.rows @ weights, atol=0.1)


def test_that_a_row_that_counts_thrice_is_as_good_as_three() -> None:
    rows = np.array([[1, 0], [0, 1], [1, 1]], np.float32)
    targets = np.array([0, 1, 1])
    weights, bias = fit_softmax(rows, targets, 2, counts=np.array([3, 1, 1], np.float32))
    again, bias_again = fit_softmax(np.vstack([rows[:1], rows[:1], rows]), np.array([0, 0, *targets]), 2)
    assert np.allclose(weights, again, atol=0.02)
    assert np.allclose(bias, bias_again, atol=0.02)


def test_that_doubt_is_shared_by_all_classes() -> None:
    rows, targets = np.repeat(np.eye(4, dtype=np.float32), 5, axis=0), np.repeat(np.arange(4), 5)
    for doubt in (0.0, 0.2):
        weights, bias = fit_softmax(rows, targets, 4, strength=1e5, doubt=doubt)
        found = softmax(rows @ weights + bias)
        assert np.allclose(found[np.arange(20), targets], 1 - doubt * 3 / 4, atol=0.01)


def test_that_many_classes_get_fewer_directions() -> None:
    assert rank_for(100, 50) == 100
    assert rank_for(2700, 77) < rank_for(2700, 51) <= 2000
    assert rank_for(2700, 300) == 500
    assert rank_for(4500, 77) < rank_for(9000, 77) == 1500
    assert rank_for(100_000, 50) == 3000


def test_that_a_softmax_separates_what_can_be_separated() -> None:
    random = np.random.default_rng(4)
    centres = np.array([[3, 0], [-3, 0], [0, 3]])
    targets = np.repeat(np.arange(3), 30)
    rows = (centres[targets] + random.standard_normal((90, 2))).astype(np.float32)
    weights, bias = fit_softmax(rows, targets, 3)
    assert ((rows @ weights + bias).argmax(axis=1) == targets).mean() > 0.9


def test_that_boastful_logits_are_cooled() -> None:
    random = np.random.default_rng(5)
    targets = random.integers(2, size=400)
    says = np.where(random.random(400) < 0.75, targets, 1 - targets)
    logits = np.zeros((400, 2), np.float32)
    logits[np.arange(400), says] = 5
    temperature = best_temperature(logits, targets)
    assert softmax(logits / temperature).max(axis=1).mean() == pytest.approx(0.75, abs=0.05)


def test_that_a_gate_tells_near_from_far_but_turns_few_away() -> None:
    random = np.random.default_rng(6)
    inside = random.uniform(0.5, 1, (200, 4)).astype(np.float32)
    outside = random.uniform(0, 0.6, (100, 4)).astype(np.float32)
    gate = ScopeGate.fit(inside, np.ones(200, bool), outside)
    assert (gate.score(outside) < gate.threshold).mean() > 0.9
    assert (gate.score(inside) < gate.threshold).mean() <= 0.101


def test_that_evidence_is_the_top_its_lead_and_the_nearest() -> None:
    found = evidence(np.array([[0.7, 0.2, 0.1]], np.float32), np.array([[0.3, 0.9]]), np.array([[0.1, 0.0]]))
    assert found[0] == pytest.approx([0.7, 0.5, 0.9, 0.1])
