"""Sparse products as loops in C++, built with g++ where there is one."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import torch

SOURCE = Path(__file__).with_name("feature_major.cpp")


class Compiled:
    """The C++ loops as an autograd function."""

    def __init__(self, folder):
        target = Path(folder) / "feature_major.so"
        subprocess.run(
            [
                "g++",
                "-O3",
                "-march=native",
                "-ffast-math",
                "-shared",
                "-fPIC",
                str(SOURCE),
                "-o",
                str(target),
            ],
            check=True,
        )
        self.library = ctypes.CDLL(str(target))

    def call(self, name, *parts):
        given = [
            ctypes.c_void_p(p.data_ptr())
            if isinstance(p, torch.Tensor)
            else ctypes.c_int64(p)
            for p in parts
        ]
        getattr(self.library, name)(*given)

    def product(self, x, w, edges, h):
        return _CompiledProduct.apply(x, w, edges, h, self)


class _CompiledProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, edges, h, compiled):
        ctx.save_for_backward(x, w)
        ctx.rest = (edges, h, compiled)
        n_out = edges.n_out
        y = torch.empty(n_out * h, x.shape[1])
        compiled.call("forward", edges.crow, edges.col, w, x, y, n_out, h, x.shape[1])
        return y

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        edges, h, compiled = ctx.rest
        g = g.contiguous()
        gw = torch.empty_like(w)
        batch = x.shape[1]
        compiled.call(
            "weight_gradient", edges.crow, edges.col, g, x, gw, edges.n_out, h, batch
        )
        gx = None
        if ctx.needs_input_grad[0]:
            gx = torch.empty_like(x)
            compiled.call(
                "input_gradient",
                edges.ccol,
                edges.row_t,
                edges.perm,
                w,
                g,
                gx,
                edges.n_in,
                h,
                batch,
            )
        return gx, gw, None, None, None
