import json
import math

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from tests.expression.embedding.tiny_esm import save_tiny_esm

from meristem.config.expression.panel import EmbedConfig
from meristem.errors import ConfigError
from meristem.expression.embedding.catalog import Request, build_embedder
from meristem.expression.embedding.language_model import (
    load_language_model,
    masked_loss,
)

pytest.importorskip("transformers")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

RNG = np.random.default_rng(1)
SEQUENCES = ["".join(RNG.choice(list("ACGT"), 60)) for _ in range(5)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_esm(tmp_path_factory.mktemp("lm") / "tiny")


def embedder(folder, kind="language_model", known=SEQUENCES, **options):
    config = EmbedConfig(kind=kind, model=folder, bins=4, **options)
    return build_embedder(Request(config, 60, 1, known))


def test_tokens_are_pooled_into_the_bins_of_their_bases(folder) -> None:
    made = embedder(folder, layer=1)
    found = made.embed(SEQUENCES).reshape(5, 4, 12)
    assert made.channels.size == 12
    model = made.model
    given = model.tokenizer(SEQUENCES[0], return_tensors="pt")
    states = model.network(**given, output_hidden_states=True).hidden_states[1]
    per_base = np.repeat(states[0, 1:].detach().numpy(), 3, axis=0)  # behind <cls>
    assert per_base.shape == (60, 12)
    for part in range(4):
        expected = per_base[15 * part : 15 * (part + 1)].mean(axis=0)
        np.testing.assert_allclose(found[0, part], expected, atol=1e-5)


def test_one_base_changes_and_batches_do_not(folder) -> None:
    made = embedder(folder, batch=2)
    whole = made.embed(SEQUENCES)
    alone = np.concatenate([made.embed([s]) for s in SEQUENCES])
    np.testing.assert_allclose(whole, alone, atol=1e-5)
    other = SEQUENCES[0][:20] + ("A" if SEQUENCES[0][20] != "A" else "C")
    other += SEQUENCES[0][21:]
    assert np.abs(made.embed([other]) - whole[0]).max() > 1e-4


def test_unknown_bases_and_odd_lengths_find_their_place(folder) -> None:
    text = SEQUENCES[0][:7] + "NN" + SEQUENCES[0][9:]
    assert np.isfinite(embedder(folder).embed([text])).all()


def test_long_sequences_are_read_in_pieces(folder) -> None:
    config = EmbedConfig(kind="language_model", model=folder, bins=5)
    made = build_embedder(Request(config, 300, 1, SEQUENCES))
    text = "".join(RNG.choice(list("ACGT"), 300))
    pieces = list(made._pieces(text))  # 100 tokens, 39 at once
    assert [start for start, _ in pieces] == [0, 100, 200]
    assert np.isfinite(made.embed([text])).all()


def test_the_loss_lies_below_guessing_or_the_model_is_refused(folder, tmp_path) -> None:
    model = load_language_model(folder)
    loss = masked_loss(model, SEQUENCES, rng=np.random.default_rng(2))
    assert loss < math.log(len(model.tokenizer))
    bad = save_tiny_esm(tmp_path / "bad", biased=False)
    with pytest.raises(ConfigError, match="loss of hidden tokens"):
        embedder(bad)
    assert "untrained" in embedder(bad, "untrained").name


def test_the_untrained_control_has_other_weights_of_the_same_shape(folder) -> None:
    trained = embedder(folder).embed(SEQUENCES)
    control = embedder(folder, "untrained")
    found = control.embed(SEQUENCES)
    assert found.shape == trained.shape
    assert np.abs(found - trained).max() > 0.1
    np.testing.assert_array_equal(found, embedder(folder, "untrained").embed(SEQUENCES))
    assert control.key != embedder(folder).key


def test_missing_weights_are_refused(folder, tmp_path) -> None:
    bad = save_tiny_esm(tmp_path / "cut")
    path = bad / "model.safetensors"
    weights = load_file(path)
    weights.pop("esm.encoder.layer.1.output.dense.weight")
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(ConfigError, match="lacks 1 weights"):
        embedder(bad)


def test_the_number_of_parameters_is_checked(folder) -> None:
    n = load_language_model(folder).n_parameter
    assert load_language_model(folder, parameters=n).n_parameter == n
    with pytest.raises(ConfigError, match=f"has {n} parameters, not 7"):
        load_language_model(folder, parameters=7)


def test_layers_and_folders_that_are_not_there_are_refused(folder, tmp_path) -> None:
    with pytest.raises(ConfigError, match="no hidden layer 5"):
        embedder(folder, layer=5)
    with pytest.raises(ConfigError, match=r"no config\.json"):
        embedder(tmp_path)


def test_remote_code_never_runs_unasked(tmp_path) -> None:
    folder = save_tiny_esm(tmp_path / "remote")
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["model_type"] = "esm_of_somebody"
    config["auto_map"] = {
        "AutoConfig": "code.Config",
        "AutoModelForMaskedLM": "code.Model",
    }
    path.write_text(json.dumps(config))
    (folder / "code.py").write_text("raise SystemExit('it ran')\n")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        embedder(folder)
    with pytest.raises(ValueError, match=r"needs embed\.revision"):
        EmbedConfig(kind="language_model", model=folder, remote_code=True)
