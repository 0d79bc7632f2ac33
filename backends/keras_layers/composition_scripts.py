"""Scripts of the chapter composition, for reproductions: they call the functions of `graphs`."""

from __future__ import annotations

_EACH = """\
def each(change, value):
    if isinstance(value, dict):
        return {name: change(item) for name, item in value.items()}
    return [change(item) for item in value] if isinstance(value, (list, tuple)) else change(value)

"""

_BUILT = """\
made = build(keras, layers)
for name, value in flags:
    made[name].trainable = value
"""

CONNECTIVITY = """\
made = build(keras, layers)
actual = {"inputs": len(made[model].inputs), "weighted": held(layers, made, made[model].weights)}"""

CALL = (
    _EACH
    + """\
given = each(tensor, data)
output = build(keras, layers)[model](tuple(given) if isinstance(data, tuple) else given)
actual = numpy(output) if len(layers[model]["outputs"]) == 1 else each(numpy, output)"""
)

SHARING = """\
made = build(keras, layers)
one = made[model]
output, pulled = model_gradient(one, feed([tensor(x) for x in data]), feed([tensor(u) for u in upstream]))
names = [held(layers, made, [weight])[0] for weight in one.trainable_variables]
one(feed([tensor(x) for x in data]))
actual = {
    "parameters": one.count_params(),
    "weights": len(one.weights),
    "losses": numpy(sum(one.losses, start=tensor(np.zeros((), np.float32)))),
    "gradients": {
        name: [numpy(g) for g, of in zip(pulled, names) if of == name]
        for name in held(layers, made, one.weights)
    },
}"""

FREEZING = (
    _BUILT
    + """\
models = [name for name, layer in layers.items() if layer["kind"] == "Model"]
actual = {name: held(layers, made, made[name].trainable_weights) for name in models}"""
)

STEP = (
    _BUILT
    + """\
compiled(made[model], optimizer_of(keras, optimizer, options))
for _ in range(steps):
    made[model].train_on_batch(feed(data), feed(targets))
actual = weights_of(layers, made)"""
)

GAN = """\
made, actual = build(keras, layers), []
g, d = made[generator], made[discriminator]
code = keras.Input(g.inputs[0].shape[1:])
alone = len(layers[discriminator]["inputs"]) == 1
together = keras.Model(code, d(g(code) if alone else [code, g(code)]))
compiled(d, optimizer_of(keras, optimizer, options))
d.trainable = False
compiled(together, optimizer_of(keras, optimizer, options))
for real, codes in zip(images, noise):
    if recipe == "reloaded" and actual:
        d.trainable = True
        g, d = reopened(keras, g, together.optimizer), reopened(keras, d, d.optimizer)
        made |= named(g) | named(d)
        together = compiled(keras.Model(code, d(g(code) if alone else [code, g(code)])), g.optimizer)
    fake = np.asarray(g.predict_on_batch(codes))
    for one, x, label, other in ((d, real, 1, g), (d, fake, 0, g), (together, codes, 1, d)):
        before = other.get_weights()
        if recipe != "compiled-once":
            d.trainable = one is d
            compiled(one, one.optimizer)
        seen = x if alone or one is together else [codes, x]
        one.train_on_batch(seen, np.full((len(real), 1), label, real.dtype))
        weights, stayed = weights_of(layers, made), all(map(np.array_equal, before, other.get_weights()))
        actual.append({"weights": weights, "stayed": stayed})"""

PERSISTENCE = (
    "import tempfile\n\n"
    + _BUILT
    + """\
one = made[model]
with tempfile.TemporaryDirectory() as folder:
    other = keep(keras, folder, one, way, lambda: build(keras, blank(layers))[model])
given = [tensor(x) for x in data] if len(data) > 1 else tensor(data[0])
outputs = other(given) if len(layers[model]["outputs"]) > 1 else [other(given)]
actual = {
    "outputs": [numpy(y) for y in outputs],
    "parameters": other.count_params(),
    "trained": len(other.trainable_weights),
    "common": common(one.weights, other.weights),
}"""
)

ACTIONS = """\
import tempfile

made, actual = build(keras, inside(layers, model)), []
with tempfile.TemporaryDirectory() as folder:
    for action, *layer in actions:
        model = layer[0] if action in ("add", "share", "nest") else model
        made = act(keras, folder, layers, made, model, action, layer, data, targets, options)
        trains = held(layers, made, made[model].trainable_weights)
        actual.append({"trains": trains, "weights": weights_of(layers, made)})"""
