"""Miniatures of the chapter composition: what is trained, when and by whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backends.base import operation
from conformance.behaviors.composition import actions_read_flags_late, gan_reads_flags_late
from conformance.behaviors.composition_restoring import actions_restore_models_last
from conformance.miniatures import Miniature
from reference.composition import actions, training
from reference.composition.learning import KERAS_2, KERAS_2_2, KERAS_3, TORCH, Rules, advance, state
from reference.outcomes import ORACLE

STEP = "test_a_step_moves_every_weight_by_its_gradient"
FROZEN = "test_a_step_leaves_frozen_weights_alone"
NORMALIZED = "test_a_frozen_batch_normalization_does_what_the_reading_says"
FLAGS = "test_flags_count_in_a_step_as_the_reading_says"


class _Step(Miniature):
    """The base: Keras 3 with other rules in composition.step."""

    dialect = "keras-3"
    clause = "composition.step"
    law = NORMALIZED
    rules: Rules = KERAS_3

    @operation("composition.step")
    def stepped(self, **inputs: Any) -> Any:
        return training._stepped(self.rules, **inputs, working=ORACLE)


class StatisticsMove(_Step):
    """The moving averages of a frozen batch normalization move."""

    notice = "a frozen base model drifts with every batch of the new data"
    rules = replace(KERAS_3, normalize="all", move="all")


class BatchStatistics(_Step):
    """A frozen batch normalization normalizes with the batch, as in Keras 2.2."""

    notice = "fine-tuning starts from other activations than inference shows"
    rules = replace(KERAS_3, normalize="all")


class MovingStatistics(_Step):
    """In Keras 2.2, a frozen batch normalization uses its moving averages."""

    dialect = "keras-2.2"
    notice = "what Keras 2 changed holds in the release before"
    rules = replace(KERAS_2_2, normalize="trainable")

    @operation("composition.step")
    def stepped(self, **inputs: Any) -> Any:
        return training._stepped(self.rules, **inputs, working=ORACLE)


class BiasedVariance(_Step):
    """In PyTorch, the moving variance is that with n below."""

    dialect = "torch"
    notice = "small batches leave too small a variance behind"
    rules = replace(TORCH, bessel=False)


class GradientsStopStatistics(_Step):
    """In PyTorch, a batch normalization without gradients leaves its averages alone."""

    dialect = "torch"
    notice = "a module that was frozen, and not put in eval mode, seems to be in eval mode"
    rules = replace(TORCH, move="trainable")


class EpsilonWithin(_Step):
    """In Adam, epsilon stands beside the corrected deviation, as in PyTorch."""

    law = STEP
    notice = "first steps are smaller where gradients are small"
    rules = replace(KERAS_3, rescaled=True)


class EpsilonBeside(_Step):
    """In PyTorch's Adam, epsilon stands beside the uncorrected deviation, as in Keras."""

    dialect = "torch"
    law = STEP
    notice = "first steps are larger where gradients are small"
    rules = replace(TORCH, rescaled=False)


class FlagsIgnored(_Step):
    """A step moves weights that are frozen."""

    law = FROZEN
    notice = "freezing has no effect"

    @operation("composition.step")
    def stepped(self, **inputs: Any) -> Any:
        return training._stepped(self.rules, **inputs | {"flags": []}, working=ORACLE)


class MomentumDropped(_Step):
    """SGD with momentum makes the steps of SGD."""

    law = STEP
    notice = "training is slower than it should be"

    @operation("composition.step")
    def stepped(self, **inputs: Any) -> Any:
        plain = "sgd" if inputs["optimizer"] == "momentum" else inputs["optimizer"]
        return training._stepped(self.rules, **inputs | {"optimizer": plain}, working=ORACLE)


class _Gan(Miniature):
    """The base: Keras 3, wrong in composition.gan; who is frozen in which step."""

    dialect = "keras-3"
    clause = "composition.gan"
    law = "test_a_generator_and_a_discriminator_learn_in_turn"

    fake: tuple[str, ...] = ("generator",)
    through: tuple[str, ...] = ("discriminator",)
    fake_target = 0.0
    forgets = False

    @operation("composition.gan")
    def alternated(self, layers: Any, images: Any, noise: Any, **inputs: Any) -> Any:
        machine = KERAS_3.machine(layers, ORACLE)
        said: list[dict[str, Any]] = []
        both = [inputs["generator"], inputs["discriminator"]]
        ours, theirs = (KERAS_3.optimizer(inputs["optimizer"], inputs["options"]) for _ in range(2))
        freeze = [[[inputs[one], False] for one in names] for names in ((), self.fake, self.through)]
        for real, code in zip(images, noise, strict=True):
            if self.forgets and said and inputs["recipe"] == "reloaded":
                ours, theirs = (KERAS_3.optimizer(inputs["optimizer"], inputs["options"]) for _ in range(2))
            ones = np.ones((len(real), 1), real.dtype)
            steps = (
                (both[1:], real, 1.0, theirs),
                (both, code, self.fake_target, theirs),
                (both, code, 1.0, ours),
            )
            for (models, x, target, rule), frozen in zip(steps, freeze, strict=True):
                targets = [ones * np.float32(target)]
                advance(machine, KERAS_3, models, [x], targets, KERAS_3.flags(layers, frozen), rule)
                said.append({"weights": state(machine, both), "stayed": True})
        return said


class GeneratorBetrays(_Gan):
    """The generator learns in the discriminator's step on fake images."""

    notice = "the generator helps the discriminator, and the game collapses"
    fake = ()


class DiscriminatorYields(_Gan):
    """The discriminator learns in the generator's step."""

    notice = "the discriminator comes to call every fake real"
    through = ()


class FakeIsReal(_Gan):
    """The discriminator is told that fake images are real."""

    notice = "the discriminator's loss vanishes"
    fake_target = 1.0


class OptimizersForget(_Gan):
    """A generator and a discriminator that are loaded have optimizers without their state."""

    law = "test_a_generator_and_a_discriminator_go_on_from_files"
    notice = "a game that is taken up again begins with a jump, and who was losing has lost"
    forgets = True


class RecipeReadLate(Miniature):
    """A discriminator that was compiled and then frozen does not learn."""

    dialect = "keras-3"
    clause = "composition.gan"
    law = "test_a_generator_and_a_discriminator_learn_in_turn"
    notice = "the known recipe trains a generator against a discriminator that never learns"
    report = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/trainers/trainer.py"

    @operation("composition.gan")
    def alternated(self, **inputs: Any) -> Any:
        return gan_reads_flags_late(**inputs)


class PictureForgotten(_Gan):
    """A discriminator of two inputs is shown the image in the place of the picture that it was made from."""

    law = "test_a_discriminator_may_see_what_the_generator_made_its_image_from"
    notice = "the generator need not keep to its picture, and paints what it likes"

    @operation("composition.gan")
    def alternated(self, layers: Any, images: Any, noise: Any, **inputs: Any) -> Any:
        judge = layers[inputs["discriminator"]]
        if len(names := [name for name, _, _ in judge["inputs"]]) > 1:
            calls = [
                [outputs, called, [names[1] if one == names[0] else one for one in arguments]]
                for outputs, called, arguments in judge["calls"]
            ]
            layers = layers | {inputs["discriminator"]: judge | {"calls": calls}}
        return training.gan_keras(layers, images=images, noise=noise, **inputs)


class NothingThrough(_Gan):
    """No gradient passes through the frozen discriminator."""

    notice = "the generator never changes"
    through = ("discriminator", "generator")


class _Acts(Miniature):
    """The base: Keras 2, wrong in composition.actions."""

    dialect = "keras-2"
    clause = "composition.actions"
    law = FLAGS


class ReadInStep(_Acts):
    """What is trainable is read in the step, and not when the model is compiled."""

    notice = "a layer that is frozen after compiling stops learning, without a word"

    @operation("composition.actions")
    def acted(self, **inputs: Any) -> Any:
        return actions_read_flags_late(**inputs)


class RestoredInTurn(_Acts):
    """The flags of the compilation are brought back layer by layer, those of models inside last."""

    report = "https://github.com/keras-team/tf-keras/blob/v2.21.0/tf_keras/engine/training_utils.py"
    notice = "a frozen layer that a model inside uses as well is trained after all"

    @operation("composition.actions")
    def acted(self, **inputs: Any) -> Any:
        return actions_restore_models_last(**inputs)


class ReadAtMaking(_Acts):
    """In PyTorch, a step moves what required a gradient when the optimizer was made."""

    dialect = "torch"
    notice = "a module that is thawed later never learns"

    @operation("composition.actions")
    def acted(self, **inputs: Any) -> Any:
        actions.actions_torch(**inputs)  # its refusals
        return actions._acted(TORCH, **inputs, working=ORACLE)


class StateLost(_Acts):
    """A loaded model has lost the state of its optimizer."""

    law = "test_training_goes_on_after_a_file_or_a_clone"
    notice = "training that is resumed from a file begins with a jump"

    @operation("composition.actions")
    def acted(self, **inputs: Any) -> Any:
        given, lost = inputs["actions"], []
        for action in given:
            lost += [action, ["compile"]] if action == ["reload"] else [action]
        said = actions._acted(KERAS_2, **inputs | {"actions": lost}, working=ORACLE)
        kept = [
            number
            for number, one in enumerate(lost)
            if not number or lost[number - 1] != ["reload"] or one != ["compile"]
        ]
        return [said[number] for number in kept]


class ReloadThaws(_Acts):
    """A loaded model trains everything again."""

    law = "test_any_sequence_of_actions_leads_where_the_reading_says"
    notice = "after a restart from a checkpoint the frozen layers learn"

    @operation("composition.actions")
    def acted(self, **inputs: Any) -> Any:
        given: list[list[str]] = []
        for action in inputs["actions"]:
            given += [action, ["unfreeze", inputs["model"]]] if action == ["reload"] else [action]
        said = actions._acted(KERAS_2, **inputs | {"actions": given}, working=ORACLE)
        after = [
            n
            for n, one in enumerate(given)
            if given[n + 1 : n + 2] != [["unfreeze", inputs["model"]]] or one != ["reload"]
        ]
        return [said[number] for number in after] if len(after) == len(inputs["actions"]) else said
