"""The knowledge network as others write it: level by level, term by term."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from meristem.nn.sparse import edge_product, expand_edges


class LevelByLevel(nn.Module):
    """tanh terms of h outputs, each level one sparse map over genes and terms."""

    def __init__(self, plan, h, kind, compiled=None):
        super().__init__()
        self.h, self.kind, self.compiled = h, kind, compiled
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        self.maps, self.masks = [], []
        n_gene = plan.variants.n_variant
        known = n_gene
        for level in plan.levels:
            row, col = self._edges(level, n_gene, h)
            shared = {"members": 1, "shared_input": True}
            units = 1 if kind == "compiled" else h
            edges = expand_edges(
                row, col, (level.n_node, known), units_out=units, **shared
            )
            count = edges.n_edge * (h if kind == "compiled" else 1)
            if kind == "dense":
                mask = torch.zeros(level.n_node * h, known)
                mask[edges.row, edges.col] = 1.0
                self.masks.append(mask)
                self.weights.append(nn.Parameter(torch.randn_like(mask) * mask * 0.1))
            else:
                self.weights.append(nn.Parameter(0.1 * torch.randn(count)))
            self.biases.append(nn.Parameter(torch.zeros(level.n_node * h, 1)))
            self.maps.append(edges)
            known += level.n_node * h

    @staticmethod
    def _edges(level, n_gene, h):
        terms = (n_gene + level.node_col[:, None] * h + np.arange(h)).ravel()
        row = np.concatenate([level.variant_row, np.repeat(level.node_row, h)])
        return row, np.concatenate([level.variant_col, terms])

    def forward(self, z):
        for number, edges in enumerate(self.maps):
            weight = self.weights[number]
            if self.kind == "dense":
                y = (weight * self.masks[number]) @ z
            elif self.kind == "compiled":
                y = self.compiled.product(z, weight, edges, self.h)
            else:
                y = edge_product(z, weight, edges)
            z = torch.cat([z, torch.tanh(y + self.biases[number])])
        return z[-self.h :]


class TermByTerm(nn.Module):
    """One nn.Linear per term."""

    def __init__(self, plan, h):
        super().__init__()
        n_gene = plan.variants.n_variant
        self.terms, self.sources = nn.ModuleList(), []
        for level in plan.levels:
            row, col = LevelByLevel._edges(level, n_gene, h)
            layer = []
            for node in range(level.n_node):
                source = torch.from_numpy(col[row == node])
                layer.append(source)
                self.terms.append(nn.Linear(source.numel(), h))
            self.sources.append(layer)

    def forward(self, x):
        number, out = 0, None
        for layer in self.sources:
            found = []
            for source in layer:
                found.append(torch.tanh(self.terms[number](x[:, source])))
                number += 1
            out = found[-1]
            x = torch.cat([x, *found], dim=1)
        return out
