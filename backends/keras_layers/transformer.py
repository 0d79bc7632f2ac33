"""The operations of the chapter transformer: an encoder that is assembled from public layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import Unsupported, is_encoder, operation
from backends.engines.base import Array
from backends.keras_layers import transformer_scripts as scripts
from backends.keras_layers.base import KerasBase


class KerasTransformer(KerasBase):
    """MultiHeadAttention, LayerNormalization and Dense, as a user would put them together."""

    @classmethod
    def spelled(cls, inputs: dict[str, Any]) -> str:
        """The encoder of a case, layer by layer."""
        return scripts.spelled_encoder(inputs) if is_encoder(inputs) else super().spelled(inputs)

    @classmethod
    def own_layout(cls, inputs: dict[str, Any], version: str | None) -> dict[str, Any]:
        """The weights in Keras's order and shapes, the batch as an encoder takes it."""
        return scripts.laid_out(inputs) if is_encoder(inputs) else super().own_layout(inputs, version)

    def _block(self, family: str, model: dict[str, Any], weights: dict[str, Array]) -> dict[str, Any]:
        """The layers of one encoder block, and those around it."""
        layers, (_, hidden, inner), heads = self.keras.layers, weights["inner"].shape, model["heads"]
        dtype = weights["inner"].dtype.name

        def build() -> dict[str, Any]:
            rates = {name: model.get(f"{name}_dropout", 0.0) for name in ("hidden", "attention")}
            attention = layers.MultiHeadAttention(
                heads, hidden // heads, dropout=rates["attention"], dtype=dtype
            )
            x = self.tensors.tensor(np.zeros((1, 1, hidden), weights["inner"].dtype))
            attention(x, x)
            made = {
                "attention": attention,
                "inner": layers.Dense(inner, activation=self.gelu(model["activation"]), dtype=dtype),
                "outer": layers.Dense(hidden, dtype=dtype),
                "dropout": layers.Dropout(rates["hidden"], dtype=dtype),
            }
            made["inner"].build((None, None, hidden))
            made["outer"].build((None, None, inner))
            for name in ("embedding_norm", "attention_norm", "output_norm", "final_norm"):
                made[name] = layers.LayerNormalization(epsilon=model["epsilon"], dtype=dtype)
                made[name].build((None, None, hidden))
            for name in ("token", "segment", "position"):
                if name in weights:
                    made[name] = layers.Embedding(*weights[name].shape, dtype=dtype)
                    made[name].build(None)
            made["pooler"] = layers.Dense(hidden, activation="tanh", dtype=dtype)
            made["pooler"].build((None, hidden))
            return made

        key = ("encoder", family, *model.items(), hidden, inner, dtype)
        return self.layer(key, build)  # type: ignore[no-any-return]

    def gelu(self, name: str) -> Any:
        """The activation of a name."""
        if name == "gelu_new":
            return lambda x: self.keras.activations.gelu(x, approximate=True)
        return name

    def _run(
        self,
        family: str,
        model: dict[str, Any],
        weights: dict[str, Array],
        batch: dict[str, Any],
        training: bool = False,
    ) -> tuple[list[Any], Any, list[Any]]:
        """The states, the last hidden state and the maps."""
        if family not in ("bert", "gpt2"):
            raise Unsupported("Keras has no layer with rotary or relative positions, or with grouped norms")
        if model.get("hidden_dropout", 0.0) or model.get("attention_dropout", 0.0):
            raise Unsupported("where an assembled encoder drops is the assembler's own choice")
        own = self._block(family, model, weights)
        x = self._embed(family, own, weights, batch)
        mask = batch["mask"]
        valid = None if mask is None else self.tensors.tensor(np.asarray(mask != 0)[:, None, :])
        states, maps = [x], []
        for index in range(len(weights["query"])):
            self._load(own, weights, index)
            normed = own["attention_norm"](x) if family == "gpt2" else x
            mixed, map_ = own["attention"](
                normed,
                normed,
                attention_mask=valid,
                return_attention_scores=True,
                use_causal_mask=family == "gpt2",
                training=training,
            )
            maps.append(map_)
            if family == "gpt2":
                x = x + mixed
                x = x + own["outer"](own["inner"](own["output_norm"](x)))
            else:
                x = own["attention_norm"](x + mixed)
                x = own["output_norm"](x + own["outer"](own["inner"](x)))
            states.append(x)
        return states, own["final_norm"](x) if family == "gpt2" else x, maps

    def _embed(
        self, family: str, own: dict[str, Any], weights: dict[str, Array], batch: dict[str, Any]
    ) -> Any:
        for name in ("token", "segment", "position"):
            if name in weights:
                own[name].set_weights([weights[name]])
        for name in ("embedding_norm", "final_norm"):
            if name in weights:
                own[name].set_weights([weights[name], weights[f"{name}_bias"]])
        tokens = own["token"](self.tensors.tensor(batch["tokens"]))
        if family == "gpt2":
            return tokens + own["position"](self.tensors.tensor(np.arange(batch["tokens"].shape[1])))
        segments = own["segment"](self.tensors.tensor(batch["segments"]))
        positions = own["position"](self.tensors.tensor(batch["positions"]))
        return own["embedding_norm"](tokens + segments + positions)

    def _load(self, own: dict[str, Any], weights: dict[str, Array], index: int) -> None:
        """The weights of one layer, heads apart as MultiHeadAttention has them."""
        shapes = [w.shape for w in own["attention"].get_weights()]
        names = [f"{n}{bias}" for n in ("query", "key", "value", "output") for bias in ("", "_bias")]
        arrays = (weights[name][index].reshape(s) for name, s in zip(names, shapes, strict=True))
        own["attention"].set_weights(list(arrays))
        for name in ("inner", "outer", "attention_norm", "output_norm"):
            own[name].set_weights([weights[name][index], weights[f"{name}_bias"][index]])

    @operation("transformer.hidden-states", kind="composed", script=scripts.HIDDEN_STATES)
    def hidden_states(
        self, family: str, model: dict[str, Any], weights: dict[str, Array], **batch: Any
    ) -> Any:
        """The states layer by layer."""
        with self.place():
            states, last, _ = self._run(family, model, weights, batch)
        array = self.tensors.array
        return {"last_hidden_state": array(last), "hidden_states": tuple(map(array, states))}

    @operation("transformer.attentions", kind="composed", script=scripts.ATTENTIONS)
    def attentions(
        self,
        family: str,
        model: dict[str, Any],
        weights: dict[str, Array],
        implementation: str,
        **batch: Any,
    ) -> Any:
        """The attention scores that the layers return."""
        with self.place():
            _, last, maps = self._run(family, model, weights, batch)
        array = self.tensors.array
        return {"last_hidden_state": array(last), "attentions": tuple(map(array, maps))}

    @operation("transformer.pooler", kind="composed", script=scripts.POOLER)
    def pooler(
        self, model: dict[str, Any], weights: dict[str, Array], return_dict: bool, **batch: Any
    ) -> Any:
        """The last hidden state, and a Dense layer with tanh on its first position."""
        with self.place():
            _, last, _ = self._run("bert", model, weights, batch)
            fields = {"last_hidden_state": self.tensors.array(last)}
            if "pooler" in weights:
                dense = self._block("bert", model, weights)["pooler"]
                dense.set_weights([weights["pooler"], weights["pooler_bias"]])
                fields["pooler_output"] = self.tensors.array(dense(last[:, 0]))
        return fields if return_dict else tuple(fields.values())

    @operation("transformer.attention-mask", kind="composed", script=scripts.ATTENTION_MASK)
    def attention_mask(
        self, family: str, model: dict[str, Any], weights: dict[str, Array], **batch: Any
    ) -> Any:
        """The last hidden state, and the last layer's scores, of valid positions."""
        with self.place():
            _, last, maps = self._run(family, model, weights, batch)
        row, time = np.nonzero(batch["mask"])
        scores = self.tensors.array(maps[-1])[row, :, time]
        return {"states": self.tensors.array(last)[row, time], "maps": scores}

    @operation("transformer.modes", kind="composed", script=scripts.MODES)
    def modes(
        self, family: str, model: dict[str, Any], weights: dict[str, Array], mode: str, **batch: Any
    ) -> Any:
        """The last hidden states of valid positions, in and out of training."""
        if mode not in ("eval", "train"):
            raise Unsupported(f"the mode {mode} is one of PyTorch or of transformers")
        with self.place():
            _, last, _ = self._run(family, model, weights, batch, mode == "train")
        mask, tokens = batch["mask"], batch["tokens"]
        valid = np.ones(tokens.shape, bool) if mask is None else mask != 0
        return self.tensors.array(last)[np.nonzero(valid)]
