"""Upstream sources, pinned once: repository, tag, path and symbol."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A place in a public repository at a tag, that a reading was taken from."""

    repository: str
    tag: str
    path: str
    symbol: str

    def __str__(self) -> str:
        return f"{self.repository}@{self.tag} {self.path} {self.symbol}"

    @property
    def link(self) -> str:
        """The address of the file at the tag."""
        return f"https://github.com/{self.repository}/blob/{self.tag}/{self.path}"


def keras(tag: str, path: str, symbol: str) -> Source:
    """A source in keras-team/keras; `path` is relative to the package at that tag."""
    prefix = "keras/src" if tag.startswith("v3.") and tag not in _FLAT_TAGS else "keras"
    return Source("keras-team/keras", tag, f"{prefix}/{path}", symbol)


def tf_keras(path: str, symbol: str) -> Source:
    """A source in keras-team/tf-keras at the release that this suite runs."""
    return Source("keras-team/tf-keras", "v2.21.0", f"tf_keras/{path}", symbol)


def torch(path: str, symbol: str) -> Source:
    """A source in pytorch/pytorch at the release that this suite runs."""
    return Source("pytorch/pytorch", "v2.13.0", f"torch/{path}", symbol)


def tensorflow(path: str, symbol: str) -> Source:
    """A source in tensorflow/tensorflow at the release that this suite runs."""
    return Source("tensorflow/tensorflow", "v2.21.0", f"tensorflow/{path}", symbol)


def keras_preprocessing(path: str, symbol: str) -> Source:
    """A source in keras-team/keras-preprocessing at the release that Keras 2.2.5 and 2.3 used."""
    return Source("keras-team/keras-preprocessing", "1.1.0", f"keras_preprocessing/{path}", symbol)


def jax(path: str, symbol: str) -> Source:
    """A source in jax-ml/jax at the release that this suite runs."""
    return Source("jax-ml/jax", "jax-v0.10.2", f"jax/{path}", symbol)


def transformers(path: str, symbol: str, tag: str = "v5.23.0") -> Source:
    """A source in huggingface/transformers, at the release that this suite runs unless a tag is given."""
    return Source("huggingface/transformers", tag, f"src/transformers/{path}", symbol)


# Before 3.3 the package's modules lie directly below keras/.
_FLAT_TAGS = frozenset(
    {"v3.0.0", "v3.0.1", "v3.0.2", "v3.0.3", "v3.0.4", "v3.0.5", "v3.1.0", "v3.1.1", "v3.2.0", "v3.2.1"}
)
