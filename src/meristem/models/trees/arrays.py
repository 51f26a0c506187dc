"""Decision trees as plain arrays: written without pickle, walked in NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray

LEAF = -1


@dataclass(frozen=True)
class TreeArrays:
    """The nodes of many trees in one list; children count from the list's start."""

    root: NDArray[np.int32]  # (n_tree,)
    left: NDArray[np.int32]  # (n_node,) LEAF where the node is a leaf
    right: NDArray[np.int32]  # (n_node,)
    feature: NDArray[np.int32]  # (n_node,)
    threshold: FloatArray  # (n_node,) left when value <= threshold
    value: FloatArray  # (n_node,)

    def predict(
        self,
        features: NDArray,  # (n_sample, n_feature)
    ) -> FloatArray:  # (n_tree, n_sample)
        """Return the value of the leaf each sample reaches, tree by tree."""
        sample = np.arange(features.shape[0])
        node = np.repeat(self.root[:, None], sample.size, axis=1)
        while True:
            inner = self.left[node] != LEAF
            if not inner.any():
                return self.value[node]
            # a leaf asks feature 0, its answer is not used
            asked = features[sample, np.where(inner, self.feature[node], 0)]
            goes_left = asked <= self.threshold[node]
            child = np.where(goes_left, self.left[node], self.right[node])
            node = np.where(inner, child, node)

    def arrays(self) -> dict[str, NDArray]:
        """Return everything as arrays, for the fitted state."""
        return {
            "root": self.root,
            "left": self.left,
            "right": self.right,
            "feature": self.feature,
            "threshold": self.threshold,
            "value": self.value,
        }


def join_trees(trees: list[dict[str, NDArray]]) -> TreeArrays:
    """Return the trees in one list; each gives left, right, feature, threshold, value.

    Children are positions within the tree, LEAF in a leaf.
    """
    sizes = np.array([tree["left"].size for tree in trees])
    root = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    parts: dict[str, list[NDArray]] = {"left": [], "right": []}
    for tree, first in zip(trees, root, strict=True):
        for side, moved in parts.items():
            moved.append(np.where(tree["left"] == LEAF, LEAF, tree[side] + first))
    joined = {name: np.concatenate(part) for name, part in parts.items()}

    def whole(name: str) -> NDArray:
        return np.concatenate([tree[name] for tree in trees])

    return TreeArrays(
        root,
        joined["left"].astype(np.int32),
        joined["right"].astype(np.int32),
        whole("feature").astype(np.int32),
        whole("threshold").astype(np.float64),
        whole("value").astype(np.float64),
    )


def boosted_trees(model: Any) -> TreeArrays:  # sklearn HistGradientBoostingRegressor
    """Return the trees of fitted histogram boosting, one per round."""
    trees = []
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        trees.append(
            {
                "left": np.where(leaf, LEAF, nodes["left"].astype(np.int64)),
                "right": np.where(leaf, LEAF, nodes["right"].astype(np.int64)),
                "feature": np.where(leaf, 0, nodes["feature_idx"].astype(np.int64)),
                "threshold": np.where(leaf, 0.0, nodes["num_threshold"]),
                "value": nodes["value"],
            }
        )
    return join_trees(trees)
