"""One thread: the matrices are small, and a busy machine makes more threads slow."""

import torch

torch.set_num_threads(1)
