"""The operations of the chapter composition, on torch.nn modules and the graphs of torch.fx."""

from __future__ import annotations

import copy
from importlib.util import find_spec
from typing import Any

from backends.base import Unsupported, operation, untouched
from backends.engines.adapter import EngineBackend
from backends.engines.base import Array
from backends.engines.torch import TorchEngine
from backends.torch_nn import composition_scripts as scripts
from backends.torch_nn import graphs
from backends.torch_nn.spelled import spelled_build

Layers = dict[str, Any]
Flags = list[list[Any]]
Options = dict[str, float]


class TorchComposition(EngineBackend):
    """Modules made of plain data, and used as a user would."""

    tensors: TorchEngine

    @classmethod
    def spelled(cls, inputs: dict[str, Any]) -> str:
        """The modules of a case, one after another."""
        return spelled_build(inputs)

    @classmethod
    def own_layout(cls, inputs: dict[str, Any], version: str | None) -> dict[str, Any]:
        """Of a table whose modules are spelled out, the weights alone."""
        if "way" not in inputs or not spelled_build(inputs):
            return super().own_layout(inputs, version)
        layers = {name: layer for name, layer in inputs["layers"].items() if layer.get("weights")}
        return {**inputs, "layers": {name: {"weights": one["weights"]} for name, one in layers.items()}}

    def built(self, layers: Layers, flags: Flags = ()) -> dict[str, Any]:  # type: ignore[assignment]
        """The modules of a table by name, with requires_grad_ called in turn."""
        with self.tensors.place():
            made = graphs.build(self.tensors.torch, layers)
        for name, value in flags:
            for module in [made[name]] if made[name] is not None else []:
                module.requires_grad_(value)
        return made

    @operation("composition.connectivity", script=scripts.CONNECTIVITY)
    def models_connected(self, layers: Layers, model: str) -> Any:
        """A graph of torch.fx, that is made and not called."""
        made = self.built(layers)
        return {
            "inputs": graphs.inputs_of(made[model]),
            "weighted": graphs.held(layers, made, list(made[model].parameters())),
        }

    @operation("composition.call", kind="composed", script=scripts.CALL)
    def models_called(self, layers: Layers, model: str, data: Any) -> Any:
        """A module of a graph or of a class, in eval mode, called with positional or keyword arguments."""
        module, tensor = self.built(layers)[model].eval(), self.tensors.tensor
        if isinstance(data, dict):
            output = module(**{name: tensor(one) for name, one in data.items()})
        else:
            output = module(*[tensor(one) for one in (data if isinstance(data, (list, tuple)) else [data])])
        if isinstance(output, (list, tuple)):
            return [self.tensors.array(one) for one in output]
        return self.tensors.array(output)

    @operation("composition.sharing", kind="composed", script=scripts.SHARING)
    def models_shared(self, layers: Layers, model: str, data: list[Array], upstream: list[Array]) -> Any:
        """What a module counts, and the gradients of its parameters by automatic differentiation."""
        engine, made = self.tensors, self.built(layers)
        one = made[model].eval()
        x = [engine.tensor(one) for one in data]
        outputs = graphs.outputs_of(one, [t.requires_grad_() if t.is_floating_point() else t for t in x])
        engine.torch.autograd.backward(outputs, [engine.tensor(u) for u in upstream])
        parameters = list(one.parameters())
        pulled = graphs.gradients_of(layers, made, graphs.held(layers, made, parameters))
        return {
            "parameters": sum(parameter.numel() for parameter in parameters),
            "weights": len(parameters),
            "gradients": {name: [engine.array(g) for g in each] for name, each in pulled.items()},
        }

    @operation("composition.freezing", script=scripts.FREEZING)
    def models_frozen(self, layers: Layers, model: str, flags: Flags) -> Any:
        """Which parameters require a gradient, module by module."""
        made = self.built(layers, flags)
        models = [name for name, layer in layers.items() if layer["kind"] == "Model"]
        asked = {name: [p for p in made[name].parameters() if p.requires_grad] for name in models}
        return {name: graphs.held(layers, made, parameters) for name, parameters in asked.items()}

    @operation("composition.step", kind="composed", script=scripts.STEP)
    def models_stepped(
        self,
        layers: Layers,
        model: str,
        data: list[Array],
        targets: list[Array],
        flags: Flags,
        optimizer: str,
        options: Options,
        steps: int,
    ) -> Any:
        """The weights after steps of an optimizer of all parameters, in training mode."""
        torch, made = self.tensors.torch, self.built(layers, flags)
        one = made[model].train()
        rule = graphs.optimizer_of(torch, optimizer, options, one.parameters())
        x, y = ([self.tensors.tensor(each) for each in given] for given in (data, targets))
        for _ in range(steps):
            graphs.step(torch, one, rule, x, y)
        return graphs.weights_of(layers, made)

    @operation("composition.gan", kind="composed", script=scripts.GAN)
    def models_alternated(
        self,
        layers: Layers,
        generator: str,
        discriminator: str,
        images: list[Array],
        noise: list[Array],
        optimizer: str,
        options: Options,
        recipe: str,
    ) -> Any:
        """Two modules with an optimizer each; what is fake is detached in the discriminator's steps."""
        torch, made = self.tensors.torch, self.built(layers)
        said: list[dict[str, Any]] = []
        g, d = made[generator], made[discriminator]
        both, known = graphs.paired(torch, g, d), graphs.inputs_of(d) - 1
        ours, theirs = (graphs.optimizer_of(torch, optimizer, options, m.parameters()) for m in (g, d))
        for real, codes in zip(
            map(self.tensors.to_tensor, images), map(self.tensors.to_tensor, noise), strict=True
        ):
            if recipe == "reloaded" and said:
                made = graphs.reopened(torch, layers, made, (generator, discriminator))
                g, d = made[generator], made[discriminator]
                both = graphs.paired(torch, g, d)
                ours, theirs = (
                    graphs.reload(torch, rule, graphs.optimizer_of(torch, optimizer, options, m.parameters()))
                    for rule, m in ((ours, g), (theirs, d))
                )
            ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
            fake = g(codes).detach()
            for module, rule, x, y, other in (
                (d, theirs, [*[codes] * known, real], ones, g),
                (d, theirs, [*[codes] * known, fake], zeros, g),
                (both, ours, [codes], ones, d),
            ):
                before = [parameter.detach().clone().numpy() for parameter in other.parameters()]
                graphs.step(torch, module, rule, x, [y])
                stayed = untouched(before, [p.detach().numpy() for p in other.parameters()])
                said.append({"weights": graphs.weights_of(layers, made), "stayed": stayed})
        return said

    @operation("composition.persistence", kind="composed", script=scripts.PERSISTENCE, brief=scripts.RELOADED)
    def models_kept(self, layers: Layers, model: str, data: list[Array], flags: Flags, way: str) -> Any:
        """A module whose state went through a file or through memory, or a deep copy."""
        one, torch = self.built(layers, flags)[model], self.tensors.torch
        if way == "clone":
            other = copy.deepcopy(one)
        elif way == "file":
            other = graphs.reload(torch, one, self.built(graphs.blank(layers))[model])
        elif way == "weights":
            if find_spec("safetensors") is None:
                raise Unsupported("the package safetensors is not here; it comes with transformers")
            other = graphs.through_safetensors(one, self.built(graphs.blank(layers))[model])
        else:
            other = self.built(graphs.blank(layers))[model]
            other.load_state_dict(one.state_dict())
        parameters = list(other.parameters())
        outputs = graphs.outputs_of(other.eval(), [self.tensors.tensor(x) for x in data])
        return {
            "outputs": [self.tensors.array(output) for output in outputs],
            "parameters": sum(parameter.numel() for parameter in parameters),
            "trained": sum(parameter.requires_grad for parameter in parameters),
            "common": graphs.common(list(one.parameters()), parameters),
        }

    @operation("composition.actions", kind="composed", script=scripts.ACTIONS)
    def models_acted(
        self,
        layers: Layers,
        model: str,
        data: list[Array],
        targets: list[Array],
        options: Options,
        actions: list[list[str]],
    ) -> Any:
        """What the module trains and its weights, after each action."""
        torch, optimizer, said = self.tensors.torch, None, []
        made = self.built(graphs.inside(layers, model))
        x, y = ([self.tensors.tensor(each) for each in given] for given in (data, targets))
        for action, *layer in actions:
            model = layer[0] if action in ("add", "share", "nest") else model
            made, optimizer = graphs.act(torch, layers, made, model, optimizer, action, layer, x, y, options)
            required = [p for p in made[model].parameters() if p.requires_grad]
            said.append(
                {"trains": graphs.held(layers, made, required), "weights": graphs.weights_of(layers, made)}
            )
        return said
