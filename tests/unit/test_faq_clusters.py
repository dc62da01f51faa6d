"""Texts by meaning: the same clusters whatever the order, the most typical text first."""

import numpy as np

from faq.clusters import cluster
from faq.search import FaqSearch
from handoff.domain.faq import Entry
from tests.fakes.encoder import HashingEncoder


def test_that_alike_texts_come_together_and_the_most_typical_is_first() -> None:
    similarity = np.full((5, 5), -0.2, np.float32)
    for one, other, alike in ((0, 2, 0.5), (2, 4, 0.9), (0, 4, 0.3), (1, 3, 0.4)):
        similarity[one, other] = similarity[other, one] = alike
    np.fill_diagonal(similarity, 1)
    assert cluster(similarity) == [[2, 4, 0], [1, 3]]
    order = np.array([3, 0, 4, 2, 1])
    again = [[int(order[place]) for place in places] for places in cluster(similarity[np.ix_(order, order)])]
    assert sorted(map(sorted, again)) == [[0, 2, 4], [1, 3]]


def test_that_nothing_and_one_text_are_clusters_too() -> None:
    assert cluster(np.zeros((0, 0), np.float32)) == []
    assert cluster(np.ones((1, 1), np.float32)) == [[0]]


def test_that_the_search_clusters_texts_it_never_saw() -> None:
    search = FaqSearch(HashingEncoder())
    assert search.cluster(["甲", "乙"]) == [[0], [1]]
    search.update([Entry("a", "x", {"zh": ("怎么退货",)}, {"zh": "这样。"})])
    texts = ["能送到月球吗", "abc def", "能送到月球上吗", "\ud83d", ""]
    clusters = search.cluster(texts)
    assert sorted(place for places in clusters for place in places) == list(range(5))
    assert [0, 2] in [sorted(places) for places in clusters]
