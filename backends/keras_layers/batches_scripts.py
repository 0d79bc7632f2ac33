"""Standalone scripts for the operations of the chapter batches."""

from __future__ import annotations

VALIDATION_SPLIT = """\
inputs = keras.Input((1,))
model = keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(inputs))
model.compile(keras.optimizers.SGD(0.0), loss="mse")
model.set_weights([np.ones((1, 1), np.float32)])
told = model.fit(
    x,
    y,
    sample_weight=weights,
    batch_size=batch,
    shuffle=shuffle,
    validation_split=share,
    validation_data=(x[:1], y[:1]) if own else None,
    verbose=0,
).history
actual = tuple(np.asarray(told[n][0], np.float32) if n in told else None for n in ("loss", "val_loss"))"""

_GENERATOR = """\
from itertools import islice

images_of = keras.preprocessing.image.ImageDataGenerator(%s)
"""

FLOW = (
    _GENERATOR % ""
    + """\
x = images if extra is None else (images, extra)
flow = images_of.flow(x, y, sample_weight=weights, batch_size=batch, shuffle=shuffle, seed=seed)
if route == "next":
    actual = list(islice(flow, epochs * len(flow)))
else:
    actual = []
    for _ in range(epochs):
        actual += [flow[step] for step in range(len(flow))]
        flow.on_epoch_end()"""
)

SUBSET = (
    _GENERATOR % "validation_split=share"
    + """\
flow = images_of.flow(
    images,
    y,
    sample_weight=weights,
    batch_size=batch,
    shuffle=shuffle,
    seed=seed,
    subset=part,
    ignore_class_split=ignore,
)
actual = list(islice(flow, len(flow)))"""
)

ORDER = (
    _GENERATOR % ""
    + """\
np.random.seed(seed)
flow = images_of.flow(np.zeros((2, 1, 1, 1), np.float32), np.arange(2), batch_size=1)
actual = [np.concatenate([y for _, y in islice(flow, 0, 2 * epochs, 2)])]"""
)

AUGMENTATION = (
    _GENERATOR % "**options"
    + """\
flow = images_of.flow(images, y, sample_weight=weights, batch_size=batch, shuffle=shuffle, seed=seed)
actual = list(islice(flow, steps))"""
)

PAIR = (
    _GENERATOR % "**options"
    + """\
first = images_of.flow(images, batch_size=batch, shuffle=shuffle, seed=seeds[0])
second = images_of.flow(masks, batch_size=batch, shuffle=shuffle, seed=seeds[1])
actual = list(islice(zip(first, second), steps))"""
)

WEIGHTS = """\
layers = keras.layers
model = keras.Sequential([keras.Input(images.shape[1:])])
if net == "dense":
    model.add(layers.Flatten())
    model.add(layers.Dense(1, use_bias=False))
else:
    filters = kernels[0].shape[-1]
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu", use_bias=False))
    model.add(layers.Conv2D(1, 1, use_bias=False))
if net == "flat":
    model.add(layers.Flatten())
model.compile(keras.optimizers.SGD(rate), loss=keras.losses.BinaryCrossentropy(from_logits=True))
model.set_weights(kernels)


def batches():
    while True:
        for start in range(0, len(images), batch):
            part = slice(start, start + batch)
            yield (images[part], y[part]) if weights is None else (images[part], y[part], weights[part])


steps = len(range(0, len(images), batch))
told = model.fit(batches(), epochs=epochs, steps_per_epoch=steps, verbose=0)
actual = [np.asarray(loss, np.float32) for loss in told.history["loss"]], model.get_weights()"""
