"""Scripts of the chapter composition, for reproductions: they call the functions of `graphs`."""

from __future__ import annotations

_BUILT = """\
made = build(torch, layers)
for name, value in flags:
    if made[name] is not None:
        made[name].requires_grad_(value)
"""

CONNECTIVITY = """\
made = build(torch, layers)
actual = {
    "inputs": inputs_of(made[model]),
    "weighted": held(layers, made, list(made[model].parameters())),
}"""

CALL = """\
module = build(torch, layers)[model].eval()
if isinstance(data, dict):
    actual = module(**{name: tensor(one) for name, one in data.items()})
else:
    actual = module(*[tensor(one) for one in (data if isinstance(data, (list, tuple)) else [data])])
actual = [numpy(one) for one in actual] if isinstance(actual, (list, tuple)) else numpy(actual)"""

SHARING = """\
made = build(torch, layers)
one = made[model].eval()
x = [tensor(each) for each in data]
outputs = outputs_of(one, [t.requires_grad_() if t.is_floating_point() else t for t in x])
torch.autograd.backward(outputs, [tensor(u) for u in upstream])
parameters = list(one.parameters())
pulled = gradients_of(layers, made, held(layers, made, parameters))
actual = {
    "parameters": sum(parameter.numel() for parameter in parameters),
    "weights": len(parameters),
    "gradients": {name: [numpy(g) for g in each] for name, each in pulled.items()},
}"""

FREEZING = (
    _BUILT
    + """\
models = [name for name, layer in layers.items() if layer["kind"] == "Model"]
asked = {name: [p for p in made[name].parameters() if p.requires_grad] for name in models}
actual = {name: held(layers, made, parameters) for name, parameters in asked.items()}"""
)

STEP = (
    _BUILT
    + """\
one = made[model].train()
rule = optimizer_of(torch, optimizer, options, one.parameters())
for _ in range(steps):
    step(torch, one, rule, [tensor(x) for x in data], [tensor(y) for y in targets])
actual = weights_of(layers, made)"""
)

GAN = """\
made, actual = build(torch, layers), []
g, d = made[generator], made[discriminator]
both, known = paired(torch, g, d), inputs_of(d) - 1
ours, theirs = (optimizer_of(torch, optimizer, options, m.parameters()) for m in (g, d))
for real, codes in zip(map(tensor, images), map(tensor, noise)):
    if recipe == "reloaded" and actual:
        made = reopened(torch, layers, made, (generator, discriminator))
        g, d = made[generator], made[discriminator]
        both = paired(torch, g, d)
        ours, theirs = (
            reload(torch, rule, optimizer_of(torch, optimizer, options, m.parameters()))
            for rule, m in ((ours, g), (theirs, d))
        )
    ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
    fake = g(codes).detach()
    seen = [[*[codes] * known, real], [*[codes] * known, fake], [codes]]
    steps = zip((d, d, both), (theirs, theirs, ours), seen, (ones, zeros, ones), (g, g, d))
    for module, rule, x, y, other in steps:
        before = [parameter.detach().clone() for parameter in other.parameters()]
        step(torch, module, rule, x, [y])
        stayed = all(map(torch.equal, before, other.parameters()))
        actual.append({"weights": weights_of(layers, made), "stayed": stayed})"""

_KEPT = (
    "import copy\n\n"
    + _BUILT
    + """\
one = made[model]
if way == "clone":
    other = copy.deepcopy(one)
elif way == "file":
    other = reload(torch, one, build(torch, blank(layers))[model])
elif way == "weights":
    other = through_safetensors(one, build(torch, blank(layers))[model])
else:
    other = build(torch, blank(layers))[model]
    other.load_state_dict(one.state_dict())
"""
)

# What is refused needs no other weights to be told from those that were kept.
RELOADED = _KEPT.replace("blank(layers)", "layers") + "actual = other"

PERSISTENCE = (
    _KEPT
    + """\
parameters = list(other.parameters())
actual = {
    "outputs": [numpy(y) for y in outputs_of(other.eval(), [tensor(x) for x in data])],
    "parameters": sum(parameter.numel() for parameter in parameters),
    "trained": sum(parameter.requires_grad for parameter in parameters),
    "common": common(list(one.parameters()), parameters),
}"""
)

ACTIONS = """\
made, optimizer, actual = build(torch, inside(layers, model)), None, []
x, y = [tensor(one) for one in data], [tensor(one) for one in targets]
for action, *layer in actions:
    model = layer[0] if action in ("add", "share", "nest") else model
    made, optimizer = act(torch, layers, made, model, optimizer, action, layer, x, y, options)
    required = [p for p in made[model].parameters() if p.requires_grad]
    actual.append({"trains": held(layers, made, required), "weights": weights_of(layers, made)})"""
