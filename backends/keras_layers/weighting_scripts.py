"""Standalone scripts for the operations of the chapter weighting."""

from __future__ import annotations

_OBJECT = """\
options = {} if keras.__name__ == "tf_keras" else {"dtype": y_pred.dtype.name}
loss = keras.losses.MeanSquaredError(%s**options)
target, weighing = tensor(y_true), None if weights is None else tensor(weights)

if mask is None:
    masked = lambda prediction: prediction
else:

    class Mask(keras.layers.Layer):
        def call(self, inputs):
            return inputs

        def compute_mask(self, inputs, given=None):
            return tensor(mask)

    masked = Mask(autocast=False)
    masked.supports_masking = True
"""

WEIGHTED = (
    _OBJECT % ""
    + """\
value, gradient = function_gradient(
    lambda p: loss(target, masked(p), sample_weight=weighing),
    tensor(y_pred),
    tensor(np.ones((), y_pred.dtype)),
)
actual = numpy(value), numpy(gradient)
assert weights is None or np.array_equal(numpy(weighing), weights), "the weights were changed in place"
"""
)

_MODEL = """\
inputs = keras.Input(x.shape[1:])
model = keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(inputs))
model.compile(keras.optimizers.SGD({}), loss="mse"{})
model.set_weights([np.ones((1, 1), np.float32)])
"""

PATHS = (
    _MODEL.format("0.0", "")
    + """\


def batches():
    for start in range(0, len(x), batch):
        part = slice(start, start + batch)
        yield (x[part], y[part]) if weights is None else (x[part], y[part], weights[part])


if route == "call":
    actual = numpy(
        keras.losses.MeanSquaredError()(
            tensor(y), tensor(x), sample_weight=None if weights is None else tensor(weights)
        )
    )
elif route in ("train_on_batch", "test_on_batch"):
    actual = getattr(model, route)(x, y, sample_weight=weights)
elif route == "evaluate":
    actual = model.evaluate(x, y, sample_weight=weights, batch_size=batch, verbose=0)
elif route == "evaluate-generator":
    actual = model.evaluate(batches(), verbose=0)
elif route == "evaluate-dataset":
    actual = model.evaluate(dataset((x, y) if weights is None else (x, y, weights), batch), verbose=0)
elif route == "fit-dataset":
    told = model.fit(dataset((x, y) if weights is None else (x, y, weights), batch), verbose=0)
    actual = told.history["loss"][0]
elif route == "fit":
    told = model.fit(x, y, sample_weight=weights, batch_size=batch, shuffle=False, verbose=0)
    actual = told.history["loss"][0]
elif route == "fit-generator":
    actual = model.fit(batches(), verbose=0).history["loss"][0]
else:
    data = (x, y) if weights is None else (x, y, weights)
    told = model.fit(
        x[:1], y[:1], validation_data=data, validation_batch_size=batch, verbose=0
    )
    actual = told.history["val_loss"][0]
actual = np.asarray(actual, np.float32)"""
)

REDUCTION = (
    _OBJECT % "reduction=reduction, "
    + """\
actual = numpy(loss(target, masked(tensor(y_pred)), sample_weight=weighing))
assert weights is None or np.array_equal(numpy(weighing), weights), "the weights were changed in place"
"""
)

STEP = (
    _MODEL.format("rate", "")
    + """\
told = model.train_on_batch(x, y, sample_weight=weights)
actual = np.asarray(told, np.float32), model.get_weights()[0]"""
)

_KINDS = (
    ', metrics=[keras.metrics.MeanSquaredError("plain")], '
    'weighted_metrics=[keras.metrics.MeanSquaredError("weighted")]'
)

METRICS = (
    _MODEL.format("0.0", _KINDS)
    + """\
told = model.evaluate(x, y, sample_weight=weights, batch_size=batch, verbose=0, return_dict=True)
actual = tuple(np.asarray(told[name], np.float32) for name in ("loss", "plain", "weighted"))"""
)

OUTPUTS = """\
inputs = keras.Input(x.shape[1:])
outputs = [keras.layers.Dense(1, use_bias=False, name=name)(inputs) for name in ("one", "two")]
model = keras.Model(inputs, outputs)
model.compile(optimizer="sgd", loss=["mse", "mse"], loss_weights=loss_weights)
model.set_weights([np.ones((1, 1), np.float32)] * 2)
told = model.test_on_batch(x, targets, sample_weight=weights)
actual = tuple(np.asarray(value, np.float32) for value in told)"""

CLASS_WEIGHT = """\
inputs = keras.Input(y_pred.shape[1:])
model = keras.Model(inputs, keras.layers.Dense(y_pred.shape[-1], use_bias=False)(inputs))
model.compile(keras.optimizers.SGD(0.0), loss="mse")
model.set_weights([np.eye(y_pred.shape[-1], dtype=np.float32)])
told = model.fit(
    y_pred,
    y_true,
    class_weight=class_weight,
    sample_weight=sample_weight,
    batch_size=len(y_pred),
    shuffle=False,
    verbose=0,
)
actual = np.asarray(told.history["loss"][0], np.float32)"""
