"""The pytest plugin, thin: options, the fixture `backend`, and one verdict a law and backend."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from conformance.law import Law

OPTIONS: dict[str, dict[str, Any]] = {
    "backend": {"metavar": "NAMES", "help": "backends under test, separated by commas (default: numpy)"},
    "device": {"default": "cpu", "help": "device of the backends: cpu, cpu:1, gpu, cuda:0 … (default: cpu)"},
    "cases": {"type": int, "default": 100, "metavar": "N", "help": "structures a law (default: 100)"},
    "seed": {"type": int, "metavar": "N", "help": "seed of the run (default: fresh, and printed)"},
    "against": {
        "metavar": "DIALECT",
        "help": "judge by another dialect, or DIALECT@VERSION; no expectations",
    },
    "report-dir": {
        "metavar": "DIR",
        "help": "where the run and the reproductions go (default: reports/latest)",
    },
    "python": {"metavar": "PATH", "help": "interpreter of an environment that has the backends, as it is"},
    "at": {"metavar": "ssh=HOST", "help": "run the backends on another host, through execnet"},
    "in-process": {"action": "store_true", "help": "run backends in this process, for debugging"},
    "limit": {
        "type": float,
        "default": 120.0,
        "metavar": "SECONDS",
        "help": "time for one message to a worker",
    },
    "shrinking": {
        "type": float,
        "default": 30.0,
        "metavar": "SECONDS",
        "help": "time to look for the smallest case of a divergence (default: 30)",
    },
    "no-reproductions": {
        "action": "store_true",
        "help": "write no scripts of divergences, and run none: quicker where there are many",
    },
    "expectations": {
        "action": "append",
        "default": [],
        "metavar": "FILE",
        "help": "a file BACKEND.toml of known divergences on top of ours; given again, the later wins",
    },
    "shard": {"metavar": "K/N", "help": "run the K-th of N even parts of the laws"},
    "baseline": {"metavar": "DIR", "help": "baselines to compare with (default: reports/baselines)"},
    "update-baseline": {"action": "store_true", "help": "keep this run as the baseline of its backends"},
    "update-expectations": {
        "metavar": "DIR",
        "help": "write new divergences there as expectations, for a person to complete",
    },
}
PREFIX = "--conformance-"
TAKEN = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The long names, which no other plugin has."""
    group = parser.getgroup("conformance", "conformance of deep-learning layers")
    for name, settings in OPTIONS.items():
        group.addoption(PREFIX + name, dest=_destination(name), **settings)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser
) -> Generator[None, object, object]:
    """The short names, each unless a plugin or conftest of the project has it already."""
    result = yield
    # pytest has no public way to ask for the options that there are.
    groups = (parser._anonymous, *parser._groups)
    theirs = {name for group in groups for option in group.options for name in option.names()}
    for name, settings in OPTIONS.items():
        if f"--{name}" in theirs:
            early_config.stash.setdefault(TAKEN, []).append(name)
        else:
            parser.getgroup("conformance").addoption(f"--{name}", dest=_destination(name), **settings)
    return result


def spelled(config: pytest.Config, name: str) -> str:
    """How an option of ours is written in this project."""
    return f"{PREFIX}{name}" if name in config.stash.get(TAKEN, []) else f"--{name}"


def _destination(name: str) -> str:
    return f"conformance_{name.replace('-', '_')}"


def pytest_configure(config: pytest.Config) -> None:
    """Check what was asked for, if a backend was named; a run of other tests costs nothing."""
    from conformance.recorder import Recorder

    if config.getoption("conformance_backend") is not None:
        _ask(config)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config), "conformance-recorder")


def _ask(config: pytest.Config) -> Any:
    from conformance.session import ASKED, ask

    if ASKED not in config.stash:
        config.stash[ASKED] = ask(config)
    return config.stash[ASKED]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand the seed of the run to a process of pytest-xdist."""
    from conformance.session import check_devices, recorded_seed

    asked = _ask(node.config)
    # A run of other tests names neither, and starts no backend.
    named = node.config.getoption("conformance_backend") is not None or asked.device != "cpu"
    if named and not node.config.stash.get(CHECKED, False):
        node.config.stash[CHECKED] = True
        check_devices(asked, xdist=True)
    node.workerinput.update(recorded_seed(node.config))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a law and backend."""
    if not _is_ours(metafunc.function):
        return
    try:
        names = [choice.name for choice in _named(metafunc.config).choices]
    except pytest.UsageError as problem:
        # Raised here it would be an error of one file; it is raised when all are collected.
        metafunc.config.stash[PROBLEM] = str(problem)
        names = ["?"]
    metafunc.parametrize("backend", names, indirect=True, scope="session")


def _named(config: pytest.Config) -> Any:
    """What was asked for, unless the backend may have been named with an option that is not ours."""
    if spelled(config, "backend") != "--backend" and config.getoption("conformance_backend") is None:
        from backends import known

        given = config.getoption("--backend")
        raise pytest.UsageError(
            f"--backend={given} belongs to another plugin or conftest of this project, and the laws cannot "
            f"read it; choose their backend with {PREFIX}backend=NAME, one of {', '.join(known())}"
        )
    return _ask(config)


def _is_ours(function: Any) -> bool:
    return hasattr(function, "law") or hasattr(function, "surveyed")


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The backend under test; a law gets it as a `conformance.trial.Trial`."""
    handle = _ask(request.config).handle(request.param)
    yield handle
    handle.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the laws of the shard that was asked for."""
    text = config.getoption("conformance_shard")
    if text is None:
        return
    from conformance.session import shard

    try:
        number, count = shard(spelled(config, "shard"), text)
    except pytest.UsageError as problem:
        config.stash[PROBLEM] = str(problem)
        return
    laws = [item for item in items if _is_ours(getattr(item, "obj", None))]
    others = {id(item) for position, item in enumerate(laws) if position % count != number - 1}
    config.hook.pytest_deselected(items=[item for item in items if id(item) in others])
    items[:] = [item for item in items if id(item) not in others]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which laws were selected, and refuse what cannot be served before the first of them."""
    config = session.config
    ours = [item for item in session.items if _is_ours(getattr(item, "obj", None))]
    config.stash[SELECTED] = [item.nodeid for item in ours if hasattr(item.obj, "law")]  # type: ignore[attr-defined]
    try:
        if ours:
            _refuse(config)
    except pytest.UsageError as problem:
        output = getattr(config, "workeroutput", None)
        if output is None:
            raise
        # A process of pytest-xdist that raises counts as crashed; the one that started it will raise.
        output["conformance_problem"] = str(problem)
        session.items.clear()


def _refuse(config: pytest.Config) -> None:
    from conformance.session import check_devices

    if PROBLEM in config.stash:
        raise pytest.UsageError(config.stash[PROBLEM])
    if not config.option.collectonly and not hasattr(config, "workerinput"):
        check_devices(_ask(config))


CHECKED = pytest.StashKey[bool]()
SELECTED = pytest.StashKey[list[str]]()
PROBLEM = pytest.StashKey[str]()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a law as a trial, and let the test's outcome follow from the verdict."""
    function = pyfuncitem.obj
    if not _is_ours(function):
        return None
    from conformance.examine import examine
    from conformance.verdict import State

    asked = _ask(pyfuncitem.config)
    handle: Any = pyfuncitem.funcargs["backend"]
    if hasattr(function, "surveyed"):
        return _survey(pyfuncitem, handle, asked)
    law: Law = function.law
    others = {
        name: value for name, value in pyfuncitem.funcargs.items() if name in _arguments(pyfuncitem, law)
    }
    verdict, story = examine(law, handle, asked.options, lambda trial: function(backend=trial, **others))
    _note(pyfuncitem, "lines", [verdict.to_json()])
    match verdict.state:
        case State.PASS:
            return True
        case State.FAIL if verdict.expected:
            pytest.xfail(f"expected divergence: {verdict.reason}")
        case State.FAIL | State.ERROR:
            pytest.fail(story or verdict.reason, pytrace=False)
        case _:
            pytest.skip(f"{verdict.state}: {verdict.reason}")


def _survey(item: pytest.Function, handle: Any, asked: Any) -> bool:
    """Run the survey; a backend that is lost keeps the lines that it had."""
    from backends.base import MissingDevice
    from conformance.handle import Lost
    from conformance.survey import survey

    lines: list[dict[str, Any]] = []
    broken = ""
    try:
        for line in survey(handle, asked.options):
            lines.append(line)  # noqa: PERF402 - what came before the loss is kept
    except (Lost, MissingDevice) as lost:
        broken = str(lost)
    _note(item, "lines", lines)
    if broken:
        pytest.fail(broken, pytrace=False)
    return True


def _arguments(item: pytest.Function, law: Law) -> set[str]:
    """The fixtures that a law asks for beside the backend."""
    return set(item._fixtureinfo.argnames) - {"backend"}


def _note(item: pytest.Item, kind: str, value: Any) -> None:
    """Send something to the one process that writes the run."""
    item.user_properties.append((f"conformance-{kind}", json.dumps(value, allow_nan=False)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """After a law, and after its backend was closed: who ran, with the latest peak of memory."""
    result = yield
    if _is_ours(getattr(item, "obj", None)):
        from conformance.recorder import identity_line

        handle: Any = (
            item.funcargs["backend"] if isinstance(item, pytest.Function) and item.funcargs else None
        )
        if handle is not None and handle.identity is not None:
            _note(item, "identity", identity_line(handle))
    return result


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Backends, versions, dialect, device, cases and seed, if a backend was named."""
    from conformance.recorder import header_lines

    return header_lines(_ask(config)) if config.getoption("conformance_backend") else []


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """The same, if laws were collected without a backend being named."""
    from conformance.recorder import header_lines

    unnamed = config.getoption("conformance_backend") is None and config.stash.get(SELECTED, [])
    return header_lines(_ask(config)) if unnamed else []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of pytest-xdist tells which laws were selected."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["conformance_selected"] = session.config.stash.get(SELECTED, [])


def pytest_unconfigure(config: pytest.Config) -> None:
    """End every backend, whatever happened."""
    from conformance.session import ASKED

    if ASKED in config.stash:
        config.stash[ASKED].close()
