"""The page of architectures: which model types keep the layout of hidden states, from a committed table."""

from __future__ import annotations

from dataclasses import dataclass

from backends.hf.architectures import exceptions, table


@dataclass(frozen=True)
class Other:
    """A model type that does not keep the layout, or did not run: what was seen, and where it is made."""

    name: str
    seen: str
    link: str


@dataclass(frozen=True)
class Architectures:
    """Every listed model type, in one of three lists; transformers: the release that was looked at."""

    transformers: str
    kept: tuple[str, ...]
    differing: tuple[Other, ...]
    failed: tuple[Other, ...]

    @property
    def listed(self) -> int:
        """How many there are."""
        return len(self.kept) + len(self.differing) + len(self.failed)


def architectures_of() -> Architectures:
    """The committed table, as the page shows it."""
    release = table()["transformers"]
    base = f"https://github.com/huggingface/transformers/tree/v{release}/src/transformers/models"
    by_state: dict[str, list[Other]] = {"ran": [], "failed": []}
    for name, entry in exceptions().items():
        by_state[entry["state"]].append(Other(name, entry["reason"], f"{base}/{entry['source']}"))
    return Architectures(release, tuple(table()["kept"]), tuple(by_state["ran"]), tuple(by_state["failed"]))
