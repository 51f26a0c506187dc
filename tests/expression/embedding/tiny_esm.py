"""A tiny random ESM with a tokenizer of 6-mers, saved as a folder of the hub has it."""

import itertools
import json
import math
from pathlib import Path

import pytest
import torch

SPECIAL = ["<unk>", "<pad>", "<mask>", "<cls>"]


def save_tiny_esm(folder: Path, *, biased: bool = True, words: int = 3) -> Path:
    """Tokens: words of so many bases, then single letters; random weights.

    The bias of the output knows which tokens there are, so that its loss lies below
    that of guessing; without it the network guesses, or worse.
    """
    transformers = pytest.importorskip("transformers")
    folder.mkdir(parents=True)
    vocabulary = [
        *SPECIAL,
        *("".join(w) for w in itertools.product("ATCG", repeat=words)),
        *"ATCGN",
    ]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "EsmTokenizer",
                "model_max_length": 40,
                "cls_token": "<cls>",
                "eos_token": None,
                "pad_token": "<pad>",
                "mask_token": "<mask>",
                "unk_token": "<unk>",
            }
        )
    )
    config = transformers.EsmConfig(
        vocab_size=len(vocabulary),
        mask_token_id=2,
        pad_token_id=1,
        hidden_size=12,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=60,
        token_dropout=False,
        position_embedding_type="absolute",
    )
    torch.manual_seed(3)
    network = transformers.EsmForMaskedLM(config)
    with torch.no_grad():
        bias = torch.full((len(vocabulary),), -5.0)
        bias[len(SPECIAL) : -5] = 0.0
        network.lm_head.bias.copy_(bias if biased else -bias * math.e)
    network.save_pretrained(folder)
    return folder
