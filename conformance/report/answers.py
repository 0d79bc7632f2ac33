"""Answers: the six questions that the suite grew out of, in plain words, with live verdicts beside them."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.report.clauses import ClauseView
from conformance.report.growth import Growth
from conformance.report.lessons import Lesson


@dataclass(frozen=True)
class Question:
    """A question that people asked, and its answer: paragraphs, and the clauses that make it run."""

    id: str
    question: str
    paragraphs: tuple[str, ...]
    clauses: tuple[str, ...]


@dataclass(frozen=True)
class AnswerView:
    """A question with those of its clauses that the reference states; `open` if it states none.

    growths: how errors grow from step to step, in the laws of these clauses that keep it.
    lessons: what was predicted and what came, in the laws of these clauses that show it in numbers.
    """

    question: Question
    clauses: tuple[ClauseView, ...]
    growths: tuple[Growth, ...] = ()
    lessons: tuple[Lesson, ...] = ()

    @property
    def open(self) -> bool:
        """Whether no clause of the reference answers the question yet."""
        return not self.clauses


QUESTIONS = (
    Question(
        "embedding",
        "What is an Embedding layer, and how does it learn?",
        (
            "It is a table with one row an id, and an index into it. Calling it picks rows and "
            "computes nothing; multiplying one-hot rows with the table, or a Dense layer without "
            "bias, gives the same numbers and the same gradient, only slower.",
            "It learns as every weight does, from the loss of the whole model: the gradient of a row "
            "is the sum over all positions that name its id, and a row that no position names gets "
            "exactly zero.",
            "Where dialects part: an id outside the table. Keras 2 and PyTorch refuse it on a CPU, "
            "and Keras 3 leaves it to the engine: −1 gives the last row, and an id that is too large "
            "is refused or gives NaN.",
        ),
        ("embedding.lookup", "embedding.equivalence", "embedding.gradient", "embedding.step"),
    ),
    Question(
        "initializers",
        "How do I start weights at 0 or 1, or at −1 or +1?",
        (
            "Give the layer an initializer that flips a fair coin for every entry of the shape it is "
            "asked for, whatever its rank: `b` for 0 and 1, and `2 b − 1` for −1 and +1. Every "
            "dialect of Keras takes a plain function of shape and dtype.",
            "The weights are binary only until the first step: training moves them off the grid, "
            "unless a constraint puts them back.",
        ),
        ("initializers.binary", "initializers.recipe", "initializers.kernel", "initializers.seed"),
    ),
    Question(
        "hidden-states",
        "What do the entries of hidden_states hold?",
        (
            "One tensor more than the model has layers. Entry 0 is what the embeddings give, after "
            "their sum and norm; entry i is the output of layer i, and the input of the next. They "
            "are states and not increments: nothing is to be added up.",
            "In BERT the last entry is last_hidden_state itself. In families that normalize before "
            "each block, such as GPT-2 or Llama, the last entry is taken after the final norm, and so"
            " stands on another scale than those before it; a few models, such as ViT, hand out the "
            "state before that norm.",
        ),
        (
            "transformer.embeddings",
            "transformer.hidden-states",
            "transformer.attentions",
            "transformer.pooler",
        ),
    ),
    Question(
        "average",
        "Does the Average layer use masks, and how do I average only what is not masked?",
        (
            "Its values do not: in every dialect the sum is divided by the number of inputs, masked "
            "or not. What differs is the mask that comes out: Keras 2 ANDs the masks that are there; "
            "Keras 3.0 to 3.3 says the same and lets no mask arrive; from 3.4 on masks are ORed, and "
            "one input without a mask lifts all.",
            "A masked average is a layer of your own, of a few lines: sum what is valid, divide by "
            "how many were, and mask the position where none was. The recipes of this suite do it "
            "with each framework's public means.",
        ),
        (
            "merging.mask",
            "merging.delivery",
            "merging.value",
            "merging.average-masked",
            "merging.average-axis",
        ),
    ),
    Question(
        "sample-weight",
        "What does sample_weight do to training?",
        (
            "Each sample's loss is multiplied by its weight, and so is its part of the gradient. What"
            " the sum is then divided by is where the dialects part: Keras 2.2.5 divides by the "
            "number of weights that are not zero, tf.keras 2 and Keras 3 by the number of elements, "
            "and the weighted cross-entropy of PyTorch by the sum of the weights that were used.",
            "class_weight is turned into sample weights first, by the class of each target.",
            "It does not influence augmentation: ImageDataGenerator hands weights through as they "
            "are, and every transformed copy has the weight of its sample. It transforms x alone: "
            "masks that are given as y are not moved with their images. That takes two generators "
            "with one seed, one of images and one of masks.",
            "It does not influence validation_split either: flow(subset=…) takes the first samples for "
            "validation, Model.fit the last, both before anything is shuffled. But flow cuts images "
            "and targets and not the weights, so that with subset='training' every sample has the "
            "weight of another: split arrays and weights yourself.",
            "And a weight for each picture is refused, or taken for one of each column, by tf.keras, "
            "tf_keras and Keras 3 alike where the loss is one for each pixel. Flatten the masks, as "
            "the discs of this suite are, and each picture has its own weight: where figures stand "
            "below, they compare the losses and the first gradient of a small net with what each "
            "dialect's divisor predicts.",
        ),
        (
            "batches.weights",
            "batches.pixels",
            "batches.subset",
            "batches.augmentation",
            "batches.pair",
            "batches.flow",
            "batches.validation-split",
            "weighting.weighted",
            "weighting.reduction",
            "weighting.class-weight",
            "weighting.step",
        ),
    ),
    Question(
        "composition",
        "Why “Graph disconnected”, and how do a generator and a discriminator become one model?",
        (
            "A model is made of what can be reached from the inputs that it declares; a tensor of another "
            "model, such as what the generator gives, brings that model's input with it, which the "
            "discriminator does not declare. Keras 2, Keras 3 from 3.14 on and torch.fx refuse it when the "
            "model is made; Keras 3.1 to 3.13 only when it is called, but 3.10 to 3.13 refuse an input that "
            "no layer takes.",
            "Models are layers: give the discriminator an input of its own of the same shape, and call it on "
            "what the generator gives. Both keep working alone, and can be saved, because the pair holds no "
            "copies: the same weights are used twice.",
            "They learn in turn: the discriminator on real and on fake images, then the generator through "
            "the frozen discriminator. Keras documents that what is trainable is decided when a model is "
            "compiled. Keras 2 does so; Keras 3 looks at the flags in each step, so there compile again "
            "after each change of `trainable`.",
        ),
        (
            "composition.connectivity",
            "composition.call",
            "composition.sharing",
            "composition.freezing",
            "composition.gan",
            "composition.persistence",
        ),
    ),
)


def answers_of(
    clauses: tuple[ClauseView, ...], growths: tuple[Growth, ...] = (), lessons: tuple[Lesson, ...] = ()
) -> tuple[AnswerView, ...]:
    """The six answers, each with the clauses that are stated."""
    stated = {clause.id: clause for clause in clauses}
    return tuple(
        AnswerView(
            question,
            tuple(stated[id] for id in question.clauses if id in stated),
            tuple(growth for growth in growths if growth.clause in question.clauses),
            tuple(one for one in lessons if one.clause in question.clauses),
        )
        for question in QUESTIONS
    )
