"""Hidden states of a DNA language model from a local folder (Hugging Face).

Nothing is ever downloaded. After loading, the model has to prove that it is the one
that was trained: no weight missing, as many parameters as expected, a masked-token loss
below that of guessing, ln V.

References
----------
Dalla-Torre et al. 2025, Nat Methods 22:287 (Nucleotide Transformer); Mendoza-Revilla et
al. 2024, Commun Biol 7:835 (AgroNT).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from meristem.errors import ConfigError
from meristem.expression.embedding.protocol import Embedding, bin_edges
from meristem.records import StrArray

EXTRA = "pip install 'meristem[lm]'"
_MASKED = 0.15
_UNUSED = ("contact_head", "pooler")
"""Parts of a checkpoint that no hidden state goes through."""


@dataclass(frozen=True)
class LanguageModel:
    """A loaded model and its tokenizer."""

    tokenizer: Any
    network: Any  # a transformers model for masked tokens
    n_parameter: int
    unexpected: tuple[str, ...] = ()  # weights of the file that the network lacks


@dataclass(frozen=True)
class LanguageModelEmbedder:
    """Hidden states of one layer, averaged over the bases of every position bin.

    A token counts in a bin by the bases of it that lie there. Sequences longer than
    the model reads are cut into equal pieces that are read one by one.
    """

    length: int  # bp
    n_bin: int
    model: LanguageModel
    layer: int  # of the hidden states; 0: embeddings of tokens, -1: the last
    key: str
    about: str = "language model"
    device: str = "cpu"
    batch: int = 64
    _limit: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        config = self.model.network.config
        n_layer = int(config.num_hidden_layers)
        if not -n_layer - 1 <= self.layer <= n_layer:
            raise ConfigError(
                f"there is no hidden layer {self.layer}",
                where="embed.layer",
                remedy=f"the model has layers 0 (tokens) to {n_layer}; -1 is the last",
            )
        object.__setattr__(self, "_limit", _token_limit(self.model))

    @property
    def name(self) -> str:
        """What it is, for reports."""
        millions = self.model.n_parameter / 1e6
        return f"{self.about} ({millions:.3g} M parameters), layer {self.layer}"

    @cached_property
    def channels(self) -> StrArray:
        """(n_channel,) hidden units."""
        width = int(self.model.network.config.hidden_size)
        return np.array([f"unit {number + 1}" for number in range(width)])

    def embed(self, sequences: Sequence[str]) -> Embedding:
        """Return (n, n_bin * n_channel) numbers of the sequences."""
        parts = [
            self._batch(sequences[start : start + self.batch])
            for start in range(0, len(sequences), self.batch)
        ]
        found = np.concatenate(parts)
        if not np.isfinite(found).all():
            raise ConfigError(
                "gives hidden states that are no numbers",
                where="embed.model",
                remedy="use the version of transformers it was made for (4.56.2 for "
                "models with remote code)",
            )
        return found

    @torch.no_grad()
    def _batch(self, sequences: Sequence[str]) -> Embedding:
        pieces = [list(self._pieces(text)) for text in sequences]
        flat = [piece for own in pieces for _, piece in own]
        states, lengths = self._states(flat)
        width = self.channels.size
        edges = bin_edges(self.length, self.n_bin)
        out = np.zeros((len(sequences), self.n_bin, width))
        number = 0
        for row, own in enumerate(pieces):
            for start, _ in own:
                size = lengths[number]  # bases of every token, specials 0
                ends = start + np.cumsum(size)
                share = _overlap(ends - size, ends, edges)  # (n_bin, n_token)
                out[row] += share @ states[number, : size.size]
                number += 1
        out /= np.diff(edges)[None, :, None]
        return out.reshape(len(sequences), -1).astype(np.float32)

    def _pieces(self, text: str) -> Any:
        """Give starts and parts of a sequence that the model can read."""
        n_token = len(self.model.tokenizer.tokenize(text))
        n_piece = max(1, math.ceil(n_token / self._limit))
        while True:
            cut = np.linspace(0, len(text), n_piece + 1).astype(int)
            parts = [text[a:b] for a, b in zip(cut[:-1], cut[1:], strict=True)]
            longest = max(len(self.model.tokenizer.tokenize(part)) for part in parts)
            if longest <= self._limit:
                return zip(cut[:-1].tolist(), parts, strict=True)
            n_piece += 1

    def _states(self, texts: list[str]) -> tuple[np.ndarray, list[np.ndarray]]:
        tokenizer, network = self.model.tokenizer, self.model.network
        given = tokenizer(texts, return_tensors="pt", padding=True)
        given = {name: value.to(self.device) for name, value in given.items()}
        answer = network(**given, output_hidden_states=True)
        states = answer.hidden_states[self.layer].float().cpu().numpy()
        special = set(tokenizer.all_special_tokens)
        lengths = []
        for ids, text in zip(given["input_ids"].tolist(), texts, strict=True):
            tokens = tokenizer.convert_ids_to_tokens(ids)
            size = np.array([0 if t in special else len(t) for t in tokens])
            if size.sum() != len(text):
                raise ConfigError(
                    f"its tokens hold {size.sum()} of {len(text)} bases: they cannot "
                    "be placed on the sequence",
                    where="embed.model",
                    remedy="use a tokenizer whose tokens are stretches of bases, with "
                    "A, C, G, T and N in its vocabulary",
                )
            lengths.append(size)
        return states, lengths


def _overlap(
    starts: np.ndarray,  # (n_token,)
    ends: np.ndarray,  # (n_token,)
    edges: np.ndarray,  # (n_bin + 1,)
) -> np.ndarray:  # (n_bin, n_token) bases
    low = np.maximum(starts[None], edges[:-1, None])
    high = np.minimum(ends[None], edges[1:, None])
    return np.maximum(high - low, 0)


def _token_limit(model: LanguageModel) -> int:
    """Return the most tokens of bases that are read at once."""
    config, tokenizer = model.network.config, model.tokenizer
    n_special = len(tokenizer("").input_ids)
    limits = [int(tokenizer.model_max_length)]
    if getattr(config, "position_embedding_type", "absolute") == "absolute":
        # positions of ESM begin behind the padding index
        first = int(getattr(config, "pad_token_id", 0) or 0) + 1
        limits.append(int(config.max_position_embeddings) - first)
    return max(1, min(limits) - n_special)


def load_language_model(
    folder: Path,
    *,
    remote_code: bool = False,
    revision: str = "",
    parameters: int = 0,
    untrained: int | None = None,
    device: str = "cpu",
) -> LanguageModel:
    """Load a masked language model and its tokenizer from a folder.

    Parameters
    ----------
    folder
        As `save_pretrained` or a checkout of the Hugging Face hub leaves it.
    remote_code, revision
        Run the Python code of the folder; the commit of it that has been read.
    parameters
        Number of parameters it must have; 0: any.
    untrained
        Seed of random weights in place of those in the folder.
    device
        Where it computes.

    Raises
    ------
    ConfigError
        If transformers is not installed, the folder holds no such model, weights are
        missing, or the number of parameters is another one.
    """
    try:
        import transformers  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "a language model needs the library transformers",
            where="embed.kind",
            remedy=f"install it: {EXTRA}",
        ) from error
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if not (folder / "config.json").is_file():
        raise ConfigError(
            "holds no config.json",
            where=folder,
            remedy="give the folder of the model: config.json, the weights "
            "(model.safetensors) and the tokenizer (vocab.txt)",
        )
    common: dict[str, Any] = {
        "local_files_only": True,
        "trust_remote_code": remote_code,
    }
    if remote_code:
        common["code_revision"] = revision
    info: dict[str, Any] = {}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **common)
        if untrained is None:
            network, info = transformers.AutoModelForMaskedLM.from_pretrained(
                folder, output_loading_info=True, **common
            )
        else:
            config = transformers.AutoConfig.from_pretrained(folder, **common)
            torch.manual_seed(untrained)
            network = transformers.AutoModelForMaskedLM.from_config(
                config, trust_remote_code=remote_code
            )
    except (OSError, ValueError, ImportError, KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ConfigError(
            f"cannot be loaded ({reason})",
            where=folder,
            remedy="give a folder with config.json, weights and tokenizer; a model "
            "that brings its own code needs embed.remote_code and embed.revision",
        ) from error
    missing = [
        name
        for name in sorted(info.get("missing_keys", ()))
        if not any(part in name for part in _UNUSED)
    ]
    mismatched = [str(one[0]) for one in info.get("mismatched_keys", ())]
    if missing or mismatched:
        wrong = [*missing, *mismatched]
        raise ConfigError(
            f"lacks {len(wrong)} weights of the network ({', '.join(wrong[:3])}, ...): "
            "they would be random",
            where=folder,
            remedy="use the version of transformers it was made for, or fetch the "
            "weights again; kind = 'untrained' is the same network with random weights",
        )
    n = sum(one.numel() for one in network.parameters())
    if parameters and n != parameters:
        raise ConfigError(
            f"has {n} parameters, not {parameters}",
            where=folder,
            remedy="use the version of transformers it was made for (weights that are "
            "tied may have come apart), or correct embed.parameters",
        )
    network.eval().to(device)
    return LanguageModel(
        tokenizer, network, n, tuple(sorted(info.get("unexpected_keys", ())))
    )


@torch.no_grad()
def masked_loss(
    model: LanguageModel, sequences: Sequence[str], *, rng: np.random.Generator
) -> float:
    """Return the loss (nats per token) of tokens hidden at random, 15 in 100."""
    tokenizer, network = model.tokenizer, model.network
    limit, total, count = _token_limit(model), 0.0, 0
    for text in sequences:
        given = tokenizer(text, return_tensors="pt", truncation=True, max_length=limit)
        ids = given["input_ids"]
        special = torch.tensor(
            [
                tokenizer.get_special_tokens_mask(
                    ids[0].tolist(), already_has_special_tokens=True
                )
            ]
        ).bool()
        free = np.flatnonzero(~special.numpy()[0])
        size = max(1, round(_MASKED * free.size))
        hidden = np.sort(rng.choice(free, size, replace=False))
        shown = ids.clone()
        shown[0, hidden] = tokenizer.mask_token_id
        device = network.device
        logits = network(
            input_ids=shown.to(device),
            attention_mask=given["attention_mask"].to(device),
        ).logits[0, hidden]
        loss = torch.nn.functional.cross_entropy(
            logits.float().cpu(), ids[0, hidden], reduction="sum"
        )
        total, count = total + float(loss), count + hidden.size
    return total / max(count, 1)


def refuse_guessing(
    model: LanguageModel,
    sequences: Sequence[str],
    folder: Path,
    *,
    rng: np.random.Generator,
) -> float:
    """Return the masked-token loss on sequences; refuse one no better than guessing.

    Raises
    ------
    ConfigError
        If it is ln V or more, V the size of the vocabulary.
    """
    loss = masked_loss(model, sequences, rng=rng)
    guessing = math.log(len(model.tokenizer))
    if not loss < guessing:
        raise ConfigError(
            f"its loss of hidden tokens is {loss:.3f} on promoters of this genome, "
            f"guessing among {len(model.tokenizer)} tokens gives {guessing:.3f}: it "
            "was loaded wrongly, or never trained",
            where=folder,
            remedy="use the version of transformers it was made for; kind = "
            "'untrained' is the same network with random weights",
        )
    return loss
